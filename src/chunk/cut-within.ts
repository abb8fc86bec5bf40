/** Where a text is cut that is too long for what it is to be shown in: not a chunk, so nothing is stored of it. */
import { Cut, rankCut, safeCut } from './boundaries.ts';
import { unitsWithin } from './token-bound.ts';
import { skipBlanksBack } from './window.ts';

/**
 * How far from its start a text goes within `maxTokens` (by `tokenBound`): up to the last end of a sentence, else of a
 * word, else to where the limit falls between two characters.
 * @returns an offset, 0 where nothing fits
 */
export function cutWithin(text: string, maxTokens: number): number {
  const room = unitsWithin(text, 0, maxTokens, text.length);
  if (room === text.length) return skipBlanksBack(text, room, 0);
  for (const least of [Cut.sentence, Cut.word])
    for (let at = room; at > 0; at--)
      if (rankCut(text, at, 0) >= least) {
        const end = skipBlanksBack(text, at, 0);
        if (end > 0) return end;
      }
  return room < 2 ? 0 : skipBlanksBack(text, safeCut(text, room, 1), 0);
}
