/**
 * What a search by meaning costs beside the SQL that one would write by hand, on the same index with the same width of view
 * (`hnsw.ef_search`), so that both find the same; and a hybrid search beside its two legs. Through `evervec.search` of the
 * engine, whose model has each query's vector ready: what is measured is everything but a model. By hand: the nearest
 * chunks, each with its row, over one connection of the same driver.
 *
 *     npm run bench -- search [--rows CHUNKS] [folder with base.fvecs and query.fvecs]
 */
import { Client } from 'pg';
import type { Evervec } from '../src/index.ts';
import { type Bench, quantile, ratiosOf, spreadOf } from './bench.ts';
import { ScratchDatabases } from './scratch-databases.ts';
import { grown, openItems, queryOf, readVectorSet } from './vector-sets.ts';

const CHUNKS = 10_000;
const RUNS = 7;
const QUERIES = 100;
const LIMIT = 10;
/** What a search sets by default. */
const EF_SEARCH = 100;

const BY_HAND = `
select t.id, t.body, c.chunk_index, c.text, c.start_offset, c.end_offset, c.section, c.similarity
from (
  select *, 1 - (embedding <=> $1::halfvec) as similarity from evervec.chunks_1
  order by embedding <=> $1::halfvec limit ${LIMIT}
) c join items t on t.id = c.record_key::integer order by c.similarity desc`;

export const bench: Bench = {
  name: 'search',
  claim:
    'p50 of a search by meaning ÷ that of SQL by hand on the same index with the same ef_search',
  aim: { text: '≤ 1.15 × the time', ratio: 1.15, bound: 'at most' },

  async run({ runs = RUNS, rows: chunks = CHUNKS, operands: [folder], note }) {
    const { base, queries } = await readVectorSet(folder);
    const databases = await ScratchDatabases.open();
    try {
      return await databases.use(async (url) => {
        const evervec = await openItems(url, { base: grown(base, chunks), queries });
        const session = new Client({ connectionString: url });
        await session.connect();
        try {
          note(`${chunks.toLocaleString('en')} chunks are in`);
          await session.query(`set hnsw.ef_search = ${EF_SEARCH}`);
          return await compare(evervec, session, queries, runs, note, chunks);
        } finally {
          await session.end();
          await evervec.close();
        }
      });
    } finally {
      await databases.close();
    }
  },
};

/** Query by query in turn, so that what the machine does besides meets all of them. */
async function compare(
  evervec: Evervec,
  session: Client,
  queries: readonly Float32Array[],
  runs: number,
  note: (line: string) => void,
  chunks: number,
) {
  const variants = {
    'by hand': (n: number) => session.query(BY_HAND, [`[${queries[n]?.join(',')}]`]),
    'by hand, prepared': (n: number) =>
      session.query({ name: 'search', text: BY_HAND, values: [`[${queries[n]?.join(',')}]`] }),
    vector: (n: number) => evervec.search({ query: queryOf(n), mode: 'vector', limit: LIMIT }),
    text: (n: number) => evervec.search({ query: queryOf(n), mode: 'text', limit: LIMIT }),
    hybrid: (n: number) => evervec.search({ query: queryOf(n), limit: LIMIT }),
  };
  type Name = keyof typeof variants;
  const names = Object.keys(variants) as Name[];
  const p50 = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<
    Name,
    number[]
  >;
  for (let round = 0; round <= runs; round++) {
    const times = Object.fromEntries(names.map((name) => [name, []])) as unknown as typeof p50;
    for (let n = 0; n < QUERIES; n++)
      for (const name of names) {
        const started = performance.now();
        await variants[name](n);
        times[name].push(performance.now() - started);
      }
    if (round === 0) continue;
    for (const name of names) p50[name].push(quantile(times[name], 0.5));
    note(
      `round ${round} of ${runs}: ${names.map((name) => `${name} ${p50[name].at(-1)?.toFixed(2)}`).join(', ')} ms`,
    );
  }
  const legs = p50.vector.map((value, round) => value + (p50.text[round] ?? Number.NaN));
  return {
    figures: {
      ...Object.fromEntries(names.map((name) => [`${name}, p50 ms`, spreadOf(p50[name])])),
      'vector ÷ by hand, prepared': spreadOf(ratiosOf(p50.vector, p50['by hand, prepared'])),
      'hybrid ÷ (vector + text)': spreadOf(ratiosOf(p50.hybrid, legs)),
    },
    ratio: spreadOf(ratiosOf(p50.vector, p50['by hand'])),
    remarks: [
      `${chunks.toLocaleString('en')} chunks; the engine’s share is in: its check of the request, the driver, JSON; queries’ vectors are ready`,
    ],
  };
}
