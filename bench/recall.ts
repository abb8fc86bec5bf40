/**
 * How much of what is nearest a search by meaning finds, at its default settings, against an exact one: over all rows, and
 * with filters that keep 50, 10, 1 and 0.1 % of them. And whether as many hits come as there are.
 *
 *     npm run bench -- recall [--rows CHUNKS] [folder with base.fvecs and query.fvecs]
 */
import type { Evervec } from '../src/index.ts';
import { type Bench, quantile, single } from './bench.ts';
import { ScratchDatabases } from './scratch-databases.ts';
import { grown, openItems, queryOf, readVectorSet } from './vector-sets.ts';

const CHUNKS = 10_000;
const QUERIES = 200;
const LIMIT = 10;
const SHARES = [100, 50, 10, 1, 0.1];
const LEAST = 0.98;
const LEAST_FILTERED = 0.95;
/** `share` is below it. */
const ALL = 1_000_003;
const INDEXES = {
  hnsw: undefined,
  ivfflat: { type: 'ivfflat' },
  binary: { quantize: 'binary' },
} as const;

export const bench: Bench = {
  name: 'recall',
  claim: `recall@10 of a search ÷ what is wanted of it (${LEAST}, with filters ${LEAST_FILTERED}), the least; 0 where hits are missing`,
  aim: { text: '≥ 1', ratio: 1, bound: 'at least' },

  async run({ rows: chunks = CHUNKS, operands: [folder], note }) {
    const { base, queries } = await readVectorSet(folder);
    const databases = await ScratchDatabases.open();
    const figures: Record<string, number> = {};
    const ratios: number[] = [];
    try {
      for (const [name, index] of Object.entries(INDEXES)) {
        await databases.use(async (url) => {
          const set = { base: grown(base, chunks), queries };
          const evervec = await openItems(url, set, index === undefined ? {} : { index });
          try {
            for (const share of SHARES) {
              const { recall, missing, p50 } = await measure(evervec, share, chunks);
              note(`${name}, ${share} %: recall ${recall.toFixed(4)}, p50 ${p50.toFixed(2)} ms`);
              figures[`${name}, ${share} %`] = recall;
              figures[`${name}, ${share} %, p50 ms`] = p50;
              if (missing > 0) figures[`${name}, ${share} %, hits missing`] = missing;
              // The default setting is HNSW's; the others are figures beside it.
              if (index !== undefined) continue;
              ratios.push(missing > 0 ? 0 : recall / (share === 100 ? LEAST : LEAST_FILTERED));
            }
          } finally {
            await evervec.close();
          }
        });
      }
    } finally {
      await databases.close();
    }
    const remarks = [`${chunks.toLocaleString('en')} chunks, ${QUERIES} queries; one run is all`];
    return { figures, ratio: single(Math.min(...ratios)), remarks };
  },
};

async function measure(evervec: Evervec, percent: number, chunks: number) {
  const filter =
    percent === 100 ? {} : { filter: { share: { $lt: Math.round((percent / 100) * ALL) } } };
  const { rows } = await evervec.database.query<{ count: number }>(
    'select count(*)::integer as count from items where share < $1',
    [Math.round((percent / 100) * ALL)],
  );
  const wanted = Math.min(LIMIT, rows[0]?.count ?? 0, chunks);
  let [found, asked, missing] = [0, 0, 0];
  const times: number[] = [];
  for (let n = 0; n < QUERIES; n++) {
    const request = { query: queryOf(n), mode: 'vector', limit: LIMIT, ...filter } as const;
    const exact = await evervec.search({ ...request, expert: { exact: true } });
    const started = performance.now();
    const answer = await evervec.search(request);
    times.push(performance.now() - started);
    // By distance and not by name: of equal ones either is right.
    const least = exact.hits.at(-1)?.scores.vector ?? 0;
    found += answer.hits.filter(({ scores }) => (scores.vector ?? 0) >= least - 1e-6).length;
    asked += exact.hits.length;
    missing += wanted - answer.hits.length;
  }
  return { recall: found / asked, missing, p50: quantile(times, 0.5) };
}
