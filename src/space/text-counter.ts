/**
 * What a text holds, of what is known of its segments: its words with their places, and what they weigh, both exactly as Postgres
 * would have them. In arrays that are used again: anew for each text, they were a fifth of an import's garbage.
 */
import { type SegmentTable, SEVERAL_WORDS, UNCERTAIN } from './segment-table.ts';
import { encodeWeights, encodeWords } from './words-encoding.ts';

/** Of a chunk. */
export interface CountedWords {
  /** As `encodeWords` gives them, heavy ones once more. */
  words: Buffer;
  /** As `encodeWeights` gives them; null where nobody knows an average yet. */
  weights: Buffer | null;
  /** Words of a chunk on average that `weights` are for: `average_words` of the space, or what it is going to be. */
  average: number | null;
  /** The average that heavy words are marked for; null where none are. */
  heavyFor: number | null;
}

/** What a space's chunks are counted for: words on average, and those that heavy words are marked for. Null where there are none. */
export type Averages = Pick<CountedWords, 'average' | 'heavyFor'>;

/** Before a lexeme that is heavy; no parser leaves it in one (sql/migrations/000031_heavy_words.sql). */
const HEAVY = '\u0001';
/** Millionths, above which a word is. */
const HEAVY_FROM = 1_300_000;

/** Postgres' limits to a tsvector: what is beyond is left out in its own way. */
const MAX_PLACE = 16_383;
const MAX_PLACES = 255;
/** Words of a text that are counted; a place may hold several, and no segment has so many. */
const MAX_OCCURRENCES = 2 * (MAX_PLACE + 1);

/** Counts one text after another. */
export class TextCounter {
  readonly #table: SegmentTable;
  readonly #averages: Averages;
  /** By lexeme: where it is among those of the text, from 1; all 0 before and after. */
  readonly #indexOf: Int32Array;
  /** Of the text, each lexeme once: its number, and how often it is there. */
  readonly #numbers = new Int32Array(MAX_OCCURRENCES);
  readonly #times = new Int32Array(MAX_OCCURRENCES);
  #distinct = 0;
  /** Of one place after another: which of them it is. */
  readonly #lexemes = new Int32Array(MAX_OCCURRENCES);
  readonly #places = new Int32Array(MAX_OCCURRENCES);
  #occurrences = 0;
  readonly #sorted = new Float64Array(MAX_OCCURRENCES);
  /** Of each number of the text: how often lexemes of it are there. */
  readonly #counts: number[] = [];
  /** By lexeme of the text: which of these it is in. */
  readonly #placeOf = new Int32Array(MAX_OCCURRENCES);

  constructor(table: SegmentTable, averages: Averages) {
    this.#table = table;
    this.#averages = averages;
    this.#indexOf = new Int32Array(table.lexemes.length);
  }

  /** @returns null where the database has to count */
  count(segments: Int32Array): CountedWords | null {
    this.#distinct = 0;
    this.#occurrences = 0;
    const isCertain = this.#read(segments);
    const numbers = this.#numbers.subarray(0, this.#distinct);
    for (const number of numbers) this.#indexOf[number] = 0;
    const times = this.#times.subarray(0, this.#distinct);
    if (!isCertain || times.some((count) => count > MAX_PLACES)) return null;
    const { average, heavyFor } = this.#averages;
    const ids = this.#group();
    const weights = average === null ? null : this.#weigh(average);
    const texts = Array.from(numbers, (number) => this.#table.lexemes[number] ?? '');
    const heavy = heavyFor === null ? [] : this.#heavy(texts, heavyFor);
    return {
      words: encodeWords({
        texts: texts.concat(heavy),
        times,
        lexemes: this.#lexemes.subarray(0, this.#occurrences),
        places: this.#places.subarray(0, this.#occurrences),
      }),
      weights: weights && encodeWeights(ids, weights),
      average,
      heavyFor,
    };
  }

  #read(segments: Int32Array): boolean {
    const { words, sizes, several } = this.#table;
    let before = 0;
    for (let at = 0; at < segments.length; at++) {
      const segment = segments[at] ?? 0;
      const word = words[segment] ?? UNCERTAIN;
      if (word <= UNCERTAIN) return false;
      if (word >= 0) this.#add(word, before + 1);
      else if (word === SEVERAL_WORDS) {
        const parts = several.get(segment) ?? [];
        for (let part = 0; part < parts.length; part += 2)
          this.#add(parts[part] ?? 0, before + (parts[part + 1] ?? 0));
      }
      before += sizes[segment] ?? 0;
      if (before > MAX_PLACE || this.#occurrences > MAX_PLACE) return false;
    }
    return true;
  }

  #add(number: number, place: number): void {
    let index = (this.#indexOf[number] ?? 0) - 1;
    if (index < 0) {
      index = this.#distinct++;
      this.#indexOf[number] = index + 1;
      this.#numbers[index] = number;
      this.#times[index] = 0;
    }
    this.#times[index] = (this.#times[index] ?? 0) + 1;
    this.#lexemes[this.#occurrences] = index;
    this.#places[this.#occurrences++] = place;
  }

  /** Brings together the lexemes of one number, which are one. @returns the numbers, ascending; `#counts` has how often each is there */
  #group(): number[] {
    // Sorted as numbers, which engines do by themselves: the id, and behind it which lexeme of the text has it.
    const sorted = this.#sorted.subarray(0, this.#distinct);
    for (let index = 0; index < sorted.length; index++)
      sorted[index] = (this.#table.ids[this.#numbers[index] ?? 0] ?? 0) * MAX_OCCURRENCES + index;
    sorted.sort();
    const ids: number[] = [];
    this.#counts.length = 0;
    for (const number of sorted) {
      const id = Math.floor(number / MAX_OCCURRENCES);
      const index = number - id * MAX_OCCURRENCES;
      if (ids.at(-1) !== id) this.#counts[ids.push(id) - 1] = 0;
      this.#counts[ids.length - 1] =
        (this.#counts[ids.length - 1] ?? 0) + (this.#times[index] ?? 0);
      this.#placeOf[index] = ids.length - 1;
    }
    return ids;
  }

  /** As `evervec.weights_of` (sql/migrations/000031_heavy_words.sql), operation by operation: millionths of BM25's. */
  #weigh(average: number): number[] {
    const size = 1.2 * (0.25 + (0.75 * this.#occurrences) / average);
    return this.#counts.map((count) => roundToEven((count * 2_200_000) / (count + size)));
  }

  /** As `evervec.with_heavy` has them. @returns lexemes to be added */
  #heavy(texts: readonly string[], heavyFor: number): string[] {
    const weights = this.#weigh(heavyFor);
    return texts.flatMap((text, index) =>
      (weights[this.#placeOf[index] ?? 0] ?? 0) > HEAVY_FROM ? [HEAVY + text] : [],
    );
  }
}

/** As Postgres rounds a float8. @param number below 2^52, not negative */
function roundToEven(number: number): number {
  const below = Math.floor(number);
  const rest = number - below;
  return rest > 0.5 || (rest === 0.5 && below % 2 === 1) ? below + 1 : below;
}
