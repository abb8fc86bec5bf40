/**
 * How well searches rank: mean nDCG@10 of the three modes of `evervec.search` over the queries of collections in BEIR's
 * shape, with the embedded model, through the engine: set-up, worker, search as users have them.
 *
 *     node bench/quality-search.ts <folder> [<folder> …]
 *
 * On the server of `DATABASE_URL` (in a table and schema of its own, both dropped at the end), else on an
 * embedded database in memory.
 */
import { openEmbedded, openPostgres } from '../src/database/index.ts';
import { createEvervec, type Evervec } from '../src/engine/index.ts';
import type { SearchMode } from '../src/search/index.ts';
import { type Collection, DEPTH, discounted, readCollection } from './quality-embedded-model.ts';

export const name = 'quality-search';
export const aim = 'nDCG@10 of hybrid at or above text and vector, on each collection';

const MODES: SearchMode[] = ['text', 'vector', 'hybrid'];
const TABLE = 'evervec_bench_documents';
const SCHEMA = 'evervec_bench';

/** `ratio` is the least of hybrid / the better leg over the folders; 1 or more is reached. */
export async function run(
  folders: readonly string[] = process.argv.slice(2),
): Promise<{ figures: Record<string, number>; ratio: number }> {
  if (folders.length === 0) throw new Error('name at least one folder in BEIR shape');
  const figures: Record<string, number> = {};
  let ratio = Infinity;
  for (const folder of folders) {
    const collection = readCollection(folder);
    const measured = await measure(collection);
    for (const mode of MODES) figures[`${collection.name} ${mode}`] = measured[mode];
    ratio = Math.min(ratio, measured.hybrid / Math.max(measured.text, measured.vector));
  }
  return { figures, ratio };
}

async function measure(collection: Collection): Promise<Record<SearchMode, number>> {
  const url = process.env['DATABASE_URL'];
  const database =
    url === undefined
      ? await openEmbedded({ folder: ':memory:', schema: SCHEMA })
      : await openPostgres({ url, schema: SCHEMA });
  try {
    await database.query(`drop table if exists ${TABLE}`);
    await database.query(`create table ${TABLE} (id integer primary key, body text)`);
    const evervec = await createEvervec(
      { sources: { documents: { table: TABLE, text: ['body'], chunk: { maxChars: 100_000 } } } },
      { database },
    );
    await evervec.teardown();
    await evervec.setup();
    await database.query(
      `insert into ${TABLE} select position - 1, text from unnest($1::text[]) with ordinality as given (text, position)`,
      [collection.documents],
    );
    await (await evervec.worker()).drain();
    const measured = await rank(evervec, collection);
    await evervec.teardown();
    await database.query(`drop table ${TABLE}`);
    return measured;
  } finally {
    await database.close();
  }
}

async function rank(
  evervec: Evervec,
  { queries }: Collection,
): Promise<Record<SearchMode, number>> {
  const sums = { text: 0, vector: 0, hybrid: 0 };
  for (const { text, gains } of queries)
    for (const mode of MODES) {
      const { hits } = await evervec.search({ query: text, mode, limit: DEPTH });
      const best = [...gains.values()].sort((a, b) => b - a).slice(0, DEPTH);
      sums[mode] +=
        discounted(hits.map(({ key }) => gains.get(Number(key)) ?? 0)) / discounted(best);
    }
  return {
    text: sums.text / queries.length,
    vector: sums.vector / queries.length,
    hybrid: sums.hybrid / queries.length,
  };
}

if (import.meta.main) {
  const { figures, ratio } = await run();
  for (const [label, value] of Object.entries(figures))
    console.log(label.padEnd(32), value.toFixed(4));
  console.log(`hybrid to the better leg ${ratio.toFixed(3)} (${aim})`);
}
