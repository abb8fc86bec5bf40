/** What a chunk of a release is found by, the same where the release is made and where it is installed. Pure. */
import { contextOf } from '../chunk/context.ts';
import { mayBeginWithHeading } from '../chunk/outline.ts';
import type { ReleaseIndex } from '../format/index.ts';
import type { TextPart } from '../ranking/index.ts';

/** Where the source has titles, these and the headings stand before the text, as in the database. */
export function wordsOfChunks(index: ReleaseIndex): (chunk: number) => TextPart[] {
  const textOf = (chunk: number) => ({
    utf8: index.textBytes(chunk),
    toString: () => index.text(chunk),
  });
  if (!hasTitle(index)) return (chunk) => [textOf(chunk)];
  return (chunk) => {
    const text = textOf(chunk);
    // Of the text only the headings that it begins with are asked for.
    const beginning = mayBeginWithHeading(text.utf8) ? text.toString() : '';
    const about = { section: index.section(chunk), text: beginning };
    return [contextOf(index.title(index.recordOf(chunk)), about), text];
  };
}

function hasTitle(index: ReleaseIndex): boolean {
  for (let record = 0; record < index.recordCount; record++)
    if (index.title(record) !== null) return true;
  return false;
}
