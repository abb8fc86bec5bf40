/**
 * The search by words: what it takes beside a bare `ts_rank` over the same index, whether its two rounds find what one
 * would, and how it ranks beside BM25 written down plainly.
 *
 *     npm run bench -- bm25 <folder> [<folder> …] [--chunks N]
 *
 * Folders are in BEIR's shape. Chunks are sentences of their documents, put together anew until there are enough.
 */
import path from 'node:path';
import { Client } from 'pg';
import { evaluate } from '../src/engine/evaluate.ts';
import { ndcg, readDocuments, readQueries } from '../src/evaluate/index.ts';
import { createEvervec } from '../src/index.ts';
import { seededRandom } from '../src/runtime/index.ts';
import { copyLines } from './articles.ts';
import { alternate, type Bench, quantile, ratiosOf, spreadOf } from './bench.ts';
import { type LexemeCount, ReferenceBm25 } from './bm25-reference.ts';
import { ScratchDatabases, withClient } from './scratch-databases.ts';

const CHUNKS = 100_000;
const RUNS = 5;
const QUERIES_OF_A_FOLDER = 50;
const CHUNK_CHARS = 800;
const MAX_DIFFERENCE = 0.01;
const DEPTH = 10;
const HITS = 100;

export const bench: Bench = {
  name: 'bm25',
  claim:
    'p50 of a search by words (folders in BEIR shape) ÷ p50 of ts_rank over the same GIN index; same hits as unpruned',
  aim: { text: '≤ 0.4 × the time', ratio: 0.4, bound: 'at most' },

  async run({ runs = RUNS, rows: chunks = CHUNKS, operands: folders, note }) {
    if (folders.length === 0) throw new Error('Name at least one folder in BEIR shape.');
    const databases = await ScratchDatabases.open();
    let client: Client | undefined;
    try {
      const figures: Record<string, number> = {};
      for (const folder of folders)
        Object.assign(figures, await compareQuality(databases, folder, note));
      const url = await databases.create();
      const held = await fill(url, chunks, await sentencesOf(folders));
      note(`${held.toLocaleString('en')} chunks are in`);
      client = new Client({ connectionString: url });
      await client.connect();
      const queries = await queriesOf(folders);
      const session = client;
      const differing = await countDiffering(session, queries);
      const variants = {
        ts_rank: () => timeQueries(session, TS_RANK, queries),
        search: () => timeQueries(session, SEARCH, queries),
        unpruned: () => timeQueries(session, UNPRUNED, queries),
      };
      const times = await alternate(runs, variants, note, { warmUp: true });
      return {
        figures: {
          ...figures,
          'ts_rank, p50 ms': spreadOf(times.ts_rank),
          'search, p50 ms': spreadOf(times.search),
          'leg without pruning, p50 ms': spreadOf(times.unpruned),
          'queries with other hits than unpruned': differing,
        },
        ratio: spreadOf(ratiosOf(times.search, times.ts_rank)),
        remarks: [
          `${held.toLocaleString('en')} chunks, ${queries.length} queries; the search is whole, with its rows, and ts_rank bare`,
        ],
      };
    } finally {
      await client?.end();
      await databases.close();
    }
  },
};

/** nDCG@10 of the mode `text` and of the reference, over the same lexemes. @throws Error where they are apart */
async function compareQuality(
  databases: ScratchDatabases,
  folder: string,
  note: (line: string) => void,
): Promise<Record<string, number>> {
  const name = path.basename(path.resolve(folder));
  const judged = await readQueries(folder);
  return await databases.use(async (url) => {
    const evaluation = await evaluate({ database: url, sources: {} }, folder, judged, {
      modes: ['text'],
    });
    const measured = evaluation?.modes.text?.ndcg10 ?? Number.NaN;
    const reference = await withClient(url, async (client) => {
      const counts: LexemeCount[] = [];
      let documents = 0;
      for await (const { id, title, text } of readDocuments(folder)) {
        documents++;
        for (const [lexeme, count] of await lexemesOf(client, `${title}\n\n${text}`))
          counts.push({ document: id, lexeme, count });
      }
      const bm25 = new ReferenceBm25(counts, documents);
      let sum = 0;
      for (const query of judged.queries) {
        const lexemes = await lexemesOf(client, query.text);
        const ranking = bm25.scores([...lexemes.keys()]).map(([document]) => document);
        sum += ndcg(ranking, query.judged, DEPTH);
      }
      return sum / judged.queries.length;
    });
    note(`${name}: nDCG@10 ${measured.toFixed(4)}, reference ${reference.toFixed(4)}`);
    if (!(Math.abs(measured - reference) <= MAX_DIFFERENCE))
      throw new Error(`${name} ranks otherwise than BM25: ${measured}, not ${reference}`);
    return { [`${name}, nDCG@10`]: measured, [`${name}, nDCG@10 of the reference`]: reference };
  });
}

async function lexemesOf(client: Client, text: string): Promise<Map<string, number>> {
  const { rows } = await client.query<{ lexeme: string; count: number }>(
    `select lexeme, cardinality(positions) as count from unnest(to_tsvector('english', $1))`,
    [text],
  );
  return new Map(rows.map(({ lexeme, count }) => [lexeme, count]));
}

async function sentencesOf(folders: readonly string[]): Promise<string[][]> {
  const documents: string[][] = [];
  for (const folder of folders)
    for await (const { title, text } of readDocuments(folder))
      documents.push(`${title}. ${text}`.replaceAll(/[\\\s]+/g, ' ').split(/(?<=[.?!]) /));
  return documents;
}

async function queriesOf(folders: readonly string[]): Promise<string[]> {
  const queries = await Promise.all(folders.map((folder) => readQueries(folder)));
  return queries.flatMap((judged) =>
    judged.queries.slice(0, QUERIES_OF_A_FOLDER).map(({ text }) => text),
  );
}

/** Each text: sentences of one document, drawn by chance. */
function* textLines(chunks: number, documents: readonly string[][]): Generator<string> {
  const random = seededRandom(15);
  for (let id = 1; id <= chunks; id++) {
    const document = documents[Math.floor(random() * documents.length)] ?? [];
    let text = '';
    while (text.length < CHUNK_CHARS * (0.3 + random()))
      text += `${document[Math.floor(random() * document.length)]} `;
    yield `${id}\t${text}\n`;
  }
}

/** By the product's own worker, without vectors. @returns how many chunks there are */
async function fill(url: string, chunks: number, documents: string[][]): Promise<number> {
  await withClient(url, async (client) => {
    await client.query('create table texts (id integer primary key, body text not null)');
    await copyLines(client, 'copy texts from stdin', textLines(chunks, documents));
  });
  const evervec = await createEvervec({
    database: url,
    semanticSearch: false,
    sources: { texts: { table: 'texts', text: ['body'], record: ['id'] } },
  });
  try {
    await evervec.setup();
    await evervec.backfill();
    await (await evervec.worker()).drain();
    await evervec.database.query('vacuum analyze');
    const { rows } = await evervec.database.query<{ count: number }>(
      'select count(*)::integer as count from evervec.chunks_1',
    );
    return rows[0]?.count ?? 0;
  } finally {
    await evervec.close();
  }
}

const TS_RANK = `
with query as materialized (
  select string_agg('''' || replace(lexeme, '''', '''''') || '''', ' | ')::tsquery as words from unnest(to_tsvector('english', $1))
)
select c.record_key from evervec.chunks_1 c cross join query where c.words @@ query.words
order by ts_rank(c.words, query.words, 1) desc, c.record_key limit ${HITS}`;

const SEARCH = `
select hit.record_key from evervec.search('texts', $1, options => '{"mode": "text", "limit": ${HITS}}') hit`;

const UNPRUNED = `
with query as materialized (select evervec.ask_words(1, $1, null, null) as words),
asked as materialized (select (words).* from query)
select c.record_key from evervec.chunks_1 c cross join asked where c.words @@ asked.matched
order by c.weights <#> asked.weights, c.record_key, c.chunk_index limit ${HITS}`;

/** How many of the queries find something else, or in another order, than if every chunk with a word had been scored. */
async function countDiffering(client: Client, queries: readonly string[]): Promise<number> {
  let differing = 0;
  for (const query of queries) {
    const [pruned, unpruned] = [
      await client.query<{ record_key: string }>(SEARCH, [query]),
      await client.query<{ record_key: string }>(UNPRUNED, [query]),
    ].map(({ rows }) => [...new Set(rows.map(({ record_key }) => record_key))].join(' '));
    if (pruned !== unpruned) differing++;
  }
  return differing;
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
    await session.query(sql, [query]);
    times.push(performance.now() - started);
  }
  return quantile(times, 0.5);
}
