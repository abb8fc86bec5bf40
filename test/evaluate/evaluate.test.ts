/** An evaluation measures through the engine, beside what is in the database, and leaves nothing of itself there. */
import { fileURLToPath } from 'node:url';
import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { openEmbedded, openPostgres, type Database } from '../../src/database/index.ts';
import { ownIdentity } from '../../src/database/embedded/process-identity.ts';
import { evaluate, type EvaluateOptions, type Evaluation } from '../../src/engine/evaluate.ts';
import { SCRATCH_SCHEMA } from '../../src/engine/scratch.ts';
import { EvaluationError } from '../../src/errors/index.ts';
import { readQueries } from '../../src/evaluate/index.ts';
import { createDigestModel } from '../setup/digest-model.ts';
import { describeEachDatabase, type Databases } from '../setup/each-database.ts';
import { keep } from '../source/fixture.ts';

const COLLECTION = fileURLToPath(new URL('collection', import.meta.url));

/** 1 / log₂(rank + 1) of the ranks 2 and 3. */
const [SECOND, THIRD] = [0.6309297535714575, 0.5];

describeEachDatabase('an evaluation', (databases: Databases) => {
  /** A database of a user's, and what of it must be the same afterwards. */
  async function place() {
    const { location } = await databases.create();
    const during = async <T>(work: (database: Database) => Promise<T>): Promise<T> => {
      const database =
        databases.kind === 'postgres'
          ? await openPostgres({ url: location })
          : await openEmbedded({ folder: location });
      try {
        return await work(database);
      } finally {
        await database.close();
      }
    };
    const run = async (options: EvaluateOptions = {}, limit = 100): Promise<Evaluation | null> => {
      const judged = await readQueries(COLLECTION);
      const queries = judged.queries.slice(0, limit);
      const config = { database: location, sources: {} };
      return await evaluate(config, COLLECTION, { ...judged, queries }, options);
    };
    return { location, during, run };
  }

  const schemas = async (database: Database) =>
    (
      await database.query<{ name: string }>(
        `select nspname as name from pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema' order by 1`,
      )
    ).rows.map(({ name }) => name);

  test('measures what is computed by hand, on documents of ours', async () => {
    const { run, during } = await place();
    const steps = new Set<string>();
    const warnings: string[] = [];
    const measured = await run(
      { onProgress: (step) => steps.add(step), onWarning: (text) => warnings.push(text) },
      2,
    );
    // By words: "mooring" is in harbour-1 (gain 1) three times, in harbour-2 (none) and harbour-3 (2) once each, of which the
    // second is longer; harbour-4 (1) does not have it. "sourdough starter" is in bread-1 (2), nowhere in bread-3 (1).
    const mooring = (1 + 2 * THIRD) / (2 + SECOND + THIRD);
    const sourdough = 2 / (2 + SECOND);
    expect(measured).toEqual({
      split: 'test',
      model: expect.stringMatching(/^evervec\//),
      documents: 30,
      queries: 2,
      modes: {
        text: {
          ndcg10: expect.closeTo((mooring + sourdough) / 2, 10),
          // Both have a relevant one first.
          mrr10: 1,
          recall100: expect.closeTo((2 / 3 + 1 / 2) / 2, 10),
        },
        // All 30 documents are among the first 100.
        vector: { ndcg10: expect.any(Number), mrr10: expect.any(Number), recall100: 1 },
        hybrid: { ndcg10: expect.any(Number), mrr10: expect.any(Number), recall100: 1 },
      },
    });
    expect([...steps]).toEqual(['loading', 'embedding', 'searching']);
    expect(warnings).toEqual([]);
    expect(await during(schemas)).toEqual(['evervec', 'public']);
  });

  test('takes the modes that are asked for; words alone call no model', async () => {
    const { location } = await place();
    const model = createDigestModel();
    const judged = await readQueries(COLLECTION);
    const text = await evaluate({ database: location, model, sources: {} }, COLLECTION, judged, {
      modes: ['text'],
    });
    expect(Object.keys(text?.modes ?? {})).toEqual(['text']);
    expect(model.texts).toEqual([]);
    const asked: unknown[] = [];
    const refused = await evaluate({ database: location, model, sources: {} }, COLLECTION, judged, {
      confirm: async (estimate) => {
        asked.push(estimate);
        return false;
      },
    });
    expect(refused).toBeNull();
    expect(asked).toEqual([{ model: model.id, tokens: expect.any(Number), cost: null }]);
    expect(model.texts).toEqual([]);
  });

  test('with a re-ranker, each mode beside itself', async () => {
    const { location } = await place();
    const judged = await readQueries(COLLECTION);
    const [first] = judged.queries;
    if (first === undefined) throw new Error('no query');
    // What has the query's word most often comes last.
    const reranker = (query: string, texts: readonly string[]) =>
      texts.map((text) => -text.toLowerCase().split(query.toLowerCase()).length);
    const config = { database: location, sources: {} };
    const of = { ...judged, queries: [first] };
    const options = { modes: ['text'], rerank: true } as const;
    const measured = await evaluate({ ...config, reranker }, COLLECTION, of, options);
    expect(Object.keys(measured?.modes ?? {})).toEqual(['text', 'text+rerank']);
    const { text, 'text+rerank': reranked } = measured?.modes ?? {};
    expect(reranked?.recall100).toBe(text?.recall100);
    expect(reranked?.ndcg10).not.toBe(text?.ndcg10);
    await expect(evaluate(config, COLLECTION, of, options)).rejects.toThrow(/no re-ranker/);
  });

  test("leaves the user's sources and queue as they are", async () => {
    const { during, run } = await place();
    const state = (database: Database) =>
      database.query(`select
        (select json_agg(source) from evervec.sources source) as sources,
        (select json_agg(space) from evervec.spaces space) as spaces,
        (select json_agg(job order by record_key) from evervec.jobs job) as jobs,
        (select json_agg(change) from evervec.changes change) as changes,
        (select json_agg(control) from evervec.control control) as control,
        (select json_agg(entry) from evervec.audit_log entry) as audit`);
    const before = await during(async (database) => {
      await database.query('create table documents (id integer primary key, body text)');
      const kept = await keep(database, { documents: { table: 'documents', text: ['body'] } });
      await database.query(`insert into documents values (1, 'waits for a worker')`);
      await kept.evervec.backfill();
      await database.query(`insert into documents values (2, 'waits in the log')`);
      return (await state(database)).rows;
    });
    expect(before[0]).toMatchObject({
      jobs: [{ record_key: '1' }],
      changes: [{ keys: ['1'] }, { keys: ['2'] }],
    });
    await run({}, 1);
    expect((await during(state)).rows).toEqual(before);
  });

  test('replaces what a crash left, and nothing else of that name', async () => {
    const { during, run } = await place();
    const leave = (comment: string) =>
      during(async (database) => {
        await database.query(`drop schema if exists ${SCRATCH_SCHEMA} cascade`);
        await database.query(
          `create schema ${SCRATCH_SCHEMA}; create table ${SCRATCH_SCHEMA}.documents (id text)`,
        );
        await database.query(`comment on schema ${SCRATCH_SCHEMA} is '${comment}'`);
      });
    const mark = (holder: object) =>
      `scratch schema of evervec evaluate ${JSON.stringify({ ...ownIdentity(), ...holder })}`;

    await leave(mark({ boot: 'before the last reboot' }));
    expect(await run({}, 1)).toMatchObject({ documents: 30 });
    expect(await during(schemas)).not.toContain(SCRATCH_SCHEMA);

    for (const [comment, message] of [
      [mark({}), /under way in this database already, by process \d+/],
      [mark({ host: 'another.example' }), /under way .* on another.example/],
      ['our own figures', /is not a scratch of ours/],
    ] as const) {
      await leave(comment);
      const failed = run({}, 1);
      await expect(failed).rejects.toThrow(EvaluationError);
      await expect(failed).rejects.toThrow(message);
      expect(await during(schemas)).toContain(SCRATCH_SCHEMA);
    }
  });

  test('that is stopped or fails leaves nothing', async () => {
    const { location, during, run } = await place();
    for (const at of ['loading', 'embedding', 'searching'] as const) {
      const stop = new AbortController();
      const onProgress = (step: string) => {
        if (step === at) stop.abort();
      };
      const stopped = run({ signal: stop.signal, onProgress });
      await expect(stopped).rejects.toThrow(/stopped before its end/);
      expect(await during(schemas)).toEqual(['evervec', 'public']);
    }
    const model = {
      ...createDigestModel(),
      doEmbed: async () => await Promise.reject(new Error('no')),
    };
    const judged = await readQueries(COLLECTION);
    const config = { database: location, model, sources: {} };
    await expect(evaluate(config, COLLECTION, judged)).rejects.toThrow('no');
    expect(await during(schemas)).toEqual(['evervec', 'public']);
  });

  test('goes where nothing was ever set up, and takes pgvector out again', async () => {
    const { location } = await databases.create('empty');
    const judged = await readQueries(COLLECTION);
    const config = { database: location, sources: {} };
    await evaluate(config, COLLECTION, { ...judged, queries: judged.queries.slice(0, 1) });
    const database =
      databases.kind === 'postgres'
        ? await openPostgres({ url: location })
        : await openEmbedded({ folder: location });
    try {
      expect(await schemas(database)).toEqual(['public']);
      expect(database.capabilities.vectorVersion).toBeNull();
    } finally {
      await database.close();
    }
  });
});

/** Public collections, where they are: not part of the project. */
const PUBLIC = fileURLToPath(new URL('../../../shared/data/ir', import.meta.url));

test.skipIf(!existsSync(PUBLIC))(
  'hybrid is not below its legs on a public collection',
  { timeout: 300_000 },
  async () => {
    const folder = `${PUBLIC}/cranfield`;
    const config = { database: ':memory:', sources: {} };
    const judged = await readQueries(folder);
    const queries = judged.queries.slice(0, 100);
    const measured = await evaluate(config, folder, { ...judged, queries });
    const { text, vector, hybrid } = measured?.modes ?? {};
    expect(text?.ndcg10).toBeGreaterThan(0.34);
    expect(vector?.ndcg10).toBeGreaterThan(0.31);
    expect(hybrid?.ndcg10).toBeGreaterThan(Math.max(text?.ndcg10 ?? 1, vector?.ndcg10 ?? 1));
  },
);
