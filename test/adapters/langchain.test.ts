/** The vector store for LangChain.js, with LangChain's own classes around it. */
import { Document } from '@langchain/core/documents';
import { RunnableLambda } from '@langchain/core/runnables';
import { expect, test } from 'vitest';
import { EvervecStore } from '../../src/adapters/langchain.ts';
import { DocumentError, SearchRequestError, UnknownDocumentError } from '../../src/errors/index.ts';
import { describeEachDatabase } from '../setup/each-database.ts';
import { configure, keep } from '../source/fixture.ts';

describeEachDatabase('a vector store of LangChain', (databases) => {
  async function openStore(options: ConstructorParameters<typeof EvervecStore>[1] = {}) {
    const { evervec, model } = await configure(await databases.open(), {});
    return { evervec, model, store: new EvervecStore(evervec, { mode: 'text', ...options }) };
  }

  const TIDES = new Document({
    pageContent: '# Tides\n\nThe moon pulls the sea.',
    metadata: { author: 'Smith', pages: 3 },
  });
  const CLOUDS = new Document({
    pageContent: 'Clouds hang over the sea.',
    metadata: { title: 'On clouds' },
  });

  test('what is added is found at once, with what was known of it', async () => {
    const { store } = await openStore();
    const [first = '', second = ''] = await store.addDocuments([TIDES, CLOUDS]);
    const found = await store.similaritySearch('moon');
    expect(found).toEqual([
      new Document({
        id: first,
        pageContent: '# Tides\n\nThe moon pulls the sea.',
        metadata: {
          title: 'Tides',
          author: 'Smith',
          pages: 3,
          evervec: {
            source: 'documents',
            key: first,
            scores: { vector: null, text: expect.any(Number) },
            chunk: { index: 0, of: 1, start: 0, end: 32, section: expect.any(String), page: null },
            document: expect.objectContaining({
              collection: 'langchain',
              version: 1,
              title: 'Tides',
            }),
          },
        },
      }),
    ]);
    const scored = await store.similaritySearchWithScore('sea', 10);
    expect(scored.map(([{ id }]) => id).sort()).toEqual([first, second].sort());
    for (const [, score] of scored) expect(score > 0 && score <= 1).toBe(true);
    expect(await store.similaritySearch('sea', 1)).toHaveLength(1);
    expect(await store.similaritySearch('sea', 9, { title: 'On clouds' })).toMatchObject([
      { id: second },
    ]);
  });

  test('as a retriever, and in a chain', async () => {
    const { store } = await openStore();
    await store.addDocuments([TIDES, CLOUDS]);
    const retriever = store.asRetriever({ k: 1, filter: { title: 'Tides' } });
    const titles = RunnableLambda.from((documents: Document[]) =>
      documents.map(({ metadata }) => metadata['title']),
    );
    expect(await retriever.pipe(titles).invoke('sea')).toEqual(['Tides']);
    await retriever.addDocuments([new Document({ pageContent: 'Rivers run into the sea.' })]);
    expect(await store.similaritySearch('rivers')).toHaveLength(1);
  });

  test('by a vector of the model', async () => {
    const { store } = await openStore();
    const [first] = await store.addDocuments([TIDES, CLOUDS]);
    const [embedded] = await store.embeddings.embedDocuments([
      'Tides\n\n# Tides\n\nThe moon pulls the sea.',
    ]);
    const query = await store.embeddings.embedQuery('Tides\n\n# Tides\n\nThe moon pulls the sea.');
    expect(query).toEqual(embedded);
    const byVector = await store.similaritySearchVectorWithScore(query, 2);
    expect(byVector).toHaveLength(2);
    expect(byVector[0]?.[1]).toBeGreaterThanOrEqual(byVector[1]?.[1] ?? 1);
    expect(byVector.map(([{ id }]) => id)).toContain(first);
    const filtered = await store.similaritySearchVectorWithScore(query, 2, { title: 'Tides' });
    expect(filtered).toMatchObject([[{ id: first }, expect.any(Number)]]);
    for (const wrong of [[], [1], [...query.slice(1), Number.NaN]])
      await expect(store.similaritySearchVectorWithScore(wrong, 2)).rejects.toThrow(
        SearchRequestError,
      );
    await expect(store.addVectors()).rejects.toThrow(DocumentError);
  });

  test('ids make versions, and delete what they name', async () => {
    const { store, evervec } = await openStore({ collection: 'guides' });
    const [id = ''] = await store.addDocuments([TIDES], { ids: ['tides.md'] });
    const again = new Document({ ...TIDES, pageContent: 'The moon pulls the ocean.' });
    expect(await store.addDocuments([again], { ids: ['tides.md'] })).toEqual([id]);
    expect(await store.similaritySearch('ocean')).toMatchObject([
      { metadata: { evervec: { document: { version: 2 } } } },
    ]);
    expect(await store.similaritySearch('sea')).toEqual([]);
    const other = new EvervecStore(evervec, { collection: 'others', mode: 'text' });
    const [foreign = ''] = await other.addDocuments([CLOUDS]);
    await expect(store.delete({ ids: ['tides.md', foreign] })).rejects.toThrow(/not of collection/);
    await expect(store.delete({ ids: [id.slice(0, 8)] })).rejects.toThrow(UnknownDocumentError);
    await expect(store.delete()).rejects.toThrow(DocumentError);
    expect(await store.similaritySearch('ocean')).toHaveLength(1);
    expect(await store.similaritySearch('clouds')).toEqual([]);
    await expect(store.similaritySearch('sea', 4, { collection: 'others' })).rejects.toThrow(
      SearchRequestError,
    );
    await store.delete({ ids: ['tides.md'] });
    await other.delete({ ids: [foreign] });
    expect(await store.similaritySearch('ocean')).toEqual([]);
    expect((await evervec.documents.list()).total).toBe(0);
  });

  test('what is wrong with one of several is told, and the others are there', async () => {
    const { store } = await openStore();
    const empty = new Document({ pageContent: 'x', metadata: { title: 'y'.repeat(5_000) } });
    await expect(store.addDocuments([TIDES, empty])).rejects.toThrow(DocumentError);
    expect(await store.similaritySearch('moon')).toHaveLength(1);
  });

  test('over a table, which is read alone', async () => {
    const database = await databases.open();
    await database.query('create table notes (id integer primary key, body text, tier text)');
    await database.query(
      `insert into notes values (1, 'open sea', 'free'), (2, 'secret sea', 'staff')`,
    );
    const source = { table: 'notes', text: ['body'], record: ['id', 'tier'], tier: 'tier' };
    const { evervec } = await keep(database, { notes: source });
    const store = new EvervecStore(evervec, { source: 'notes', tiers: ['free'], mode: 'text' });
    expect(await store.similaritySearch('sea')).toMatchObject([
      {
        id: '1',
        pageContent: 'open sea',
        metadata: { id: 1, tier: 'free', evervec: { key: '1' } },
      },
    ]);
    await expect(store.addDocuments([TIDES])).rejects.toThrow(/Write to its table|not added here/);
    await expect(store.delete({ ids: ['1'] })).rejects.toThrow(DocumentError);
  });

  test('made of texts or documents, as LangChain makes its stores', async () => {
    const { evervec } = await openStore();
    const of = { evervec, mode: 'text', collection: 'made' } as const;
    const store = await EvervecStore.fromTexts(
      ['One sea', 'Two seas'],
      [{ n: 1 }, { n: 2 }],
      null,
      of,
    );
    expect(
      (await store.similaritySearch('sea', 9)).map(({ metadata }) => metadata['n']).sort(),
    ).toEqual([1, 2]);
    const more = await EvervecStore.fromDocuments([TIDES], null, of);
    expect(await more.similaritySearch('moon')).toHaveLength(1);
  });
});
