/**
 * Finds texts by their words: BM25 over an inverted index that is built where it is searched (a page, a worker), so that none has to be
 * downloaded. Pure; texts are read once, and again only where a phrase is looked for. A word is a run of letters and digits, so in scripts
 * without blanks a whole phrase is one.
 *
 * Source: Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond", 2009; idf as Lucene has it, which
 * is never below 0. What a query may say is what `evervec.ask_words` takes.
 */
import { askedWords } from './asked-words.ts';
import { countInWasm, isOfKernel, loadWordKernel } from './count-in-wasm.ts';
import { countWords, type PartsOf, type WordCounts } from './count-words.ts';
import { textsWith } from './phrases.ts';
import type { Postings } from './postings.ts';
import { readQuery } from './read-query.ts';
import { Terms } from './terms.ts';

const K1 = 1.2;
const B = 0.75;
/** The beginning of a word counts as a word that a tenth of the texts have. */
const PREFIX_WEIGHT = Math.log(10);

export interface WordIndex {
  readonly textCount: number;
  /** Distinct stems. */
  readonly termCount: number;
  /**
   * @returns BM25 of every text, 0 for those that do not have what the query asks for (texts)
   */
  scores(query: string): Float64Array;
}

/**
 * @param partsOf of each of `count`, in order; asked for again where a query has a phrase
 * @param language `english` stems words of a to z and leaves out stop words; any other takes words as they are, in lower case
 */
export function buildWordIndex(count: number, partsOf: PartsOf, language?: string): WordIndex {
  const steps = wordIndexInSteps(count, partsOf, language);
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

/** The same in steps of some milliseconds, for a thread that has other things to do. */
export function* wordIndexInSteps(
  count: number,
  partsOf: PartsOf,
  language = 'english',
): Generator<void, WordIndex> {
  const counts = yield* countsOf(count, partsOf, language);
  return new Bm25(counts, new Terms(counts.stems, language), partsOf);
}

/** In WebAssembly where it runs, the same from both. */
function* countsOf(count: number, partsOf: PartsOf, language: string): Generator<void, WordCounts> {
  const kernel = loadWordKernel();
  if (kernel !== undefined)
    try {
      return yield* countInWasm(kernel, count, partsOf, language);
    } catch (error) {
      if (!isOfKernel(error)) throw error;
    }
  return yield* countWords(count, partsOf, language);
}

class Bm25 implements WordIndex {
  readonly textCount: number;
  readonly #terms: Terms;
  readonly #postings: Postings;
  readonly #weights: Float64Array;
  readonly #partsOf: PartsOf;

  constructor({ postings, lengths }: WordCounts, terms: Terms, partsOf: PartsOf) {
    this.textCount = lengths.length;
    this.#terms = terms;
    this.#postings = postings;
    this.#weights = lengthWeights(lengths);
    this.#partsOf = partsOf;
  }

  get termCount(): number {
    return this.#terms.count;
  }

  scores(query: string): Float64Array {
    const written = readQuery(query);
    const { shares, prefixes } = askedWords(written, this.#terms, this.#postings);
    const scores = new Float64Array(this.textCount);
    for (const [term, share] of shares) this.#add(scores, term, share);
    if (prefixes.length > 0)
      for (const text of this.#textsOfAny(prefixes))
        scores[text] = (scores[text] ?? 0) + PREFIX_WEIGHT;
    for (const phrase of written.phrases) {
      const having = this.#having(phrase);
      if (having !== undefined)
        for (let text = 0; text < scores.length; text++) if (!having.has(text)) scores[text] = 0;
    }
    for (const phrase of written.excluded)
      for (const text of this.#having(phrase) ?? []) scores[text] = 0;
    return scores;
  }

  #add(scores: Float64Array, term: number, share: number): void {
    const { begins, texts, frequencies } = this.#postings;
    const from = begins[term] ?? 0;
    const to = begins[term + 1] ?? 0;
    const idf = share * Math.log(1 + (this.textCount - (to - from) + 0.5) / (to - from + 0.5));
    for (let at = from; at < to; at++) {
      const text = texts[at] ?? 0;
      const frequency = frequencies[at] ?? 0;
      scores[text] =
        (scores[text] ?? 0) +
        (idf * frequency * (K1 + 1)) / (frequency + (this.#weights[text] ?? 0));
    }
  }

  #textsOfAny(terms: readonly number[]): Set<number> {
    const { begins, texts } = this.#postings;
    const found = new Set<number>();
    for (const term of terms)
      for (const text of texts.subarray(begins[term], begins[term + 1])) found.add(text);
    return found;
  }

  /** @returns undefined for a phrase of stop words, which says nothing */
  #having(phrase: string): Set<number> | undefined {
    return textsWith(phrase, this.#terms, this.#postings, (text) => this.#partsOf(text).join('\n'));
  }
}

/** k1 · (1 − b + b · length / mean length) */
function lengthWeights(lengths: Float64Array): Float64Array {
  const mean = lengths.reduce((sum, length) => sum + length, 0) / (lengths.length || 1);
  return lengths.map((length) => K1 * (1 - B + (B * length) / (mean || 1)));
}
