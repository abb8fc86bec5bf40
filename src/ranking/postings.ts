/** Which texts have a term and how often, in flat arrays: made from the words of all texts, in steps, since it takes a while. */

/** Words after which a step ends: some milliseconds. */
const WORDS_OF_STEP = 100_000;

export interface Postings {
  /** Term t has the entries `begins[t]` to `begins[t + 1]`. (terms + 1) */
  readonly begins: Uint32Array;
  /** Ascending within a term. (entries) */
  readonly texts: TextNumbers;
  /** (entries) */
  readonly frequencies: Uint16Array;
}

/** A third of the memory less where two bytes tell all texts apart. */
type TextNumbers = Uint16Array | Uint32Array;
export const MOST_OF_TWO_BYTES = 0x1_0000;

/**
 * @param words terms of all texts, one text after the other
 * @param lengths how many of them each text has (texts)
 */
export function* postingsInSteps(
  words: Uint32Array,
  lengths: Float64Array,
  termCount: number,
): Generator<void, Postings> {
  const begins = new Uint32Array(termCount + 1);
  const lastText = new Int32Array(termCount).fill(-1);
  yield* eachWord(words, lengths, (term, text) => {
    if (lastText[term] !== text) begins[term + 1] = (begins[term + 1] ?? 0) + 1;
    lastText[term] = text;
  });
  for (let term = 0; term < termCount; term++)
    begins[term + 1] = (begins[term + 1] ?? 0) + (begins[term] ?? 0);
  const entries = begins[termCount] ?? 0;
  const texts: TextNumbers =
    lengths.length <= MOST_OF_TWO_BYTES ? new Uint16Array(entries) : new Uint32Array(entries);
  const frequencies = new Uint16Array(entries);
  const next = begins.slice();
  lastText.fill(-1);
  yield* eachWord(words, lengths, (term, text) => {
    if (lastText[term] !== text) {
      lastText[term] = text;
      texts[next[term] ?? 0] = text;
      next[term] = (next[term] ?? 0) + 1;
    }
    const at = (next[term] ?? 0) - 1;
    frequencies[at] = Math.min(0xffff, (frequencies[at] ?? 0) + 1);
  });
  return { begins, texts, frequencies };
}

function* eachWord(
  words: Uint32Array,
  lengths: Float64Array,
  visit: (term: number, text: number) => void,
): Generator<void, void> {
  let at = 0;
  let pause = WORDS_OF_STEP;
  for (let text = 0; text < lengths.length; text++) {
    for (const end = at + (lengths[text] ?? 0); at < end; at++) visit(words[at] ?? 0, text);
    if (at < pause) continue;
    pause = at + WORDS_OF_STEP;
    yield;
  }
}
