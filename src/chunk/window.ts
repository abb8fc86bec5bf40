/** Where a chunk may begin and how far it may reach: the same for every chunker, whatever it cuts at. */
import { isBlank, isInsideSequence } from './boundaries.ts';
import type { Limits } from './limits.ts';
import { startWithin, unitsWithin } from './token-bound.ts';

/** How far back a chunk may begin: what it repeats takes half of it at most. */
export function earliestStart(text: string, done: number, lowest: number, limits: Limits): number {
  const { overlapChars, maxTokens } = limits;
  const earliest = Math.max(done - overlapChars, lowest);
  return maxTokens === Infinity
    ? earliest
    : startWithin(text, done, Math.floor(maxTokens / 2), earliest);
}

/**
 * Where a chunk that may repeat the units from `earliest` to `done` begins: at the first word there,
 * or at the first whole character where no word begins.
 */
export function overlapStart(text: string, done: number, earliest: number): number {
  for (let at = earliest; at < done; at++)
    if (isBlank(text.charCodeAt(at - 1)) && !isBlank(text.charCodeAt(at))) return at;
  for (let at = earliest; at < done; at++)
    if (!isBlank(text.charCodeAt(at)) && !isInsideSequence(text, at)) return at;
  return done;
}

/** Units of the window at `start`, enough to go beyond `done` by a whole character. */
export function roomAt(text: string, start: number, done: number, limits: Limits): number {
  const { maxChars, maxTokens } = limits;
  if (maxTokens === Infinity) return maxChars;
  return Math.max(unitsWithin(text, start, maxTokens, maxChars), done - start + 2);
}

export function skipBlanks(text: string, from: number, to: number): number {
  let at = from;
  while (at < to && isBlank(text.charCodeAt(at))) at++;
  return at;
}

export function skipBlanksBack(text: string, from: number, to: number): number {
  let at = from;
  while (at > to && isBlank(text.charCodeAt(at - 1))) at--;
  return at;
}
