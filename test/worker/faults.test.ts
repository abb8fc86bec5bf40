/** Whose fault it is: one record's, a batch's, the provider's. Nobody pays for another's (I6). */
import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import type { Database } from '../../src/database/index.ts';
import type { EmbeddingModel } from '../../src/embed/index.ts';
import { type Config, createEvervec, type Evervec } from '../../src/engine/index.ts';
import { createDigestModel } from '../setup/digest-model.ts';
import { describeEachDatabase } from '../setup/each-database.ts';
import { eventually } from '../setup/signal.ts';

const ROWS = 64;

type DoEmbed = EmbeddingModel['doEmbed'];

/** A table of numbered notes, queued and not yet embedded; the model does what `doEmbed` says. */
async function notes(
  database: Database,
  doEmbed: (real: DoEmbed) => DoEmbed,
  worker: Config['worker'] = {},
) {
  await database.query('create table notes (id integer primary key, body text)');
  await database.query(
    `insert into notes select n, 'note ' || n from generate_series(1, ${ROWS}) n`,
  );
  const digest = createDigestModel();
  const model = { ...digest, doEmbed: doEmbed(digest.doEmbed), maxEmbeddingsPerCall: 8 };
  const evervec = await createEvervec(
    {
      model,
      sources: { notes: { table: 'notes', text: ['body'] } },
      worker: { maxRetries: 2, retryBaseMs: 1, ...worker },
    },
    { database },
  );
  await evervec.setup();
  await evervec.backfill();
  return { evervec, texts: digest.texts };
}

async function drain(evervec: Evervec): Promise<number> {
  return await (await evervec.worker()).drain();
}

async function states(database: Database) {
  const { rows } = await database.query<{ state: number; attempts: number; count: number }>(
    'select state, attempts, count(*)::integer as count from evervec.jobs group by 1, 2 order by 1, 2',
  );
  return rows;
}

async function embedded(database: Database): Promise<number> {
  const { rows } = await database.query<{ count: number }>(
    'select count(*)::integer as count from evervec.chunks_1',
  );
  return rows[0]?.count ?? 0;
}

const failure = (fields: object) => Object.assign(new Error('the text of note 7'), fields);

describeEachDatabase('faults', (databases) => {
  test('a poisonous record stands alone; nothing good is embedded twice', async () => {
    const database = await databases.open();
    const { evervec, texts } = await notes(database, (real) => async (call) => {
      if (call.values.includes('note 13')) throw failure({ statusCode: 400 });
      return await real(call);
    });
    await eventually('note 13 parked', async () => {
      await drain(evervec);
      return (await states(database))[0]?.state === 3 ? true : undefined;
    });
    expect(await states(database)).toEqual([{ state: 3, attempts: 2, count: 1 }]);
    expect(await embedded(database)).toBe(ROWS - 1);
    expect(texts.length).toBe(new Set(texts).size);
    const { jobs } = await evervec.queue.failed();
    const hash = createHash('sha256').update('note 13').digest('hex').slice(0, 32);
    expect(jobs).toMatchObject([
      { key: '13', error: 'Error', attempts: 2, origin: 'backfill', text_hash: hash },
    ]);
  });

  test('answers that are too few, too wide or not numbers are not believed', async () => {
    const database = await databases.open();
    const bad = new Set(['note 3', 'note 30', 'note 60']);
    const { evervec } = await notes(database, (real) => async (call) => {
      const answer = await real(call);
      const found = call.values.find((value) => bad.has(value));
      if (found === 'note 3') return { ...answer, embeddings: answer.embeddings.slice(1) };
      if (found === 'note 30')
        return { ...answer, embeddings: answer.embeddings.map((one) => [...one, 1]) };
      if (found === 'note 60')
        return { ...answer, embeddings: answer.embeddings.map(() => Array(8).fill(Number.NaN)) };
      return answer;
    });
    await eventually('the three parked', async () => {
      await drain(evervec);
      const [first] = await states(database);
      return first?.state === 3 && first.count === 3 ? true : undefined;
    });
    expect(await embedded(database)).toBe(ROWS - 3);
  });

  test('a provider that is down is waited for: no try is counted, and all is done when it is back', async () => {
    const database = await databases.open();
    let isDown = true;
    let calls = 0;
    const { evervec } = await notes(database, (real) => async (call) => {
      calls += 1;
      if (isDown) throw failure({ statusCode: 503, responseHeaders: { 'retry-after': '3600' } });
      return await real(call);
    });
    expect(await drain(evervec)).toBe(0);
    for (const { attempts } of await states(database)) expect(attempts).toBe(0);
    // Another worker does not call it either: the breaker is shared.
    const before = calls;
    await database.query('update evervec.jobs set state = 0, ready_at = now()');
    await drain(evervec);
    expect(calls).toBe(before);

    isDown = false;
    await database.query('update evervec.providers set open_until = now()');
    await database.query('update evervec.jobs set state = 0, ready_at = now()');
    expect(await drain(evervec)).toBe(ROWS);
    const { rows } = await database.query('select state, failures from evervec.providers');
    expect(rows).toEqual([{ state: 'closed', failures: 0 }]);
  });

  test('one of many workers probes a provider that may be back', async () => {
    const database = await databases.open();
    let calls = 0;
    const { evervec } = await notes(database, () => async () => {
      calls += 1;
      throw failure({ statusCode: 500 });
    });
    await drain(evervec);
    calls = 0;
    await database.query('update evervec.providers set open_until = now()');
    await database.query('update evervec.jobs set state = 0, ready_at = now()');
    const workers = await Promise.all(
      Array.from({ length: 4 }, () => evervec.worker(undefined, { maxBatch: 8 })),
    );
    await Promise.all(workers.map((worker) => worker.drain()));
    expect(calls).toBe(1);
  });

  test('a quota of calls per minute holds for all', async () => {
    const database = await databases.open();
    // Two minutes may meet in this test: then twice as much is right.
    const { evervec, texts } = await notes(database, (real) => real);
    const limited = await createEvervec(
      {
        model: { ...createDigestModel(), doEmbed: evervec.model.doEmbed, maxEmbeddingsPerCall: 8 },
        quota: { requestsPerMinute: 3 },
        sources: { notes: { table: 'notes', text: ['body'] } },
      },
      { database },
    );
    await Promise.all([drain(limited), drain(limited)]);
    expect(texts.length).toBeGreaterThanOrEqual(8);
    expect(texts.length).toBeLessThanOrEqual(2 * 3 * 8);
    for (const { attempts } of await states(database)) expect(attempts).toBe(0);
  });

  test('a table that is gone fails no record for good', async () => {
    const database = await databases.open();
    const { evervec } = await notes(database, (real) => real);
    await database.query('alter table notes rename to elsewhere');
    const worker = await evervec.worker().catch((error: unknown) => error);
    expect(worker).toMatchObject({ code: 'EVERVEC_SOURCE' });
    await database.query('alter table elsewhere rename to notes');
    const ready = await evervec.worker();
    await database.query('alter table notes rename to elsewhere');
    await ready.drain();
    for (const { attempts, state } of await states(database))
      expect([attempts, state]).not.toContain(3);
    await database.query('alter table elsewhere rename to notes');
    await database.query('update evervec.jobs set state = 0, ready_at = now()');
    expect(await drain(evervec)).toBe(ROWS);
  });

  test('a model that never answers is waited for like one that is down', async () => {
    const database = await databases.open();
    let calls = 0;
    const hanging = {
      ...createDigestModel(),
      doEmbed: () => ((calls += 1), new Promise<never>(() => {})),
    };
    const { evervec } = await notes(database, () => hanging.doEmbed, { timeoutMs: 20 });
    await drain(evervec);
    expect(calls).toBeGreaterThanOrEqual(1);
    expect(await states(database)).toEqual([{ state: 2, attempts: 0, count: ROWS }]);
    const { rows } = await database.query('select state, last_error from evervec.providers');
    expect(rows).toEqual([{ state: 'open', last_error: 'EVERVEC_PROVIDER' }]);
  });

  test('of a quota that a backfill uses up, a tenth is left for queries', async () => {
    const database = await databases.open();
    const digest = createDigestModel();
    const evervec = await createEvervec(
      { model: digest, quota: { requestsPerMinute: 10 }, sources: {} },
      { database },
    );
    const call = async (kind: 'document' | 'query') =>
      await evervec.model.doEmbed({ values: [kind], kind }).then(
        () => true,
        () => false,
      );
    // All within one minute of the database's, or a new quota begins.
    await eventually(
      'a minute with enough left of it',
      async () => {
        const { rows } = await database.query<{ second: number }>(
          'select extract(second from now())::float8 as second',
        );
        return (rows[0]?.second ?? 60) < 50 ? true : undefined;
      },
      15_000,
    );
    const documents = [];
    for (let time = 0; time < 10; time++) documents.push(await call('document'));
    expect(documents.filter(Boolean)).toHaveLength(9);
    expect(await call('query')).toBe(true);
    expect(await call('query')).toBe(false);
  });
});
