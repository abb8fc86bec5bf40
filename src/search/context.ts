/**
 * What an assistant reads: the passages that a search found, within a number of tokens, by record and in reading order, with
 * where they are from. It asks the search, so that nothing is in it which the caller does not find; it ranks nothing itself.
 */
import { cutWithin, tokenBound } from '../chunk/index.ts';
import type { Connection } from '../database/index.ts';
import { SearchRequestError } from '../errors/index.ts';
import { type Budget, chosenChunks, Draft, type Entry } from './context-draft.ts';
import type { Citation, ContextAnswer, ContextOptions, ContextRequest } from './context-request.ts';
import { drawMark, formatContext, formatHead, formatPassage } from './context-text.ts';
import { type NearRequest, readNearby } from './nearby.ts';
import { mergePieces, type Piece } from './passages.ts';
import type { SearchAnswer, SearchHit, SearchRequest } from './request.ts';

export interface ContextParts {
  connection: Connection;
  search(request: SearchRequest, signal?: AbortSignal): Promise<SearchAnswer>;
  /** The query's vector, of each of these sources. */
  vectorsOf(query: string, sources: readonly string[]): Promise<Map<string, Float32Array>>;
  /** Whole texts of records of a source, of those that can be had: key → text. */
  textsOf(source: string, keys: readonly string[]): Promise<Map<string, string>>;
}

const DEFAULTS = { tokens: 2_000, limit: 20, neighbors: 1 };
const LIMITS = { tokens: [1, 200_000], limit: [1, 100], neighbors: [0, 5] } as const;

/** @throws SearchRequestError, and whatever the search throws */
export async function contextFor(
  parts: ContextParts,
  request: ContextRequest,
  { countTokens = tokenBound }: ContextOptions = {},
  signal?: AbortSignal,
): Promise<ContextAnswer> {
  const { tokens, limit, neighbors, ...asked } = checked(request);
  const started = performance.now();
  const answer = await parts.search({ ...asked, limit }, signal);
  const isByWords = answer.mode === 'text' || answer.hits.length === 0;
  const sources = [...new Set(answer.hits.map(({ source }) => source))];
  const vectors = isByWords ? new Map() : await parts.vectorsOf(asked.query, sources);
  const near = { query: asked.query, reach: neighbors, tiers: asked.tiers, vectors };
  const entries = await entriesOf(parts, answer.hits, near);
  const mark = drawMark(entries.flatMap(textsIn));
  const budget = { tokens, count: countTokens, mark };
  const records = entries.length === 0 ? [] : await fill(parts, entries, neighbors, budget);
  const citations = citationsOf(records);
  const text = citations.length === 0 ? '' : formatContext(records, mark);
  const { mode, space, warning } = answer;
  return {
    text,
    tokens: text === '' ? 0 : countTokens(text),
    citations,
    mark: text === '' ? '' : mark,
    ...(text === '' && { reason: entries.length === 0 ? 'nothing found' : 'too few tokens' }),
    ...(warning !== undefined && { warning }),
    took_ms: Math.round((performance.now() - started) * 100) / 100,
    mode,
    space,
  };
}

function checked(request: ContextRequest): ContextRequest & typeof DEFAULTS {
  const wanted = { ...DEFAULTS, ...request };
  for (const name of ['tokens', 'limit', 'neighbors'] as const) {
    const [least, most] = LIMITS[name];
    const value = wanted[name];
    if (Number.isInteger(value) && value >= least && value <= most) continue;
    throw new SearchRequestError(`${name} ${value} is out of range.`, {
      remedy: `Use ${least} to ${most}.`,
      isUsage: true,
    });
  }
  return wanted;
}

/** The hits with what is around them; without those that are unrelated, or gone since. */
async function entriesOf(
  { connection }: ContextParts,
  hits: readonly SearchHit[],
  near: NearRequest,
): Promise<Entry[]> {
  // A re-ranker knows better than the score that its hits came with.
  const related = hits.filter(({ score, scores }) => score > 0 || scores.rerank !== undefined);
  const nearby = await readNearby(connection, related, near);
  return related.flatMap((hit) => {
    const record = nearby.get(hit);
    if (record === undefined) return [];
    return [{ hit, title: textOf(hit, 'title'), record, chosen: new Set<number>() }];
  });
}

function textsIn({ title, record }: Entry): string[] {
  const chunks = [...record.chunks.values()];
  return [title ?? '', ...chunks.flatMap(({ text, section }) => [text, section ?? ''])];
}

/** A record with what is shown of it. */
interface Filled extends Entry {
  pieces: Piece[];
}

async function fill(
  parts: ContextParts,
  entries: readonly Entry[],
  neighbors: number,
  budget: Budget,
): Promise<Filled[]> {
  const draft = new Draft(entries, budget, budget.count(formatHead(budget.mark)));
  if (!draft.addBest()) return cutFirst(entries, budget);
  draft.addMatching();
  draft.addNeighbours(neighbors);
  const wholes = await readWholes(parts, draft.chosen);
  for (;;) {
    const filled = draft.chosen.map((entry) => ({
      ...entry,
      pieces: mergePieces(chosenChunks(entry), wholes.get(entry)),
    }));
    // Where it was not estimated from above: chunks that could not be joined, or a counter with laws of its own.
    if (budget.count(formatContext(filled, budget.mark)) <= budget.tokens) return filled;
    if (!draft.takeBack()) return cutFirst(entries, budget);
  }
}

/** The best passage as far as it goes. */
function cutFirst(entries: readonly Entry[], budget: Budget): Filled[] {
  const [entry] = entries;
  const chunk = entry?.record.chunks.get(entry.hit.chunk.index);
  if (entry === undefined || chunk === undefined) return [];
  const frame = `${formatHead(budget.mark)}\n\n${formatPassage(entry.title, { ...chunk, text: '' }, 1, budget.mark)}`;
  let room = budget.tokens - budget.count(frame);
  while (room > 0) {
    const text = chunk.text.slice(0, cutWithin(chunk.text, room));
    if (text === '') return [];
    const filled = [{ ...entry, pieces: [{ ...chunk, text, end: chunk.start + text.length }] }];
    if (budget.count(formatContext(filled, budget.mark)) <= budget.tokens) return filled;
    room = Math.min(room - 1, Math.floor(room * 0.8));
  }
  return [];
}

/** The texts of records whose chunks have blanks between them, which nobody stored. */
async function readWholes(
  { textsOf }: ContextParts,
  entries: readonly Entry[],
): Promise<Map<Entry, string>> {
  const wanted = entries.filter((entry) => mergePieces(chosenChunks(entry)).length > 1);
  const wholes = new Map<Entry, string>();
  for (const [source, group] of Map.groupBy(wanted, ({ hit }) => hit.source)) {
    const texts = await textsOf(
      source,
      group.map(({ hit }) => hit.key),
    );
    for (const entry of group) {
      const text = texts.get(entry.hit.key);
      if (text !== undefined) wholes.set(entry, text);
    }
  }
  return wholes;
}

function citationsOf(records: readonly Filled[]): Citation[] {
  const pieces = records.flatMap((entry) => entry.pieces.map((piece) => ({ entry, piece })));
  return pieces.map(({ entry: { hit, title, record }, piece }, place) => {
    const url = [textOf(hit, 'origin'), textOf(hit, 'url')].find(isAddress);
    return {
      n: place + 1,
      source: hit.source,
      key: hit.key,
      version: record.version,
      title,
      section: piece.section,
      page: piece.page,
      start: piece.start,
      end: piece.end,
      ...(url != null && { url }),
    };
  });
}

function textOf({ record }: SearchHit, column: string): string | null {
  const value = record[column];
  return typeof value === 'string' && value.trim() !== '' ? value : null;
}

function isAddress(text: string | null): boolean {
  return text !== null && /^https?:\/\/\S+$/i.test(text);
}
