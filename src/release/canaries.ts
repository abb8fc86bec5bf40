/**
 * Chooses queries that prove an index where it was installed: by words alone, since those need no model. Each was asked here before, by the same
 * word index that clients build.
 */
import { createHash } from 'node:crypto';
import type { ReleaseIndex, ReleaseManifest } from '../format/index.ts';
import { buildWordIndex, type WordIndex } from '../ranking/index.ts';
import { wordsOfChunks } from '../search/words-of-chunks.ts';

type Canary = ReleaseManifest['canaries'][number];

const CANARIES = 8;
/** Records that are looked at until there are enough. */
const MAX_LOOKED_AT = 64;
const WORDS = 4;
/** Long words are rare ones. A manifest has no room for longer ones than a name's. */
const WORD = /\p{L}[\p{L}\p{M}\p{N}]{3,39}/gu;
/** A client looks among the first ten; here it must be among these, so that ties elsewhere in the order do no harm. */
const MUST_BE_AMONG = 3;

/** @returns at most 8, the same for the same index; none where no text has words of four letters or more */
export function chooseCanaries(index: ReleaseIndex): Canary[] {
  const { language } = index.about;
  const words = buildWordIndex(index.chunkCount, wordsOfChunks(index), language);
  const canaries: Canary[] = [];
  for (const record of recordsByHash(index)) {
    const query = queryFor(index, record);
    if (query === null || !isFound(index, words, query, record)) continue;
    canaries.push({ query, expects: [index.key(record)] });
    if (canaries.length === CANARIES) break;
  }
  return canaries;
}

/** All over the index, and the same again when other records come and go. */
function recordsByHash(index: ReleaseIndex): number[] {
  const hashes = Array.from({ length: index.recordCount }, (_, record) => ({
    record,
    hash: createHash('sha256').update(index.key(record)).digest('hex'),
  }));
  hashes.sort((a, b) => (a.hash < b.hash ? -1 : 1));
  return hashes.slice(0, MAX_LOOKED_AT).map(({ record }) => record);
}

/** Of the record's first chunk the longest words. */
function queryFor(index: ReleaseIndex, record: number): string | null {
  const words = new Set(index.text(index.record(record).firstChunk).match(WORD));
  const chosen = [...words].sort((a, b) => b.length - a.length || (a < b ? -1 : 1));
  return chosen.length === 0 ? null : chosen.slice(0, WORDS).join(' ');
}

function isFound(index: ReleaseIndex, words: WordIndex, query: string, record: number): boolean {
  const { firstChunk, chunkCount } = index.record(record);
  const scores = words.scores(query);
  const own = scores.slice(firstChunk, firstChunk + chunkCount).reduce((a, b) => Math.max(a, b), 0);
  if (own === 0) return false;
  // What scores as well may stand before it.
  scores.fill(0, firstChunk, firstChunk + chunkCount);
  const others = new Set<number>();
  for (const [chunk, score] of scores.entries())
    if (score >= own && others.add(index.recordOf(chunk)).size === MUST_BE_AMONG) return false;
  return true;
}
