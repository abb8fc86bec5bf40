/**
 * Finds texts by their words: BM25 over an inverted index that is built where it is searched (a page, a worker), so that none has to be
 * downloaded. Pure; texts are read once and not kept. A word is a run of letters and digits, so in scripts without blanks a whole phrase is one.
 *
 * Source: Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond", 2009; idf as Lucene has it, which
 * is never below 0.
 */
import { Terms } from './terms.ts';

const K1 = 1.2;
const B = 0.75;

export interface WordIndex {
  readonly textCount: number;
  /** Distinct stems. */
  readonly termCount: number;
  /**
   * @returns BM25 of every text, 0 where it has none of the query's words (texts)
   */
  scores(query: string): Float64Array;
}

/**
 * @param texts as many as `count`; each is asked for once, in order
 * @param language `english` stems words of a to z; any other takes words as they are, in lower case
 */
export function buildWordIndex(
  count: number,
  textOf: (text: number) => string,
  language = 'english',
): WordIndex {
  const terms = new Terms(language);
  const lengths = new Float64Array(count);
  let words = new Uint32Array(1024);
  let used = 0;
  for (let text = 0; text < count; text++) {
    const from = used;
    terms.read(textOf(text), (term) => {
      if (used === words.length) words = grown(words);
      words[used++] = term;
    });
    lengths[text] = used - from;
  }
  const { begins, texts, frequencies } = postingsOf(words, lengths, terms.count);
  const weights = lengthWeights(lengths);
  return {
    textCount: count,
    termCount: terms.count,
    scores(query) {
      const scores = new Float64Array(count);
      for (const term of terms.known(query)) {
        const from = begins[term] ?? 0;
        const to = begins[term + 1] ?? 0;
        const idf = Math.log(1 + (count - (to - from) + 0.5) / (to - from + 0.5));
        for (let at = from; at < to; at++) {
          const text = texts[at] ?? 0;
          const frequency = frequencies[at] ?? 0;
          scores[text] =
            (scores[text] ?? 0) + (idf * frequency * (K1 + 1)) / (frequency + (weights[text] ?? 0));
        }
      }
      return scores;
    },
  };
}

/** For each term the texts that have it, ascending, and how often: in arrays, where term t has `begins[t]` to `begins[t + 1]`. */
function postingsOf(words: Uint32Array, lengths: Float64Array, termCount: number) {
  const begins = new Uint32Array(termCount + 1);
  const lastText = new Int32Array(termCount).fill(-1);
  eachWord(words, lengths, (term, text) => {
    if (lastText[term] !== text) begins[term + 1] = (begins[term + 1] ?? 0) + 1;
    lastText[term] = text;
  });
  for (let term = 0; term < termCount; term++)
    begins[term + 1] = (begins[term + 1] ?? 0) + (begins[term] ?? 0);
  const texts = new Uint32Array(begins[termCount] ?? 0);
  const frequencies = new Uint32Array(texts.length);
  const next = begins.slice();
  lastText.fill(-1);
  eachWord(words, lengths, (term, text) => {
    if (lastText[term] !== text) {
      lastText[term] = text;
      texts[next[term] ?? 0] = text;
      next[term] = (next[term] ?? 0) + 1;
    }
    const at = (next[term] ?? 0) - 1;
    frequencies[at] = (frequencies[at] ?? 0) + 1;
  });
  return { begins, texts, frequencies };
}

function eachWord(
  words: Uint32Array,
  lengths: Float64Array,
  visit: (term: number, text: number) => void,
): void {
  let at = 0;
  for (let text = 0; text < lengths.length; text++)
    for (const end = at + (lengths[text] ?? 0); at < end; at++) visit(words[at] ?? 0, text);
}

/** k1 · (1 − b + b · length / mean length) */
function lengthWeights(lengths: Float64Array): Float64Array {
  const mean = lengths.reduce((sum, length) => sum + length, 0) / (lengths.length || 1);
  return lengths.map((length) => K1 * (1 - B + (B * length) / (mean || 1)));
}

function grown(words: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(2 * words.length);
  larger.set(words);
  return larger;
}
