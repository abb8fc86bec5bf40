/** Queries that are labelled from use, and what searches make of them. */
import { expect, test } from 'vitest';
import { type Config, createEvervec } from '../../src/engine/index.ts';
import { EvaluationError, LabelError, UnknownSourceError } from '../../src/errors/index.ts';
import { before, type KeptRun } from '../../src/evaluate/index.ts';
import type { Logger } from '../../src/runtime/index.ts';
import { createDigestModel } from '../setup/digest-model.ts';
import { describeEachDatabase } from '../setup/each-database.ts';
import { keep, type Kept } from '../source/fixture.ts';
import { migrating } from '../migration/fixture.ts';

const SOURCES = {
  books: { table: 'books', text: ['body'], record: ['id'], tier: 'tier' },
} satisfies Config['sources'];

describeEachDatabase('labelled queries', (databases) => {
  async function openBooks(config: Partial<Config> = {}): Promise<Kept> {
    const database = await databases.open();
    await database.query('create table books (id integer primary key, body text, tier text)');
    await database.query(`insert into books values
      (1, 'whales', 'free'), (2, 'whales and boats', 'free'), (3, 'boats and ropes and gulls', 'free'),
      (4, 'whales in secret', 'staff')`);
    return await keep(database, SOURCES, config);
  }

  test('are kept, replaced, listed and deleted', async () => {
    const { labels } = (await openBooks()).evervec;
    await labels.add({ source: 'books', query: ' whales ', key: '2', grade: 1 });
    await labels.add({ source: 'books', query: 'whales', key: '1', grade: 3 }, { by: 'anna' });
    await labels.add({ source: 'books', query: 'boats', key: '3', grade: 0 });
    await labels.add({ source: 'books', query: 'whales', key: '2', grade: 2 });
    const at = expect.stringMatching(/^\d{4}-.*Z$/);
    expect(await labels.list('books')).toEqual([
      { source: 'books', query: 'boats', key: '3', grade: 0, by: 'program', at },
      { source: 'books', query: 'whales', key: '1', grade: 3, by: 'anna', at },
      { source: 'books', query: 'whales', key: '2', grade: 2, by: 'program', at },
    ]);
    expect(await labels.list('others')).toEqual([]);
    expect(await labels.delete({ source: 'books', query: 'whales', key: '2' })).toBe(1);
    expect(await labels.delete({ source: 'books', query: 'whales' })).toBe(1);
    expect(await labels.delete({ source: 'others' })).toBe(0);
    expect(await labels.delete({ source: 'books' }, 'anna')).toBe(1);
    expect(await labels.list()).toEqual([]);
  });

  test('are refused for what is not there or not to be seen', async () => {
    const { evervec } = await openBooks();
    const { labels } = evervec;
    const label = { source: 'books', query: 'whales', key: '1', grade: 1 };
    for (const wrong of [
      { grade: -1 },
      { grade: 4 },
      { grade: 1.5 },
      { query: '  ' },
      { query: 'x'.repeat(10_001) },
      { key: '99' },
      { key: 'x' },
      { key: "1'; drop table books; --" },
      { key: '1\u00009' },
    ])
      await expect(labels.add({ ...label, ...wrong })).rejects.toThrow(LabelError);
    await expect(labels.add({ ...label, source: 'others' })).rejects.toThrow(UnknownSourceError);
    const tiers = ['free'];
    await expect(labels.add({ ...label, key: '4' }, { tiers })).rejects.toThrow(LabelError);
    await labels.add(label, { tiers });
    await labels.add({ ...label, key: '4' });
    expect(await labels.list()).toHaveLength(2);
  });

  test('are measured against the live space, read-only, with figures that are computed by hand', async () => {
    const logged: unknown[] = [];
    const { database, model } = await openBooks();
    const log = (...entry: unknown[]) => void logged.push(entry);
    const logger = { debug: log, info: log, warn: log, error: log } as unknown as Logger;
    const reranker = (_: string, texts: readonly string[]) => texts.map((text) => text.length);
    const evervec = await createEvervec(
      { model, sources: SOURCES, reranker },
      { database, logger },
    );
    const { labels } = evervec;
    await expect(labels.evaluate('books')).rejects.toThrow(EvaluationError);
    await expect(labels.evaluate('others')).rejects.toThrow(UnknownSourceError);
    // By words "whales" finds 1, then 4 and 2; the last one is what was meant. "boats" is answered by none.
    await labels.add({ source: 'books', query: 'whales', key: '2', grade: 2 });
    await labels.add({ source: 'books', query: 'whales', key: '1', grade: 0 });
    await labels.add({ source: 'books', query: 'boats', key: '3', grade: 0 });
    const state = async () =>
      (
        await database.query(`select (select json_agg(s) from evervec.sources s) as sources,
          (select json_agg(s) from evervec.spaces s) as spaces, (select count(*) from evervec.jobs) as jobs,
          (select count(*) from evervec.changes) as changes`)
      ).rows;
    const was = await state();
    const { hits } = await evervec.search({ query: 'whales', mode: 'text' });
    const place = hits.findIndex(({ key }) => key === '2') + 1;
    expect(place).toBeGreaterThan(1);
    const options = { modes: ['text', 'hybrid'], rerank: true } as const;
    const measured = await labels.evaluate('books', options);
    expect(measured).toEqual({
      source: 'books',
      model: 'test/digest@8',
      queries: 1,
      modes: {
        text: {
          ndcg10: expect.closeTo(1 / Math.log2(place + 1), 10),
          mrr10: 1 / place,
          recall100: 1,
        },
        'text+rerank': { ndcg10: 1, mrr10: 1, recall100: 1 },
        hybrid: { ndcg10: expect.any(Number), mrr10: expect.any(Number), recall100: 1 },
        'hybrid+rerank': { ndcg10: expect.any(Number), mrr10: expect.any(Number), recall100: 1 },
      },
    });
    expect(await state()).toEqual(was);
    // The longest of all is what the function likes.
    expect(JSON.stringify(logged)).not.toContain('whales');
    await labels.delete({ source: 'books' });
    const audit = await evervec.queue.audit();
    expect(audit[0]).toMatchObject({ action: 'labels delete', detail: { deleted: 3 } });
    expect(JSON.stringify(audit)).not.toContain('whales');
  });

  test('runs are kept and found with the one before that they compare with', async () => {
    const { labels } = (await openBooks()).evervec;
    const quality = { ndcg10: 0.5, mrr10: 0.6, recall100: 0.7 };
    const run = {
      subject: 'source' as const,
      name: 'books',
      split: null,
      model: 'test/digest@8',
      documents: null,
      queries: 3,
      settings: {},
      modes: { text: quality },
    };
    await labels.keep(run);
    await labels.keep({ ...run, queries: 4 });
    await labels.keep({ ...run, name: 'others' });
    await labels.keep({ ...run, settings: { maxChars: 400 } });
    await labels.keep({ ...run, model: 'test/digest@12' });
    const runs = await labels.history();
    expect(runs.map(({ queries }) => queries)).toEqual([3, 3, 3, 4, 3]);
    const [last, , , , first] = runs as [KeptRun, KeptRun, KeptRun, KeptRun, KeptRun];
    expect(last).toEqual({
      ...run,
      model: 'test/digest@12',
      version: expect.any(String),
      id: expect.any(Number),
      at: expect.stringMatching(/Z$/),
    });
    expect(before(last, runs)).toEqual(first);
    expect(before(first, runs)).toBeNull();
    expect(await labels.history({ name: 'others' })).toHaveLength(1);
    expect(await labels.history({ limit: 2 })).toHaveLength(2);
  });

  test('say before a switch whether the second space ranks worse', async () => {
    // Vectors alone decide: the first model's, made of what is asked for, and the second's, which are chance.
    const { evervec, first, second, database } = await migrating(await databases.open(), 30);
    const asked = Array.from({ length: 12 }, (_, i) => `item number ${i + 1}`);
    for (const [i, query] of asked.entries())
      await evervec.labels.add({ source: 'items', query, key: `${i + 1}`, grade: 3 });
    await evervec.migrations.begin('items');
    await evervec.migrations.queue('items');
    await evervec.migrations.fill('items');
    first.texts.length = 0;
    const good = await evervec.migrations.check('items');
    expect(good.labelled).toMatchObject({
      queries: 12,
      before: { ndcg10: expect.any(Number) },
      now: { ndcg10: expect.any(Number) },
    });
    expect(good.faults).toEqual([]);
    expect(new Set(first.texts)).toEqual(new Set(asked));
    // As a model would rank that knows nothing of these texts.
    const { rows } = await database.query<{ id: number }>(
      `select active_space_id as id from evervec.sources where name = 'items:standby'`,
    );
    const sidecar = `evervec.chunks_${rows[0]?.id}`;
    await database.query(`update ${sidecar} set embedding = (select embedding from ${sidecar} other
      where other.record_key = ((${sidecar}.record_key::integer + 6) % 30 + 1)::text),
      words = ''::tsvector`);
    const bad = await evervec.migrations.check('items');
    expect(bad.faults).toEqual([expect.stringMatching(/^searches rank 12 labelled queries worse/)]);
    await expect(evervec.migrations.switch('items')).rejects.toThrow(/labelled queries worse/);
    // A provider that is gone keeps nobody from leaving it.
    Object.assign(second, { doEmbed: () => Promise.reject(new LabelError('no', { remedy: '' })) });
    const fresh = await createEvervec(
      { model: second, otherModels: [createDigestModel(8)], sources: evervecSources },
      { database },
    );
    const without = await fresh.migrations.check('items');
    expect(without).not.toHaveProperty('labelled');
    expect(without.faults).toEqual([]);
  });
});

const evervecSources = { items: { table: 'items', text: ['body'] } } satisfies Config['sources'];
