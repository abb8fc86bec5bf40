/**
 * How much of what is nearest searches find in a source, and how long they take, by how widely they look: measured with
 * vectors between those of the space, through the same function as every search, against an exact one. Reads only; asks no model.
 */
import type { Database } from '../database/index.ts';
import { ConfigError } from '../errors/index.ts';
import { countNear, sampleVectors, type Space } from '../space/index.ts';
import { nearest } from './nearest.ts';
import { activeSpace } from './spaces.ts';
import type { Wired } from './wiring.ts';

export interface Advice {
  source: string;
  index: 'hnsw' | 'ivfflat' | 'binary' | 'none';
  /** What is varied; null without an index, where every search is exact. */
  setting: 'efSearch' | 'probes' | null;
  /** Recall@10 that was asked for. */
  wanted: number;
  /** The least setting that reaches it; null where none does, or none is needed. */
  advised: number | null;
  /** Of all vectors, p50. */
  exact_ms: number;
  /** Vectors that were searched for. */
  sampled: number;
  measured: { value: number; recall: number; p50_ms: number }[];
}

const SAMPLE = 100;
/** Of the exact searches: no more of the sample than fits. */
const SAMPLE_MS = 20_000;
const EF_SEARCH = [10, 20, 40, 80, 100, 160, 320, 640, 1_000];
const PROBES = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000];

const INDEX = `
select case when indexed_at is null then 'none' when built_with ->> 'quantize' = 'binary' then 'binary'
  else coalesce(built_with ->> 'type', 'hnsw') end as index, coalesce((built_with ->> 'lists')::integer, 0) as lists
from evervec.spaces where id = $1`;

/** @throws ConfigError for a recall out of range */
export async function advise(
  database: Database,
  { row, source }: Wired,
  wanted: number,
): Promise<Advice> {
  if (!(wanted > 0 && wanted <= 1))
    throw new ConfigError(`A recall of ${wanted} is none.`, {
      remedy: 'Ask for a share above 0, up to 1, such as 0.98.',
      isUsage: true,
    });
  const space = await activeSpace(database, row);
  const { index, lists } = await indexOf(database, space);
  const exact = await searchExactly(database, source.name, space);
  const advice: Advice = {
    source: source.name,
    index,
    setting: index === 'none' ? null : index === 'ivfflat' ? 'probes' : 'efSearch',
    wanted,
    advised: null,
    exact_ms: median(exact.map(({ ms }) => ms)),
    sampled: exact.length,
    measured: [],
  };
  if (advice.setting === null || exact.length === 0) return advice;
  const values = index === 'ivfflat' ? PROBES.filter((probes) => probes <= lists) : EF_SEARCH;
  for (const value of values) {
    const one = await measure(database, source.name, { [advice.setting]: value }, exact);
    advice.measured.push({ value, ...one });
    if (one.recall < wanted) continue;
    advice.advised ??= value;
    // What comes after is slower and finds no less; one shows by how much.
    if (value > advice.advised) break;
  }
  return advice;
}

async function indexOf(
  database: Database,
  { id }: Space,
): Promise<{ index: Advice['index']; lists: number }> {
  const { rows } = await database.query<{ index: Advice['index']; lists: number }>(INDEX, [id]);
  return rows[0] ?? { index: 'none', lists: 0 };
}

interface Exact {
  vector: string;
  nearest: number[];
  ms: number;
}

async function searchExactly(database: Database, source: string, space: Space): Promise<Exact[]> {
  const until = performance.now() + SAMPLE_MS;
  const exact: Exact[] = [];
  for (const vector of besides(await sampleVectors(database, space, SAMPLE))) {
    if (performance.now() > until) break;
    exact.push({ vector, ...(await timed(database, source, vector, { exact: true })) });
  }
  return exact;
}

/** Beside what is in the space, as queries are: a vector that an index holds is found by it more easily. */
function besides(vectors: readonly string[]): string[] {
  const parsed = vectors.map((vector) => JSON.parse(vector) as number[]);
  return parsed.map((vector, i) => {
    const other = parsed[(i + 1) % parsed.length] ?? vector;
    return JSON.stringify(vector.map((value, k) => value + 0.5 * (other[k] ?? 0)));
  });
}

async function measure(
  database: Database,
  source: string,
  expert: object,
  exact: readonly Exact[],
): Promise<{ recall: number; p50_ms: number }> {
  let [found, wanted] = [0, 0];
  const times: number[] = [];
  for (const { vector, nearest: truly } of exact) {
    const one = await timed(database, source, vector, expert);
    found += countNear(one.nearest, truly);
    wanted += truly.length;
    times.push(one.ms);
  }
  return { recall: wanted === 0 ? 1 : Math.min(1, found / wanted), p50_ms: median(times) };
}

async function timed(database: Database, source: string, vector: string, expert: object) {
  const started = performance.now();
  const found = await nearest(database, source, vector, expert);
  return { nearest: found, ms: performance.now() - started };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return Math.round((sorted[Math.floor(sorted.length / 2)] ?? 0) * 1_000) / 1_000;
}
