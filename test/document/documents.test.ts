/** Documents from the first to the last version: what is kept, what is embedded, what search shows of them. */
import { expect, it } from 'vitest';
import type { Database } from '../../src/database/index.ts';
import { textContent } from '../../src/document/index.ts';
import type { Config, Evervec, GivenDocument } from '../../src/engine/index.ts';
import { DocumentError, UnknownDocumentError } from '../../src/errors/index.ts';
import { describeEachDatabase } from '../setup/each-database.ts';
import { configure } from '../source/fixture.ts';

const BY = { by: 'tester' };

function given(title: string, text: string, more: Partial<GivenDocument> = {}): GivenDocument {
  return { collection: 'guides', origin: null, title, content: textContent(text), ...more };
}

async function start(database: Database, config: Partial<Config> = {}) {
  const kept = await configure(database, {}, config);
  const { evervec, model } = kept;
  /** Embeds what is queued. @returns how many texts the model was given */
  const embed = async () => {
    const before = model.texts.length;
    await kept.drain();
    return model.texts.length - before;
  };
  return { evervec, documents: evervec.documents, embed };
}

async function titlesFound(evervec: Evervec, query: string): Promise<unknown[]> {
  const { hits } = await evervec.search({ query, mode: 'text' });
  return hits.map(({ record }) => record['title']);
}

describeEachDatabase('documents', ({ open }) => {
  it('is searched as soon as it is embedded, with nothing set up before', async () => {
    const { evervec, documents, embed } = await start(await open());
    const saved = await documents.add(
      given('Tides', 'The moon pulls the sea.', { tags: ['sea', 'moon'], published: '2024-01-31' }),
      BY,
    );
    expect(saved).toMatchObject({ version: 1, outcome: 'added' });
    expect(await documents.get(saved.id)).toMatchObject({
      title: 'Tides',
      collection: 'guides',
      published: '2024-01-31',
      tags: ['sea', 'moon'],
      tier: 'public',
      version: 1,
      text: 'The moon pulls the sea.',
    });
    expect(await embed()).toBe(1);
    const { hits } = await evervec.search({ query: 'moon', sources: ['documents'] });
    expect(hits[0]).toMatchObject({ key: saved.id, chunk: { text: 'The moon pulls the sea.' } });
    expect(hits[0]?.record).toMatchObject({ title: 'Tides', collection: 'guides', version: 1 });
    expect(hits[0]?.record).not.toHaveProperty('text');
    // Nor is anything left to be done.
    expect(await evervec.setup()).toMatchObject([{ outcome: 'unchanged', needsBackfill: false }]);
    expect((await evervec.verify()).every(({ level }) => level === 'good')).toBe(true);
  });

  it('knows what it has by origin and by bytes', async () => {
    const { documents } = await start(await open());
    const first = await documents.add(given('A', 'one', { origin: 'a.md' }), BY);
    const outcomeOf = async (document: GivenDocument, onDuplicate?: 'skip' | 'version') => {
      const { id, outcome, version } = await documents.add(document, { ...BY, onDuplicate });
      return [id === first.id, outcome, version];
    };
    expect(await outcomeOf(given('A', 'one', { origin: 'a.md' }))).toEqual([true, 'unchanged', 1]);
    expect(await outcomeOf(given('B', 'one', { origin: 'a.md' }))).toEqual([true, 'updated', 1]);
    expect(await outcomeOf(given('B', 'two', { origin: 'a.md' }))).toEqual([true, 'version', 2]);
    expect(await outcomeOf(given('C', 'two', { origin: 'c.md' }))).toEqual([true, 'skipped', 2]);
    expect(await outcomeOf(given('B', 'three', { origin: 'a.md' }), 'skip')).toEqual([
      true,
      'skipped',
      2,
    ]);
    expect(await outcomeOf(given('C', 'two', { origin: 'c.md', collection: 'other' }))).toEqual([
      false,
      'added',
      1,
    ]);
    await expect(
      documents.add(given('B', 'two', { origin: 'd.md' }), { ...BY, onDuplicate: 'error' }),
    ).rejects.toThrow(DocumentError);
    expect((await documents.list()).total).toBe(2);
  });

  it('takes several of one origin in one go as versions, in order', async () => {
    const { documents } = await start(await open());
    const results = await documents.addAll(
      ['one', 'two', 'two', 'three'].map((text) => given('A', text, { origin: 'a.md' })),
      BY,
    );
    expect(results).toMatchObject([
      { saved: { outcome: 'added', version: 1 } },
      { saved: { outcome: 'version', version: 2 } },
      { saved: { outcome: 'unchanged', version: 2 } },
      { saved: { outcome: 'version', version: 3 } },
    ]);
  });

  it('refuses each that is wrong, and takes the others', async () => {
    const { documents } = await start(await open(), {
      documents: { tiers: ['free', 'paid'] },
    });
    const results = await documents.addAll(
      [
        given('Good', 'good text'),
        given('Bad date', 'text', { published: '2024-02-31' }),
        given('Bad tier', 'text', { tier: 'secret' }),
        given('', 'text'),
        given('Empty', ' \n'),
        given('Bad name', 'text', { collection: '../etc' }),
        given('Also good', 'other text', { tier: 'paid' }),
      ],
      BY,
    );
    const told = results.map((one) => ('error' in one ? String(one.error) : one.saved.outcome));
    expect(told).toEqual([
      'added',
      expect.stringContaining('published'),
      expect.stringContaining('"secret"'),
      expect.stringContaining('title'),
      expect.stringContaining('no text'),
      expect.stringContaining('"../etc"'),
      'added',
    ]);
    expect((await documents.list()).documents.map(({ tier }) => tier)).toEqual(['paid', 'free']);
  });

  it('moves the active version when the chunks are there, and not before', async () => {
    const { documents, embed, evervec } = await start(await open());
    const add = (text: string) => documents.add(given('A', text, { origin: 'a' }), BY);
    const { id } = await add('ancient words');
    await embed();
    expect(await documents.get(id)).toMatchObject({ version: 1, active_version: 1 });
    await add('modern words');
    expect(await documents.get(id)).toMatchObject({ version: 2, active_version: 1 });
    expect((await evervec.search({ query: 'ancient', mode: 'text' })).hits).toHaveLength(1);
    await embed();
    expect(await documents.get(id)).toMatchObject({ version: 2, active_version: 2 });
    expect((await evervec.search({ query: 'ancient', mode: 'text' })).hits).toHaveLength(0);

    expect(await documents.rollBack(id, 1, { by: 'editor' })).toBe(3);
    await embed();
    const versions = await documents.versions(id);
    expect(
      versions.map((one) => [one.version, one.changed_by, one.summary, one.is_active]),
    ).toEqual([
      [3, 'editor', 'Rolled back to version 1', true],
      [2, 'tester', null, false],
      [1, 'tester', null, false],
    ]);
    const diff = await documents.diff(id, 2, 3, { unit: 'words' });
    expect(diff.parts).toEqual([
      { kind: 'removed', text: 'modern' },
      { kind: 'added', text: 'ancient' },
      { kind: 'same', text: ' words' },
    ]);
    await expect(documents.diff(id, 1, 9)).rejects.toThrow(/no version 9/);
  });

  it('says on which page a chunk begins, and which of how many it is', async () => {
    const { documents, embed, evervec } = await start(await open());
    const page = (word: string) => `${`${word} and other words. `.repeat(60)}\n\n`;
    const text = `\n${page('first')}${page('second')}${page('third')}`;
    const pages = [0, text.indexOf('second'), text.indexOf('third')];
    const content = { ...textContent(text), pages };
    const { id } = await documents.add(given('Paged', '', { content }), BY);
    await embed();
    const stored = await documents.get(id);
    for (const [word, number] of [
      ['first', 1],
      ['second', 2],
      ['third', 3],
    ] as const) {
      const [hit] = (await evervec.search({ query: word, mode: 'text' })).hits;
      expect(hit?.chunk).toMatchObject({ page: number, of: expect.any(Number) });
      expect(hit?.chunk.of).toBeGreaterThanOrEqual(3);
      expect(stored.text.slice(hit?.chunk.start, hit?.chunk.end)).toBe(hit?.chunk.text);
    }
  });

  it('embeds two texts at most where a paragraph of a hundred chunks is edited', async () => {
    const { documents, embed } = await start(await open());
    const paragraphs = Array.from({ length: 100 }, (_, n) =>
      `Paragraph ${n} speaks of number ${n * n}. `.repeat(30).trim(),
    );
    const add = () => documents.add(given('Long', paragraphs.join('\n\n'), { origin: 'long' }), BY);
    await add();
    expect(await embed()).toBeGreaterThanOrEqual(60);
    paragraphs[50] = `${paragraphs[50]} And one sentence more.`;
    expect((await add()).outcome).toBe('version');
    expect(await embed()).toBeLessThanOrEqual(2);
  });

  it('embeds nothing where only what is known about it changes', async () => {
    const { documents, embed } = await start(await open(), {
      documents: { tiers: ['free', 'paid'] },
    });
    const { id } = await documents.add(given('A', 'some words'), BY);
    await embed();
    const now = await documents.update(id, { author: 'Ada', tags: ['x'], tier: 'paid' });
    expect(now).toMatchObject({ author: 'Ada', tags: ['x'], tier: 'paid', version: 1 });
    expect(await embed()).toBe(0);
    expect(await documents.versions(id)).toHaveLength(1);
    await expect(documents.update(id, { tier: 'none' })).rejects.toThrow(/no tier "none"/);
    await expect(documents.update(id, { colour: 'red' })).rejects.toThrow(DocumentError);
  });

  it('is gone from search, chunks and versions when it is deleted', async () => {
    const database = await open();
    const { documents, embed, evervec } = await start(database);
    const { id } = await documents.add(given('A', 'some words', { origin: 'a.md' }), BY);
    await embed();
    await documents.delete('guides/a.md', 'tester');
    expect(await titlesFound(evervec, 'words')).toEqual([]);
    await embed();
    const { rows } = await database.query<{ left: string }>(
      `select (select count(*) from evervec.document_versions) + (select count(*) from evervec.jobs)
        + (select count(*) from evervec.chunks_1) as left`,
    );
    expect(Number(rows[0]?.left)).toBe(0);
    await expect(documents.get(id)).rejects.toThrow(UnknownDocumentError);
  });

  it('is found by id, by the beginning of one, and by origin', async () => {
    const { documents } = await start(await open());
    const { id } = await documents.add(given('A', 'one', { origin: 'a.md' }), BY);
    for (const name of [id, id.toUpperCase(), id.slice(0, 8), 'a.md', 'guides/a.md'])
      expect((await documents.get(name)).id).toBe(id);
    await documents.add(given('A', 'one', { origin: 'a.md', collection: 'other' }), BY);
    await expect(documents.get('a.md')).rejects.toThrow(/several/);
    for (const name of ['b.md', '%', "'", id.slice(0, 5), '00000000'])
      await expect(documents.get(name)).rejects.toThrow(/no document/);
  });

  it('refuses to change a version', async () => {
    const database = await open();
    const { documents } = await start(database);
    await documents.add(given('A', 'one'), BY);
    await expect(
      database.query(`update evervec.document_versions set text = 'two'`),
    ).rejects.toThrow(/never changes/);
  });

  it('keeps as many versions as configured', async () => {
    const { documents } = await start(await open(), { documents: { keepVersions: 2 } });
    const add = (text: string) => documents.add(given('A', text, { origin: 'a' }), BY);
    for (const text of ['one', 'two', 'three', 'four']) await add(text);
    const versions = await documents.versions('a');
    expect(versions.map(({ version }) => version)).toEqual([4, 3]);
  });

  it('says so where documents are switched off, or the name is taken', async () => {
    const database = await open();
    const off = await start(database, { documents: false });
    await expect(off.documents.add(given('A', 'one'), BY)).rejects.toThrow(/switched off/);
    expect(await off.documents.list()).toEqual({ documents: [], total: 0 });
  });
});
