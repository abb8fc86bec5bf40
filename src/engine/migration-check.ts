/**
 * Whether a second space may take the first one's place: does it hold every record, does its index find what an exact
 * search finds, and do searches of it rank labelled queries as well. Reads only; but for those queries, it asks no model:
 * its own vectors are what it searches for.
 */
import type { Connection, Database } from '../database/index.ts';
import { EvervecError } from '../errors/index.ts';
import { judgedQueries } from '../evaluate/labels.ts';
import type { Quality } from '../evaluate/runs.ts';
import type { SearchAnswer, SearchRequest } from '../search/index.ts';
import type { SourceRow } from '../source/index.ts';
import {
  countNear,
  nearestWithin,
  sampleVectors,
  sidecarName,
  type Space,
} from '../space/index.ts';
import { measure } from './measure.ts';
import { NEAREST, nearest } from './nearest.ts';

export interface SpaceCheck {
  at: string;
  /** Records with a vector, of the space that is searched and of the second. */
  records: { before: number; now: number };
  /** Records that have a vector in the first space and none in the second. */
  missing: number;
  /** Of them, those that the second space's model refused: its dead letters. */
  parked: number;
  /** Share of the true 10 nearest that a search through the index gives, mean over `sampled` of its own vectors. */
  recall: number;
  sampled: number;
  /** The same of the space that is searched, where `recall` is low: some texts are hard for any index. */
  recallBefore?: number;
  /** Searches of both spaces on labelled queries; absent where there are none, or a model could not be asked. */
  labelled?: { queries: number; before: Quality; now: Quality };
  /** What speaks against a switch, one sentence each; empty where nothing does. */
  faults: string[];
}

const SAMPLE = 50;
/** Of cosine distances. */
const FARTHEST = 2;
/** Scores of searches are one less a distance: what that takes from its last digits, with room. */
const ROUNDING = 1e-6;
/** Below it an index is worse than what search is measured to give at its default settings, unless that before was no better. */
const LEAST_RECALL = 0.9;
/** The figures of two samples of `SAMPLE` differ by chance alone, too. */
const MOST_RECALL_LOSS = 0.05;
/** Labelled queries that are asked, the newest. */
const MAX_LABELLED = 200;
/** How long what was found of an index may be taken for it, ms: who has it checked and then switches waits once. */
const RECENT_MS = 600_000;
/** With fewer the figures are chance's. */
const LEAST_LABELLED = 10;
/** How much nDCG@10 may fall. */
const MOST_LOSS = 0.05;

export async function checkSpace(
  database: Database,
  active: Space,
  second: Space,
  row: SourceRow,
  { name, isQueued, isPending, takesRecent, search }: CheckParts,
): Promise<SpaceCheck> {
  const counts = await countRecords(database, active, second, row);
  const recent = takesRecent ? recentOf(second) : null;
  const { recall, sampled, recallBefore } =
    recent ?? (await measureBoth(database, { name, active, second, row }));
  // Half of the records would be found by one of them alone.
  const isWhole = isQueued && !isPending;
  const labelled = isWhole ? await measureLabelled(database, name, row.name, search) : null;
  const faults = [
    ...(isQueued ? [] : ['its records are not all queued']),
    ...(isPending ? ['it is still being filled'] : []),
    ...(second.isFilled ? [] : ['its index was not built yet']),
    ...(counts.missing > 0 ? [missingFault(counts)] : []),
    ...(recallBefore === undefined ? [] : recallFaults(recall, recallBefore)),
    ...(labelled === null ? [] : labelledFaults(labelled)),
  ];
  // Of what was found of the index: who asks again and again must not make that new.
  const at = recent?.at ?? new Date().toISOString();
  return {
    at,
    ...counts,
    recall,
    sampled,
    ...(recallBefore !== undefined && { recallBefore }),
    ...(labelled && { labelled }),
    faults,
  };
}

type Recall = Pick<SpaceCheck, 'recall' | 'sampled' | 'recallBefore'>;

/** What the last check found of this very index: one that is built anew has none (src/space/vector-index.ts). */
function recentOf({ checked }: Space): SpaceCheck | null {
  const last = checked as SpaceCheck | null;
  if (last === null || last.sampled === 0) return null;
  return Date.now() - Date.parse(last.at) < RECENT_MS ? last : null;
}

async function measureBoth(
  database: Database,
  { name, active, second, row }: { name: string; active: Space; second: Space; row: SourceRow },
): Promise<Recall> {
  const found = await measureRecall(database, row.name, second);
  if (found.recall >= LEAST_RECALL) return found;
  return { ...found, recallBefore: (await measureRecall(database, name, active)).recall };
}

export interface CheckParts {
  /** Of the source; the second space's is that of `row`. */
  name: string;
  isQueued: boolean;
  isPending: boolean;
  /** Whether what a check of just now found of the index is taken for what it would find. */
  takesRecent: boolean;
  search(request: SearchRequest): Promise<SearchAnswer>;
}

function recallFaults(recall: number, before: number): string[] {
  if (recall >= before - MOST_RECALL_LOSS) return [];
  const [was, is] = [before, recall].map((share) => Math.round(share * 100));
  return [`its index finds ${is} % of what is nearest, that of the first space ${was} %`];
}

type Labelled = NonNullable<SpaceCheck['labelled']>;

function labelledFaults({ queries, before, now }: Labelled): string[] {
  if (queries < LEAST_LABELLED || now.ndcg10 >= before.ndcg10 - MOST_LOSS) return [];
  const [was, is] = [before.ndcg10.toFixed(3), now.ndcg10.toFixed(3)];
  return [`searches rank ${queries} labelled queries worse with it: nDCG@10 ${is}, not ${was}`];
}

async function measureLabelled(
  database: Database,
  name: string,
  second: string,
  search: CheckParts['search'],
): Promise<Labelled | null> {
  const queries = await judgedQueries(database, name, MAX_LABELLED);
  if (queries.length === 0) return null;
  const qualityOf = async (source: string) => {
    const parallel = database.capabilities.connections;
    const modes = ['hybrid'] as const;
    return (await measure(queries, { search, modes, sources: [source], parallel })).hybrid;
  };
  try {
    const [before, now] = [await qualityOf(name), await qualityOf(second)];
    return before && now ? { queries: queries.length, before, now } : null;
  } catch (error) {
    // A migration may be the way away from a provider that is gone.
    if (error instanceof EvervecError) return null;
    throw error;
  }
}

function missingFault({ missing, parked }: Pick<SpaceCheck, 'missing' | 'parked'>): string {
  const of = parked > 0 ? `, ${parked} of them parked (evervec queue failed)` : '';
  return `${missing} records have no vector in it${of}`;
}

async function countRecords(
  connection: Connection,
  active: Space,
  second: Space,
  row: SourceRow,
): Promise<Pick<SpaceCheck, 'records' | 'missing' | 'parked'>> {
  const keys = (space: Space) =>
    `select record_key from ${sidecarName(space.id)} where embedding is not null group by record_key`;
  // What is parked by the first space's model is missing there, too, and no fault of the second.
  const { rows } = await connection.query<{
    before: number;
    now: number;
    missing: number;
    parked: number;
  }>(
    `with before as materialized (${keys(active)}), now as materialized (${keys(second)}),
    missing as materialized (select record_key from before except select record_key from now)
    select (select count(*) from before)::float8 as before, (select count(*) from now)::float8 as now,
      (select count(*) from missing)::float8 as missing,
      (select count(*) from missing join evervec.jobs job using (record_key)
        where job.source_id = $1 and job.state = 3)::float8 as parked`,
    [row.id],
  );
  const { before = 0, now = 0, missing = 0, parked = 0 } = rows[0] ?? {};
  return { records: { before, now }, missing, parked };
}

/** Exact and by the index, over vectors of the space itself; without an index every search is exact. */
async function measureRecall(
  database: Database,
  source: string,
  space: Space,
): Promise<Pick<SpaceCheck, 'recall' | 'sampled'>> {
  if (!space.isIndexed) return { recall: 1, sampled: 0 };
  const vectors = await sampleVectors(database, space, SAMPLE);
  const indexed: number[][] = [];
  for (const vector of vectors) indexed.push(await nearest(database, source, vector, {}));
  // What is nearest is no farther than the last that the index found, unless that found too few.
  const radii = indexed.map((found) => (found[NEAREST - 1] ?? FARTHEST) + ROUNDING);
  const exact = await nearestWithin(database, space, vectors, radii, NEAREST);
  let found = 0;
  let wanted = 0;
  for (const [n, distances] of exact.entries()) {
    found += countNear(indexed[n] ?? [], distances);
    wanted += distances.length;
  }
  return { recall: wanted === 0 ? 1 : Math.min(1, found / wanted), sampled: exact.length };
}
