/**
 * What tiers of access cost a search by words: 20,000 chunks of documents of three tiers, the same queries by the owner
 * without tiers and by whoever sees some of them, under row level security too. Each variant has a session of its own, as a pool has.
 */
import { Client } from 'pg';
import { createEvervec, type Evervec } from '../src/index.ts';
import { textContent } from '../src/document/index.ts';
import { alternate, type Bench, quantile, ratiosOf, spreadOf } from './bench.ts';
import { sampleTexts } from './sample-texts.ts';
import { ScratchDatabases } from './scratch-databases.ts';

const CHUNKS = 20_000;
const RUNS = 7;
const QUERIES = 40;
const QUERY_CHARS = 25;
/** About as much as one chunk takes. */
const CHUNK_CHARS = 1_080;
const CHUNKS_PER_DOCUMENT = 4;
const BATCH = 500;
const TIERS = ['public', 'premium', 'rare'];
const READER = 'evervec_bench_reader';

const BY_POLICIES = 'row level security, 99 %, by policies';

/** How each asks, and as whom; without a role as the owner. */
const VARIANTS = {
  'no tiers': { sql: `evervec.search('documents', $1)`, tiers: null, role: false },
  'owner, 99 %': {
    sql: `evervec.search('documents', $1)`,
    tiers: 'public,premium',
    role: false,
  },
  'owner, 1 %': { sql: `evervec.search('documents', $1)`, tiers: 'rare', role: false },
  'search_documents, 99 %': {
    sql: 'evervec.search_documents($1)',
    tiers: 'public,premium',
    role: true,
  },
  'search_documents, 1 %': { sql: 'evervec.search_documents($1)', tiers: 'rare', role: true },
  'row level security, 99 %': {
    sql: `evervec.search('documents', $1)`,
    tiers: 'public,premium',
    role: true,
  },
  'row level security, 1 %': { sql: `evervec.search('documents', $1)`, tiers: 'rare', role: true },
  // What policies of one's own take, too, and several sources at once: the operator for words is not leakproof, and no index serves it.
  [BY_POLICIES]: {
    sql: `evervec.search(array['documents', 'documents'], $1)`,
    tiers: 'public,premium',
    role: true,
  },
} as const;
type Name = keyof typeof VARIANTS;

export const bench: Bench = {
  name: 'tiers',
  claim: 'p50 of a search by words of 20,000 chunks under tiers ÷ without, the slowest of six',
  aim: { text: '≤ 2 × the time', ratio: 2, bound: 'at most' },

  async run({ runs = RUNS, rows: chunks = CHUNKS, note }) {
    const databases = await ScratchDatabases.open();
    const sessions: Client[] = [];
    try {
      const url = await databases.create();
      const held = await fill(url, chunks);
      note(`${held.toLocaleString('en')} chunks are in`);
      const queries = [...sampleTexts(QUERIES, QUERY_CHARS, 7)];
      const open = async (name: Name) => {
        const session = await openSession(url, name);
        sessions.push(session);
        return [name, () => timeQueries(session, VARIANTS[name].sql, queries)] as const;
      };
      const names = Object.keys(VARIANTS) as Name[];
      const variants = Object.fromEntries(await Promise.all(names.map(open))) as Record<
        Name,
        () => Promise<number>
      >;
      const times = await alternate(runs, variants, note, { warmUp: true });
      const under = names.filter((name) => name !== 'no tiers' && name !== BY_POLICIES);
      const slowest = times['no tiers'].map((_, round) =>
        Math.max(...under.map((name) => times[name][round] ?? Number.NaN)),
      );
      return {
        figures: Object.fromEntries(
          names.map((name) => [`${name}, p50 ms`, spreadOf(times[name])]),
        ),
        ratio: spreadOf(ratiosOf(slowest, times['no tiers'])),
        remarks: [
          `${held.toLocaleString('en')} chunks, ${QUERIES} queries a round; ${BY_POLICIES}, is not in the ratio`,
        ],
      };
    } finally {
      for (const session of sessions) await session.end();
      await databases.close();
    }
  },
};

async function fill(url: string, chunks: number): Promise<number> {
  const evervec = await createEvervec({ database: url, sources: {}, documents: { tiers: TIERS } });
  try {
    const documents = Math.ceil(chunks / CHUNKS_PER_DOCUMENT);
    const texts = sampleTexts(documents, CHUNK_CHARS * CHUNKS_PER_DOCUMENT);
    for (let from = 0; from < documents; from += BATCH)
      await add(evervec, texts, from, Math.min(BATCH, documents - from));
    await (await evervec.worker()).drain();
    const { database } = evervec;
    await database.query(
      `do $$ begin create role ${READER}; exception when duplicate_object then null; end $$`,
    );
    await database.query(`select evervec.grant_documents('${READER}')`);
    await database.query('vacuum analyze');
    const { rows } = await database.query<{ count: number }>(
      'select count(*)::integer as count from evervec.chunks_1',
    );
    return rows[0]?.count ?? 0;
  } finally {
    await evervec.close();
  }
}

/** Half of them public, half premium, one in a hundred rare. */
function tierOf(n: number): string | undefined {
  return n % 100 === 0 ? 'rare' : TIERS[n % 2];
}

async function add(
  evervec: Evervec,
  texts: Generator<string>,
  from: number,
  count: number,
): Promise<void> {
  const documents = Array.from({ length: count }, (_, index) => ({
    collection: 'bench',
    origin: `${from + index}`,
    title: `Document ${from + index}`,
    tier: tierOf(from + index),
    content: textContent(texts.next().value ?? ''),
  }));
  const results = await evervec.documents.addAll(documents, { by: 'bench' });
  for (const result of results) if ('error' in result) throw result.error;
}

async function openSession(url: string, name: Name): Promise<Client> {
  const { tiers, role } = VARIANTS[name];
  const session = new Client({ connectionString: url });
  await session.connect();
  if (tiers !== null) await session.query(`select set_config('evervec.tiers', $1, false)`, [tiers]);
  if (role) await session.query(`set role ${READER}`);
  return session;
}

/** @returns p50, ms */
async function timeQueries(
  session: Client,
  sql: string,
  queries: readonly string[],
): Promise<number> {
  const times: number[] = [];
  for (const query of queries) {
    const started = performance.now();
    await session.query(`select * from ${sql}`, [query]);
    times.push(performance.now() - started);
  }
  return quantile(times, 0.5);
}
