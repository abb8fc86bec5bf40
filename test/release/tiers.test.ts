/** What must not be published: every way that a text of a restricted tier could take into the files of a draft. */
import path from 'node:path';
import { expect, test } from 'vitest';
import { textContent } from '../../src/document/index.ts';
import type { GivenDocument } from '../../src/engine/index.ts';
import { describeEachDatabase } from '../setup/each-database.ts';
import { configure, keep } from '../source/fixture.ts';
import { readPlainIndex } from './draft-index.ts';
import { everyByte, readBack, scratchFolder } from './fixture.ts';

const TIERS = ['public', 'premium', 'secret'];

/** A word of its own in everything that is known about it: where one of them is found, the document leaked. */
function book(word: string, tier: string, fields: Partial<GivenDocument> = {}): GivenDocument {
  return {
    collection: 'library',
    origin: `https://example.org/${word}`,
    title: `Title ${word}`,
    author: `Author${word}`,
    tags: [`tag${word}`],
    metadata: { note: word },
    tier,
    content: textContent(
      `# ${word}\n\nEverything about ${word} and how it came to be, told at length.`,
    ),
    ...fields,
  };
}

/** In plain bytes, also of what is gzipped; the vectors are told apart by nobody. */
async function wordsIn(folder: string, words: readonly string[]): Promise<string[]> {
  const files = await everyByte(folder);
  return words.filter((word) => [...files.values()].some((bytes) => bytes.includes(word)));
}

const RELEASES = {
  handbook: { columns: ['author', 'metadata', 'type'], knowledge: true },
  members: { tiers: ['public', 'premium'], collection: ['library', 'notes'] },
  notes: { collection: 'notes' },
};

describeEachDatabase('tiers of a release', ({ open }) => {
  test('documents of other tiers are in no file of a draft, whatever becomes of them', async () => {
    const database = await open();
    const kept = await configure(database, {}, { documents: { tiers: TIERS }, releases: RELEASES });
    const { documents, releases } = kept.evervec;
    const given = [
      book('tides', 'public'),
      book('clouds', 'public', { collection: 'notes', origin: 'clouds.md' }),
      book('ledger', 'premium'),
      book('potion', 'secret', { origin: 'https://example.org/fourth' }),
    ];
    for (const one of given) await documents.add(one, { by: 'tester' });
    await kept.drain();
    const words = ['tides', 'clouds', 'ledger', 'potion'];
    const root = await scratchFolder();
    const at = (name: string) => path.join(root, name);
    const build = async (name: string, options = {}) => {
      const report = await releases.build(name, { folder: at(name), ...options });
      return { ...report, words: await wordsIn(at(name), words) };
    };

    expect(await build('handbook')).toMatchObject({ records: 2, words: ['tides', 'clouds'] });
    expect(await build('members')).toMatchObject({
      records: 3,
      words: ['tides', 'clouds', 'ledger'],
    });
    expect(await build('notes')).toMatchObject({ records: 1, words: ['clouds'] });
    // Without a word about a release it is that of the public.
    expect(await build('documents')).toMatchObject({ records: 2, words: ['tides', 'clouds'] });
    const { index } = await readBack(at('handbook'));
    const [tides, clouds] = ['tides', 'clouds'].map((word) =>
      Array.from({ length: 2 }, (_, i) => index.record(i)).find(
        ({ title }) => title === `Title ${word}`,
      ),
    );
    expect(tides).toMatchObject({
      url: 'https://example.org/tides',
      tags: ['tagtides'],
      columns: { author: 'Authortides' },
    });
    // The name of a file is no address.
    expect(clouds).toMatchObject({ url: null });

    // A change of tier is seen at once, and the delta tells no more than that something went.
    const base = await readPlainIndex(at('handbook'));
    const idOf = async (title: string) =>
      (await documents.list({ limit: 10 })).documents.find((one) => one.title === title)?.id ?? '';
    const tidesId = await idOf('Title tides');
    await documents.update(tidesId, { tier: 'secret' });
    words.push('whispered');
    await documents.add(book('whispered', 'secret', { origin: 'https://example.org/tides' }), {
      by: 'tester',
    });
    await kept.drain();
    const changed = await build('handbook', { bases: [base] });
    expect(changed).toMatchObject({ records: 1, words: ['clouds'] });

    // A text that was secret becomes public by being rewritten: until the new one is embedded, the old one must stay.
    const secretId = await idOf('Title potion');
    await documents.add(book('harmless', 'public', { origin: 'https://example.org/fourth' }), {
      by: 'tester',
    });
    await documents.update(secretId, { tier: 'public' });
    words.push('harmless');
    await expect(build('handbook')).rejects.toMatchObject({
      fault: 'stale',
      message: expect.stringMatching(/source "documents" has \d+ records? to be embedded\./),
    });
    const stale = await build('handbook', { allowStale: true });
    expect(stale).toMatchObject({ records: 1, words: ['clouds'] });
    expect(stale.stale).toBeGreaterThan(0);
    // As a job that was folded, and as one that failed for good.
    await kept.evervec.backfill(['documents']);
    await expect(build('handbook', { allowStale: true })).rejects.toMatchObject({
      fault: 'nothing',
    });
    await database.query('delete from evervec.changes');
    await database.query(`update evervec.jobs set state = 3, last_error = 'Test'`);
    await expect(build('handbook')).rejects.toThrow(/could not be embedded/);
    await expect(build('handbook', { allowStale: true })).rejects.toMatchObject({
      fault: 'nothing',
    });
    await kept.evervec.reset(['documents']);
    await kept.drain();
    expect(await build('handbook')).toMatchObject({ records: 2, words: ['clouds', 'harmless'] });
  });

  test('a table with tiers publishes the public ones, and what is set up otherwise nothing', async () => {
    const database = await open();
    await database.query(`create table offers (id integer primary key, title text, tier text);
      insert into offers values (1, 'open waters', 'public'), (2, 'closed gates', 'staff'), (3, 'no word', null)`);
    const offers = { table: 'offers', text: ['title'] };
    const tiered = { offers: { ...offers, tier: 'tier' } };
    const kept = await keep(database, tiered, {
      releases: { staff: { source: 'offers', tiers: ['staff'] } },
    });
    const root = await scratchFolder();
    const words = ['open waters', 'closed gates', 'no word'];
    for (const [name, expected] of [
      ['offers', 'open waters'],
      ['staff', 'closed gates'],
    ] as const) {
      const folder = path.join(root, name);
      await kept.evervec.releases.build(name, { folder });
      expect(await wordsIn(folder, words)).toEqual([expected]);
    }
    // Taken out of the configuration, the rows would all be shown.
    const bare = await configure(database, { offers });
    await expect(
      bare.evervec.releases.build('offers', { folder: path.join(root, 'x') }),
    ).rejects.toMatchObject({
      code: 'EVERVEC_SCHEMA',
    });
  });
});
