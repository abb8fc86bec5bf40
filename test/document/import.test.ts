/** Imports of folders, CSV and JSONL: each item for itself, what is known is known again. */
import { mkdir, mkdtemp, rm, symlink, truncate, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import type { Database } from '../../src/database/index.ts';
import { listFolder, readCsv, readJsonl } from '../../src/document/files.ts';
import type { ImportItem } from '../../src/document/index.ts';
import type { ImportOptions, ImportResult } from '../../src/engine/index.ts';
import { describeEachDatabase } from '../setup/each-database.ts';
import { configure } from '../source/fixture.ts';

const MAX_BYTES = 1_000_000;

async function folderOf(files: Record<string, string>): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'evervec-import-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  for (const [name, text] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(folder, name)), { recursive: true });
    await writeFile(path.join(folder, name), text);
  }
  return folder;
}

async function gather(lines: AsyncIterable<string>): Promise<string[]> {
  const all: string[] = [];
  for await (const line of lines) all.push(line);
  return all;
}

async function start(database: Database) {
  const kept = await configure(database, {}, { documents: { tiers: ['free', 'premium'] } });
  onTestFinished(() => kept.evervec.close());
  const { documents } = kept.evervec;
  const take = async (
    items: AsyncIterable<ImportItem> | Iterable<ImportItem>,
    options: Partial<ImportOptions> = {},
  ) => {
    const results: ImportResult[] = [];
    const onResult = (result: ImportResult) => void results.push(result);
    const base = { collection: 'ours', by: 'tester' };
    const counts = await documents.import(items, { ...base, onResult, ...options });
    const told = Object.entries(counts).filter(([, count]) => count > 0);
    return { counts: Object.fromEntries(told), results };
  };
  const takeFolder = async (folder: string, options?: Partial<ImportOptions>) =>
    await take((await listFolder(folder, { name: 'f', maxBytes: MAX_BYTES })).items, options);
  return { ...kept, documents, take, takeFolder };
}

describeEachDatabase('import of a folder', ({ open }) => {
  it('takes what is a document, with what names and front matter tell', async () => {
    const { documents, takeFolder } = await start(await open());
    const folder = await folderOf({
      '2024-01-15_Smith_On-Tides.txt': 'The moon pulls the sea.',
      'guides/moons.md': '# About moons\n\nThere are many.',
      'picture.png': 'no document',
      '.hidden.md': 'hidden',
      'node_modules/pack/README.md': 'of others',
    });
    await symlink('/etc/passwd', path.join(folder, 'link.txt'));
    const defaults = { tags: ['sea'], tier: 'premium' };
    expect((await takeFolder(folder, { defaults })).counts).toEqual({ added: 2 });
    expect(await documents.get('f/2024-01-15_Smith_On-Tides.txt')).toMatchObject({
      title: 'On Tides',
      author: 'Smith',
      published: '2024-01-15',
      tags: ['sea'],
      tier: 'premium',
      collection: 'ours',
    });
    expect(await documents.get('f/guides/moons.md')).toMatchObject({ title: 'About moons' });
  });

  it('takes the next time what changed, and embeds nothing else', async () => {
    const { drain, documents, model, takeFolder } = await start(await open());
    const folder = await folderOf({ 'a.md': 'one', 'b.md': 'two', 'c.md': 'three' });
    expect((await takeFolder(folder)).counts).toEqual({ added: 3 });
    await drain();
    const before = model.texts.length;
    expect((await takeFolder(folder)).counts).toEqual({ unchanged: 3 });
    await writeFile(path.join(folder, 'b.md'), 'changed');
    expect((await takeFolder(folder)).counts).toEqual({ unchanged: 2, version: 1 });
    // What is told of all of them counts for those that did not change, too, and embeds none.
    expect((await takeFolder(folder, { defaults: { tags: ['new'] } })).counts).toEqual({
      updated: 3,
    });
    expect((await takeFolder(folder, { defaults: { tags: ['new'] } })).counts).toEqual({
      unchanged: 3,
    });
    await drain();
    expect(model.texts.slice(before)).toEqual([expect.stringContaining('changed')]);
    expect((await documents.versions('f/b.md')).map(({ version }) => version)).toEqual([2, 1]);
  });

  it('goes on where one is wrong, and says which', async () => {
    const { takeFolder } = await start(await open());
    const folder = await folderOf({
      'a.md': 'one',
      'empty.md': ' \n',
      'large.md': '',
      'z.md': 'two',
    });
    await truncate(path.join(folder, 'large.md'), MAX_BYTES + 1);
    const { counts, results } = await takeFolder(folder);
    expect(counts).toEqual({ added: 2, failed: 2 });
    expect(results.map(({ label, outcome }) => [label, outcome])).toEqual([
      ['f/a.md', 'added'],
      ['f/empty.md', 'failed'],
      ['f/large.md', 'failed'],
      ['f/z.md', 'added'],
    ]);
    for (const { error, outcome } of results)
      if (outcome === 'failed')
        expect(error).toMatchObject({ code: /^EVERVEC_/, remedy: expect.any(String) });
  });

  it('goes on where it was cut short', async () => {
    const { documents, takeFolder } = await start(await open());
    const files = Object.fromEntries(
      Array.from({ length: 200 }, (_, n) => [`${String(n).padStart(3, '0')}.md`, `text ${n}`]),
    );
    const folder = await folderOf(files);
    const stop = new AbortController();
    await takeFolder(folder, {
      signal: stop.signal,
      onResult: ({ label }) => label.includes('070') && stop.abort(),
    });
    const { total } = await documents.list();
    expect(total).toBeGreaterThanOrEqual(64);
    expect(total).toBeLessThan(200);
    expect((await takeFolder(folder)).counts).toEqual({ unchanged: total, added: 200 - total });
  });

  it('tells what is there and whose file is no more', async () => {
    const { documents, takeFolder } = await start(await open());
    const folder = await folderOf({ 'a.md': 'one', 'b.md': 'two' });
    await takeFolder(folder);
    await unlink(path.join(folder, 'a.md'));
    const { items, prefix } = await listFolder(folder, { name: 'f', maxBytes: MAX_BYTES });
    const there = (await documents.under('ours', prefix)).map(({ origin }) => origin);
    expect(there).toEqual(['f/a.md', 'f/b.md']);
    expect(items.map(({ origin }) => origin)).toEqual(['f/b.md']);
    // Not a part of the name alone.
    expect(await documents.under('ours', 'f/a.md%')).toEqual([]);
  });
});

describeEachDatabase('import of rows', ({ open }) => {
  it('reads the columns that other systems write', async () => {
    const { documents, take } = await start(await open());
    const folder = await folderOf({
      'rows.csv': [
        '\uFEFFcoach_id,title,content,document_type,access_tier,tags,author,publication_date,region',
        'tides,"Moons, and ""tides""","Line one',
        'line two",research,premium,"sea, moon","Dr. Smith","2024-01-15",north',
        'tides,Second,Other text,guide,free,,,,',
        'tides,Third,Text',
        'tides,Fourth,Text four,guide,secret,,,,',
        'tides,Fifth,Text five,guide,free,,,15.01.2024,',
        'tides,Sixth,,guide,free,,,,',
        'tides,Last,Last text,,,,,,',
      ].join('\r\n'),
    });
    const { counts, results } = await take(readCsv(path.join(folder, 'rows.csv')));
    expect(counts).toEqual({ added: 3, failed: 4 });
    expect(results.map(({ label, error }) => [label, error?.message])).toEqual([
      ['row 2', undefined],
      ['row 3', undefined],
      ['row 4', 'The row has 3 columns, the first line 9.'],
      ['row 5', 'There is no tier "secret".'],
      ['row 6', expect.stringContaining('published')],
      ['row 7', 'It has no text.'],
      ['row 8', undefined],
    ]);
    expect(await documents.get('title:Moons, and "tides"')).toMatchObject({
      collection: 'tides',
      title: 'Moons, and "tides"',
      text: 'Line one\r\nline two',
      type: 'research',
      tier: 'premium',
      tags: ['sea', 'moon'],
      author: 'Dr. Smith',
      published: '2024-01-15',
      metadata: { region: 'north' },
    });
    expect((await take(readCsv(path.join(folder, 'rows.csv')))).counts).toEqual({
      unchanged: 3,
      failed: 4,
    });
  });

  it('reads tabs, and says from where on a file can not be read', async () => {
    const { take } = await start(await open());
    const folder = await folderOf({
      'tabs.tsv': 'title\tcontent\ttags\nA\tText, with commas\tx\n',
      'quote.csv': 'title,content\nC,fine\nB,"never closed\nC,more\n',
      'none.csv': 'name,body\nA,B\n',
      'empty.csv': '',
    });
    const file = (name: string) => readCsv(path.join(folder, name));
    expect((await take(file('tabs.tsv'))).counts).toEqual({ added: 1 });
    const broken = await take(file('quote.csv'));
    expect(broken.counts).toEqual({ added: 1, failed: 1 });
    expect(broken.results[1]?.error?.message).toMatch(/can't be read as CSV/);
    await expect(take(file('none.csv'))).rejects.toThrow(/no column "title"/);
    await expect(take(file('missing.csv'))).rejects.toThrow(/ENOENT/);
    expect((await take(file('empty.csv'))).counts).toEqual({});
  });

  it('writes out what it reads back', async () => {
    const one = await start(await open());
    await one.take(
      [
        {
          label: 'x',
          collection: 'c',
          origin: 'o',
          fallbackTitle: null,
          fields: { title: 'T', tags: ['a'], tier: 'premium', metadata: { n: 1 }, author: 'Ada' },
          load: async () => ({ text: 'Some "text"\nof lines \u{1F600}' }),
        },
        {
          label: 'y',
          collection: null,
          origin: null,
          fallbackTitle: 'Named',
          fields: {},
          load: async () => ({ text: 'without a name' }),
        },
      ],
      {},
    );
    const lines = await gather(one.documents.export());
    const folder = await folderOf({
      'all.jsonl': `${lines.join('')}\nnot json\n{"title":"no text"}\n`,
    });
    const file = () => readJsonl(path.join(folder, 'all.jsonl'));
    expect((await one.take(file())).counts).toEqual({ unchanged: 1, skipped: 1, failed: 2 });
    const other = await start(await open());
    expect((await other.take(file())).counts).toEqual({ added: 2, failed: 2 });
    expect(await gather(other.documents.export())).toEqual(lines);
  });
});
