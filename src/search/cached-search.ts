/**
 * Answers a search from what was answered before, where nothing that could change the answer has been committed since. A
 * key is the whole request, tiers and filter included, and the generation of what it looks at (`generation.ts`); it is
 * the same or another one, never similar. So what one asker may see never answers another who asks with other tiers.
 */
import { createHash } from 'node:crypto';
import type { Connection } from '../database/index.ts';
import type { AnswerCache } from './answer-cache.ts';
import { readGeneration } from './generation.ts';
import type { SearchAnswer, SearchRequest } from './request.ts';

/** @param ask does the search */
export async function cachedSearch(
  cache: AnswerCache,
  connection: Connection & { readonly schema: string },
  request: SearchRequest,
  ask: () => Promise<SearchAnswer>,
): Promise<SearchAnswer> {
  const started = performance.now();
  const generation = await readGeneration(connection, request.sources);
  if (generation === null) {
    cache.bypass();
    return { ...(await ask()), cache: 'bypass' };
  }
  const key = keyOf(connection.schema, generation, request);
  const known = cache.get(key);
  if (known !== null) {
    const took = Math.round((performance.now() - started) * 100) / 100;
    // Parsed anew each time: what a caller does to an answer is seen by no other.
    return { ...(JSON.parse(known) as SearchAnswer), took_ms: took, cache: 'hit' };
  }
  const answer = await ask();
  cache.set(key, JSON.stringify(answer));
  return { ...answer, cache: 'miss' };
}

function keyOf(schema: string, generation: string, request: SearchRequest): string {
  const { sources, tiers, ...rest } = request;
  const sets = { sources: sources && [...sources].sort(), tiers: tiers && [...tiers].sort() };
  const whole = JSON.stringify([schema, generation, canonical(sets), canonical(rest)]);
  return createHash('sha256').update(whole).digest('base64');
}

/** The same for equal values, whatever the order of their keys; objects as lists, so that no key is lost or special. */
function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([, one]) => one !== undefined);
  return {
    of: entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, one]) => [name, canonical(one)]),
  };
}
