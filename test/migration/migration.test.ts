/** From one space to another: search goes on, changes go to both, each step can be cut short (I7). */
import { expect, test, vi } from 'vitest';
import { createEvervec } from '../../src/engine/index.ts';
import { silentLogger } from '../../src/runtime/index.ts';
import { createDigestModel } from '../setup/digest-model.ts';
import { describeEachDatabase } from '../setup/each-database.ts';
import { Signal } from '../setup/signal.ts';
import { configure, keep, sidecar } from '../source/fixture.ts';
import {
  drain,
  expectBothTrue,
  type Migrating,
  migrating,
  reopened,
  SOURCES,
  STANDBY,
} from './fixture.ts';

async function modelOf({ evervec }: Migrating): Promise<string | undefined> {
  const { space, hits } = await evervec.search({ query: 'item number 3', mode: 'vector' });
  expect(hits.length).toBeGreaterThan(0);
  return space['items'];
}

/** All the way until the second space could be searched. */
async function filled(kept: Migrating): Promise<void> {
  const { migrations } = kept.evervec;
  expect(await migrations.begin('items')).toBe(true);
  await migrations.queue('items');
  expect(await migrations.fill('items')).toBe(true);
}

async function spaceIds({ database }: Migrating): Promise<[number, number]> {
  const { rows } = await database.query<{ id: number }>(
    'select id from evervec.spaces order by id',
  );
  const [first, second] = rows.map(({ id }) => id);
  if (first === undefined || second === undefined) throw new Error('There are no two spaces.');
  return [first, second];
}

/** To `count` items like the first, in spaces of these widths with vectors of chance. */
async function grown(
  { database }: Migrating,
  count: number,
  widths: Record<number, number>,
): Promise<void> {
  await database.query(`alter table items disable trigger all;
    insert into items select n, body from items, generate_series(2, ${count}) n;
    alter table items enable trigger all`);
  for (const [space, width] of Object.entries(widths))
    await database.query(`
      insert into evervec.chunks_${space}
      select like_it.* from evervec.chunks_${space} first, generate_series(2, ${count}) n, lateral (
        select '[' || string_agg((random() - 0.5)::text, ',') || ']' as vector from generate_series(1, ${width} + 0 * n)
      ) made, lateral jsonb_populate_record(first, jsonb_build_object('record_key', n::text, 'embedding', made.vector)) like_it`);
}

/** By an HNSW index of these parameters and no other. */
async function indexed({ database }: Migrating, space: number, parameters: string): Promise<void> {
  const { vectorType } = database.capabilities;
  await database.query(`
    drop index if exists evervec.chunks_${space}_embedding;
    create index chunks_${space}_embedding on evervec.chunks_${space}
      using hnsw (embedding vector.${vectorType}_cosine_ops) with (${parameters});
    update evervec.spaces set indexed_at = now() where id = ${space}`);
}

describeEachDatabase('a migration', (databases) => {
  test('where nothing was ever set up is told to', async () => {
    const database = await databases.open('empty');
    const evervec = await createEvervec({ sources: SOURCES }, { database });
    await expect(evervec.migrations.status(['items'])).rejects.toMatchObject({
      code: 'EVERVEC_SCHEMA',
    });
  });

  test('is filled while rows change without end', async () => {
    const kept = await migrating(await databases.open());
    const { database, evervec } = kept;
    await evervec.migrations.begin('items');
    await evervec.migrations.queue('items');
    const over = new AbortController();
    const changes = (async () => {
      for (let n = 0; !over.signal.aborted; n++)
        await database.query(`update items set body = $1 where id = 3`, [`change ${n}`]);
    })();
    expect(await evervec.migrations.fill('items')).toBe(true);
    over.abort();
    await changes;
    await drain(kept);
    await expectBothTrue(kept, 'first');
  });

  test('holds what changed while its index was built, before it is said to be ready', async () => {
    const kept = await migrating(await databases.open());
    const { database, evervec } = kept;
    await evervec.migrations.begin('items');
    await evervec.migrations.queue('items');
    const steps = new Set<string>();
    let changing: Promise<unknown> | undefined;
    // The build begins once the change is there.
    const transaction = database.transaction.bind(database);
    vi.spyOn(database, 'transaction').mockImplementation(async (work) => {
      await changing;
      return await transaction(work);
    });
    await evervec.migrations.fill('items', {
      onProgress: ({ step }) => {
        steps.add(step);
        if (step === 'indexing')
          changing ??= database.query(`update items set body = 'changed by then' where id = 3`);
      },
    });
    expect(changing).toBeDefined();
    expect([...steps]).toEqual(['embedding', 'indexing', 'catching up']);
    const changed = (await sidecar(database, STANDBY)).find(({ key }) => key === '3');
    expect(changed?.text).toBe('changed by then');
  });

  test('fills beside, is checked, switched, rolled back and dropped; changes go to both', async () => {
    const kept = await migrating(await databases.open());
    const { database, evervec, first, second } = kept;
    const { migrations } = evervec;
    expect(await migrations.status()).toMatchObject([
      {
        model: 'test/digest@8',
        differs: ['model test/digest@8, not test/digest@12'],
        second: null,
      },
    ]);
    expect(await migrations.plan('items')).toMatchObject({
      records: 20,
      chunks: 20,
      from: 'test/digest@8',
      to: 'test/digest@12',
    });

    await migrations.begin('items');
    expect(await modelOf(kept)).toBe('test/digest@8');
    await expect(migrations.switch('items')).rejects.toMatchObject({ code: 'EVERVEC_MIGRATION' });
    await migrations.queue('items');
    await database.query(`update items set body = 'changed while it fills' where id = 3`);
    await database.query(`delete from items where id = 4`);
    expect(await migrations.fill('items')).toBe(true);
    expect(second.texts).toHaveLength(19);
    await drain(kept);
    await expectBothTrue(kept, 'first');
    expect(await modelOf(kept)).toBe('test/digest@8');
    expect(await migrations.status()).toMatchObject([
      { second: { model: 'test/digest@12', state: 'full', pending: 0 } },
    ]);

    await migrations.switch('items');
    expect(await modelOf(kept)).toBe('test/digest@12');
    expect(await migrations.status()).toMatchObject([
      { model: 'test/digest@12', differs: [], second: { model: 'test/digest@8', state: 'kept' } },
    ]);
    await database.query(`insert into items values (100, 'after the switch')`);
    await database.query(`update items set body = 'after the switch, too' where id = 5`);
    await drain(kept);
    await expectBothTrue(kept, 'second');

    await migrations.rollback('items');
    expect(await modelOf(kept)).toBe('test/digest@8');
    await database.query(`update items set body = 'after going back' where id = 5`);
    await drain(kept);
    await expectBothTrue(kept, 'first');
    await migrations.rollback('items');

    expect(await migrations.drop('items')).toBe(true);
    expect(await migrations.drop('items')).toBe(false);
    first.texts.length = 0;
    await database.query(`update items set body = 'after the drop' where id = 5`);
    await drain(kept);
    expect(first.texts).toEqual([]);
    expect((await sidecar(database)).find(({ key }) => key === '5')?.text).toBe('after the drop');
    expect(await modelOf(kept)).toBe('test/digest@12');
  });

  test('is gone on with by another program, and pays for nothing twice', async () => {
    const database = await databases.open();
    const kept = await migrating(database, 30);
    await kept.evervec.migrations.begin('items');
    const again = await reopened(database, { worker: { batchSize: 5 } });
    expect(await again.evervec.migrations.begin('items')).toBe(true);
    await again.evervec.migrations.queue('items');
    const stop = new AbortController();
    const isFull = await again.evervec.migrations.fill('items', {
      signal: stop.signal,
      onProgress: ({ pending }) => {
        if (pending < 30) stop.abort();
      },
    });
    expect(isFull).toBe(false);
    const paid = again.second.texts.length;
    expect(paid).toBeGreaterThan(0);
    expect(paid).toBeLessThan(30);

    const last = await reopened(database);
    await last.evervec.migrations.queue('items');
    expect(await last.evervec.migrations.fill('items')).toBe(true);
    expect(paid + last.second.texts.length).toBe(30);
    await expectBothTrue(last, 'first');
  });

  test('of a model that does not answer holds up nothing but itself', async () => {
    const kept = await migrating(await databases.open());
    const { database, evervec, second } = kept;
    second.doEmbed = () => Promise.reject(new Error('out of order'));
    await evervec.migrations.begin('items');
    await evervec.migrations.queue('items');
    await database.query(`update items set body = 'changed meanwhile' where id = 3`);
    await drain(kept);
    expect((await sidecar(database)).find(({ key }) => key === '3')?.text).toBe(
      'changed meanwhile',
    );
    expect(await sidecar(database, STANDBY)).toEqual([]);
    await expect(evervec.migrations.switch('items')).rejects.toThrow('not ready');
  });

  test('is taken up by a worker that was there before', async () => {
    const kept = await migrating(await databases.open());
    const { migrations } = kept.evervec;
    const worker = await kept.evervec.worker(undefined, { pollMs: 20 });
    await worker.start();
    try {
      await migrations.begin('items');
      await migrations.queue('items');
      await expect
        .poll(async () => (await migrations.status())[0]?.second?.pending, { timeout: 20_000 })
        .toBe(0);
      await migrations.fill('items');
      await migrations.switch('items');
      await kept.database.query(`update items set body = 'for both' where id = 1`);
      await expect
        .poll(
          async () =>
            (await kept.evervec.pending()) + ((await migrations.status())[0]?.second?.pending ?? 1),
          { timeout: 20_000 },
        )
        .toBe(0);
    } finally {
      await worker.stop();
    }
    await expectBothTrue(kept, 'second');
  });

  test('never fails a search, and no search mixes spaces', async () => {
    const kept = await migrating(await databases.open());
    const { evervec, first, second } = kept;
    await filled(kept);
    const exact = new Map<string, readonly string[]>();
    const ask = async () =>
      await evervec.search({ query: 'item number 7', mode: 'vector', limit: 20 });
    const keysOf = (answer: Awaited<ReturnType<typeof ask>>) => answer.hits.map(({ key }) => key);
    exact.set(first.id, keysOf(await ask()));
    await evervec.migrations.switch('items');
    exact.set(second.id, keysOf(await ask()));
    expect(exact.get(first.id)).not.toEqual(exact.get(second.id));

    const over = new AbortController();
    const seen = new Set<string>();
    const searching = Array.from({ length: 3 }, async () => {
      while (!over.signal.aborted) {
        const answer = await ask();
        const model = answer.space['items'] ?? '';
        seen.add(model);
        expect(keysOf(answer)).toEqual(exact.get(model));
      }
    });
    for (let n = 0; n < 20; n++) await evervec.migrations.rollback('items');
    over.abort();
    await Promise.all(searching);
    expect(seen.size).toBe(2);
  });

  test('says what is asked for in vain', async () => {
    const kept = await migrating(await databases.open());
    const { migrations } = kept.evervec;
    const refused = { code: 'EVERVEC_MIGRATION', isUsage: true };
    for (const ask of [
      () => migrations.switch('items'),
      () => migrations.rollback('items'),
      () => migrations.fill('items'),
      () => migrations.check('items'),
    ])
      await expect(ask()).rejects.toMatchObject(refused);
    await expect(migrations.begin('nothing')).rejects.toMatchObject({
      code: 'EVERVEC_UNKNOWN_SOURCE',
    });
    await migrations.begin('items');
    await expect(migrations.rollback('items')).rejects.toThrow('never searched');
    await expect(migrations.begin('items', createDigestModel(16))).rejects.toThrow(
      'has a second space already, of test/digest@12',
    );
    await expect(migrations.switch('items', { force: true, keepDays: -1 })).rejects.toMatchObject(
      refused,
    );
    await migrations.drop('items');
    expect(await migrations.begin('items', createDigestModel(8))).toBe(false);
  });

  test('that is switched twice stays where it is', async () => {
    const kept = await migrating(await databases.open());
    const { migrations } = kept.evervec;
    await filled(kept);
    await migrations.switch('items');
    for (const force of [false, true])
      await expect(migrations.switch('items', { force })).rejects.toMatchObject({
        message: 'Source "items" was switched already.',
        remedy: expect.stringContaining('evervec model rollback items'),
      });
    expect(await modelOf(kept)).toBe('test/digest@12');
  });

  test('of two that switch at once, one is told that it came too late', async () => {
    const kept = await migrating(await databases.open());
    await filled(kept);
    const outcomes = await Promise.allSettled([
      kept.evervec.migrations.switch('items'),
      kept.evervec.migrations.switch('items'),
    ]);
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(await modelOf(kept)).toBe('test/digest@12');
  });

  test('goes with archive, truncation, reconcile, enqueue and teardown', async () => {
    const database = await databases.open();
    const archive = { when: 'id <= 2' };
    const sources = { items: { ...SOURCES.items, archive } };
    const kept = await migrating(database, 8, { sources });
    await kept.evervec.setup();
    await filled(kept);
    await kept.evervec.migrations.switch('items');
    expect(await kept.evervec.archive()).toEqual({ items: 2 });
    const bare = async (source: string) =>
      (await sidecar(database, source)).filter(({ embedding }) => embedding === null).length;
    expect([await bare('items'), await bare(STANDBY)]).toEqual([2, 2]);
    await kept.evervec.migrations.drop('items');
    expect(await bare('items')).toBe(2);
    await database.query(`update items set body = 'stays archived' where id = 1`);
    await drain(kept);
    expect(await bare('items')).toBe(2);
    expect(await kept.evervec.restoreArchived()).toEqual({ items: 2 });
    await drain(kept);
    expect(await bare('items')).toBe(0);

    await kept.evervec.migrations.begin('items', kept.first);
    await kept.evervec.migrations.queue('items');
    await kept.evervec.migrations.fill('items');
    await database.query('alter table items disable trigger all');
    await database.query(`update items set body = 'unseen' where id = 6`);
    expect(await kept.evervec.reconcile(undefined, { dryRun: false })).toMatchObject([
      { source: 'items', outdated: 1 },
      { source: STANDBY, outdated: 1 },
    ]);
    await drain(kept);
    await database.query(`update items set body = 'unseen, too' where id = 7`);
    await database.query(`select evervec.enqueue('items', array['7'])`);
    await database.query('alter table items enable trigger all');
    await drain(kept);
    await expectBothTrue(kept, 'second');
    await database.query('truncate items');
    await drain(kept);
    expect([await sidecar(database), await sidecar(database, STANDBY)]).toEqual([[], []]);

    expect(await kept.evervec.teardown()).toMatchObject({ removed: ['items'], isEmpty: true });
    const { rows } = await database.query(`select to_regnamespace('evervec') as schema`);
    expect(rows).toEqual([{ schema: null }]);
  });

  test('is not ready when texts are made otherwise and were not queued for it since', async () => {
    const kept = await migrating(await databases.open());
    await filled(kept);
    expect((await kept.evervec.migrations.check('items')).faults).toEqual([]);
    const sources = { items: { table: 'items', text: 'Now: {body}' } };
    const { evervec } = await reopened(kept.database, { sources });
    await evervec.setup();
    expect((await evervec.migrations.check('items')).faults).toEqual([
      'its records are not all queued',
    ]);
    await evervec.migrations.queue('items');
    await evervec.migrations.fill('items');
    expect((await evervec.migrations.check('items')).faults).toEqual([]);
  });

  test('is not ready with an index that finds less than that of the first space', async () => {
    const kept = await migrating(await databases.open(), 1);
    await drain(kept);
    await filled(kept);
    const [first, second] = await spaceIds(kept);
    await grown(kept, 1_200, { [first]: 8, [second]: 12 });
    await indexed(kept, first, 'm = 16, ef_construction = 64');
    await indexed(kept, second, 'm = 2, ef_construction = 4');
    const { faults, recall, recallBefore } = await kept.evervec.migrations.check('items');
    expect(faults).toEqual([
      expect.stringMatching(
        /^its index finds \d+ % of what is nearest, that of the first space \d+ %$/,
      ),
    ]);
    expect(recall).toBeLessThan(0.9);
    expect(recallBefore).toBeGreaterThan(0.9);
    // Where texts are hard for any index, it is no reason to stay.
    await indexed(kept, first, 'm = 2, ef_construction = 4');
    await indexed(kept, second, 'm = 2, ef_construction = 6');
    const alike = await kept.evervec.migrations.check('items');
    expect(alike).toMatchObject({ faults: [], recallBefore: expect.any(Number) });
    expect(alike.recall).toBeLessThan(0.9);
    // Who switches right after waits no second time, unless the index is another one now.
    const found = async () => {
      const { rows } = await kept.database.query<{ at: string; recall: number } | { at: null }>(
        `select checked ->> 'at' as at, (checked ->> 'recall')::float8 as recall from evervec.spaces where id = $1`,
        [second],
      );
      return rows[0];
    };
    await indexed(kept, second, 'm = 16, ef_construction = 64');
    await kept.evervec.migrations.switch('items');
    expect(await found()).toEqual({ at: alike.at, recall: alike.recall });
    await kept.evervec.reindex(['items']);
    expect(await found()).toEqual({ at: null, recall: null });
  });

  test('of chunking or language alone is the same thing', async () => {
    const database = await databases.open();
    await database.query('create table items (id integer primary key, body text)');
    await database.query(
      `insert into items select n, repeat('A sentence about number ' || n || '. ', 20) from generate_series(1, 5) n`,
    );
    await keep(database, SOURCES);
    const sources = {
      items: { ...SOURCES.items, chunk: { maxChars: 200, overlapChars: 0 }, language: 'simple' },
    };
    const { evervec } = await configure(database, sources);
    const [before] = await evervec.migrations.status();
    expect(before?.differs).toEqual([
      'chunking text@2/max1600/overlap0, not text@2/max200/overlap0',
      'language english, not simple',
    ]);
    // Until then everything goes on as it was.
    await database.query(`update items set body = 'short' where id = 1`);
    await (await evervec.worker()).drain();
    await evervec.migrations.begin('items');
    await evervec.migrations.queue('items');
    await evervec.migrations.fill('items');
    await evervec.migrations.switch('items', { keepDays: 0 });
    expect(await evervec.migrations.status()).toMatchObject([
      { chunking: 'text@2/max200/overlap0', language: 'simple', differs: [] },
    ]);
    const { hits } = await evervec.search({ query: 'about', mode: 'text' });
    expect(hits).toHaveLength(4);
    expect(Math.max(...hits.map(({ chunk }) => chunk.text.length))).toBeLessThanOrEqual(200);
  });

  test('a space whose time is over goes by itself', async () => {
    const database = await databases.open();
    const kept = await migrating(database);
    await filled(kept);
    await kept.evervec.migrations.switch('items', { keepDays: 0 });
    await (await kept.evervec.worker()).drain({ maintains: true });
    expect((await kept.evervec.migrations.status())[0]?.second).toBeNull();
    expect(await modelOf(kept)).toBe('test/digest@12');
  });

  test('a program that lacks the model says so, and its other searches go on', async () => {
    const database = await databases.open();
    await migrating(database);
    const stranger = await createEvervec(
      { model: createDigestModel(12), sources: SOURCES },
      { database },
    );
    await expect(stranger.search({ query: 'item' })).rejects.toMatchObject({
      code: 'EVERVEC_SPACE_MISMATCH',
      remedy: expect.stringContaining('otherModels'),
    });
    expect((await stranger.search({ query: 'item', mode: 'text' })).hits).toHaveLength(10);
  });

  test('is left alone by a worker that can not have its model, and the first space is not', async () => {
    const kept = await migrating(await databases.open());
    const { database, evervec, first, second } = kept;
    const warned: object[] = [];
    const logger = { ...silentLogger, warn: (detail: object) => warned.push(detail) };
    const stranger = await createEvervec({ model: first, sources: SOURCES }, { database, logger });
    await evervec.migrations.begin('items');
    await evervec.migrations.queue('items');
    await database.query(`update items set body = 'changed meanwhile' where id = 3`);
    expect(await (await stranger.worker()).drain()).toBe(1);
    expect(warned).toMatchObject([
      { source: 'items', remedy: expect.stringContaining('otherModels') },
    ]);
    expect(await stranger.backfill()).toMatchObject([{ source: 'items', queued: 20 }]);
    expect(second.texts).toEqual([]);
    expect(await evervec.migrations.fill('items')).toBe(true);
    await expectBothTrue(kept, 'first');
  });

  // A worker locks its jobs and then the sidecar; a drop the other way round.
  test.runIf(databases.kind === 'postgres')(
    'is dropped also where a worker is just writing to its space',
    async () => {
      const kept = await migrating(await databases.open());
      const { database, evervec } = kept;
      await evervec.migrations.begin('items');
      await evervec.migrations.queue('items');
      const { rows } = await database.query<{ id: number; space: number }>(
        `select id, active_space_id as space from evervec.sources where standby_of is not null`,
      );
      const { id, space } = rows[0] ?? expect.fail('there is no second space');
      const [isHeld, dropping] = [new Signal('the jobs'), new Signal('the drop')];
      const written = database.transaction(async (tx) => {
        // The other one is to find the deadlock.
        await tx.query(`set local deadlock_timeout = '1min'`);
        await tx.query('select from evervec.jobs where source_id = $1 for update', [id]);
        isHeld.fire();
        await dropping.fired();
        await tx.query(`select count(*) from evervec.chunks_${space}`);
      });
      await isHeld.fired();
      const dropped = evervec.migrations.drop('items');
      await expect
        .poll(async () => {
          const waiting = await database.query(
            `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
          );
          return waiting.rowCount;
        })
        .toBe(1);
      dropping.fire();
      await written;
      expect(await dropped).toBe(true);
      expect((await evervec.migrations.status())[0]?.second).toBeNull();
    },
  );
});
