/** BM25 as its authors wrote it down, over lexemes that are given: what the search by words is compared with. Pure. */

const K1 = 1.2;
const B = 0.75;

export interface LexemeCount {
  document: string;
  lexeme: string;
  count: number;
}

/** Robertson and Zaragoza, "The probabilistic relevance framework: BM25 and beyond", 2009; the idf of Lucene, never negative. */
export class ReferenceBm25 {
  readonly #postings = new Map<string, [document: string, count: number][]>();
  readonly #lengths = new Map<string, number>();
  readonly #documents: number;

  /** @param documents how many there are, those without a lexeme included */
  constructor(counts: Iterable<LexemeCount>, documents: number) {
    this.#documents = documents;
    for (const { document, lexeme, count } of counts) {
      const postings = this.#postings.get(lexeme) ?? [];
      if (postings.length === 0) this.#postings.set(lexeme, postings);
      postings.push([document, count]);
      this.#lengths.set(document, (this.#lengths.get(document) ?? 0) + count);
    }
  }

  /** @returns documents with a lexeme of the query and their scores, best first, equals by their id */
  scores(lexemes: readonly string[]): [document: string, score: number][] {
    const average =
      this.#lengths.values().reduce((sum, length) => sum + length, 0) / this.#documents;
    const scores = new Map<string, number>();
    for (const lexeme of lexemes) {
      const postings = this.#postings.get(lexeme) ?? [];
      const idf = Math.log(1 + (this.#documents - postings.length + 0.5) / (postings.length + 0.5));
      for (const [document, count] of postings) {
        const length = this.#lengths.get(document) ?? 0;
        const weight = (count * (K1 + 1)) / (count + K1 * (1 - B + (B * length) / average));
        scores.set(document, (scores.get(document) ?? 0) + idf * weight);
      }
    }
    return [...scores].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1));
  }
}
