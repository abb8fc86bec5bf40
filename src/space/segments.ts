/**
 * What Postgres makes of each piece of text between two blanks, asked once and kept for the next text: most pieces of a text
 * were in the one before. Knows nothing of whole texts; what is kept is bounded.
 */
import { randomInt } from 'node:crypto';
import type { Connection } from '../database/index.ts';
import { addToHash, type Known, SegmentTable, UNCERTAIN, UNKNOWN } from './segment-table.ts';

/** Bytes of UTF-8. */
const MAX_SEGMENT = 256;
/** Drawn by each process, so that nobody can write texts whose segments all fall into one place. */
const HASH_SEED = randomInt(2 ** 31);
/** Longer ones hardly come again. Bytes. */
const MAX_KEPT_BYTES = 64;
/**
 * Segments, and bytes of all: some 5 MB, and about what comes again in English. With twice as many a worker of many short texts grew by a
 * quarter before it stayed as it was (the bench `memory`).
 */
const MAX_KEPT = 40_000;
const MAX_BYTES = 1_000_000;

/** One mark behind a word of letters is nothing to the parser (two dots are a file): it is known by the word. */
const MARKED_WORD = /^[A-Za-z]+[.,;:!?)]$/;
const SPACE = 0x20;
/** Bytes of a text of some length; room for more is made where one has more. */
const SCRATCH_BYTES = 4_096;
/** UTF-16 units take up to three bytes each. */
const BYTES_OF_UNIT = 3;

const encoder = new TextEncoder();

/**
 * The end of each segment as it is asked about: a number of its own, whose place tells how many come before it. All
 * configurations that come along keep numbers as they are.
 */
const END = '0';
/* One function's rows come in its order. */
const ASK = `
select string_agg(to_tsvector($2::regconfig, segment)::text, chr(10)) as words from unnest($1::text[]) segment`;

const ASK_IDS =
  'select array(select evervec.word_id(lexeme) from unnest($1::text[]) lexeme) as ids';

/** Segments of one language of one database. Their numbers are good until the next `tidy` or `clear`. */
export class Segments {
  readonly #connection: Connection;
  readonly #language: string;
  #table = new SegmentTable();
  /** By segment: that it was wanted since the last time, and the one that it is known by. */
  #wanted: boolean[] = [];
  #same: number[] = [];
  /** The text that is being cut, behind a blank, and its segments. */
  #text = new Uint8Array(SCRATCH_BYTES);
  #cut = new Int32Array(SCRATCH_BYTES / 2);

  /** @param language a configuration's name, as Postgres reads it */
  constructor(connection: Connection, language: string) {
    this.#connection = connection;
    this.#language = language;
  }

  get table(): SegmentTable {
    return this.#table;
  }

  /** Forgets all. */
  clear(): void {
    this.#table = new SegmentTable();
    this.#wanted = [];
    this.#same = [];
  }

  /** Where there is too much, forgets what was wanted since the last time only once, or all. */
  tidy(): void {
    const { count, size } = this.#table;
    if (count < MAX_KEPT && size < MAX_BYTES) return;
    const before = this.#table;
    const wanted = this.#wanted;
    this.clear();
    for (let segment = 0; segment < count; segment++) {
      const name = before.bytes(segment);
      const word = before.words[segment] ?? UNKNOWN;
      if (!wanted[segment] || word <= UNCERTAIN || name.length > MAX_KEPT_BYTES) continue;
      this.#table.learn(
        this.#find(name, 0, name.length, hashOf(name, 0, name.length)),
        before.known(segment),
      );
      this.#wanted[this.#table.count - 1] = false;
    }
    if (this.#table.count > MAX_KEPT / 2) this.clear();
  }

  /**
   * Cuts at blanks of ASCII and no others: what else is one depends on the database's locale.
   * @param unknown those of them that have to be asked about are added
   * @returns numbers of the text's segments, in order; null where one is too long
   */
  split(text: string, unknown: Set<number>): Int32Array | null {
    const end = this.#encode(text);
    const bytes = this.#text;
    let count = 0;
    for (let from = 1; from < end; from++) {
      if (isBlank(bytes[from] ?? 0)) continue;
      // Now and then the parser takes what a text begins with for something else than the same after a blank (`~/x`): that is
      // named with a blank before it.
      const begin = from === 1 ? 0 : from;
      let hash = begin < from ? addToHash(HASH_SEED, SPACE) : HASH_SEED;
      let to = from;
      for (; to < end; to++) {
        const byte = bytes[to] ?? 0;
        if (isBlank(byte)) break;
        hash = addToHash(hash, byte);
      }
      if (to - from > MAX_SEGMENT) return null;
      const segment = this.#find(bytes, begin, to, hash);
      if (this.#table.words[segment] === UNKNOWN) unknown.add(segment);
      this.#cut[count++] = segment;
      from = to;
    }
    return this.#cut.slice(0, count);
  }

  /** @returns where the text ends, which begins at 1 */
  #encode(text: string): number {
    const most = 1 + BYTES_OF_UNIT * text.length;
    if (this.#text.length < most) {
      this.#text = new Uint8Array(most);
      // Blanks between them.
      this.#cut = new Int32Array(most / 2 + 1);
    }
    this.#text[0] = SPACE;
    return 1 + encoder.encodeInto(text, this.#text.subarray(1)).written;
  }

  /** Learns what is `unknown`. Two statements. */
  async ask(unknown: ReadonlySet<number>): Promise<void> {
    if (unknown.size === 0) return;
    const asked = [...unknown];
    const { rows } = await this.#connection.query<{ words: string }>(ASK, [
      asked.map((segment) => {
        const name = this.#table.name(segment);
        return `${name.startsWith(' ') ? name.slice(1) : ` ${name}`} ${END}`;
      }),
      this.#language,
    ]);
    const answers = (rows[0]?.words ?? '').split('\n').map(parseWords);
    // No lexeme holds a line's end where no segment does; else nothing is known of any.
    const areAll = answers.length === asked.length;
    const ids = await this.#idsOf(areAll ? answers : []);
    asked.forEach((segment, index) => {
      const answer = areAll ? answers[index] : null;
      if (!answer) this.#table.words[segment] = UNCERTAIN;
      else
        this.#table.learn(segment, {
          size: answer.size,
          words: answer.words.map((word) => ({ ...word, id: ids.get(word.text) ?? 0 })),
        });
    });
  }

  #find(text: Uint8Array, from: number, to: number, hash: number): number {
    const { count } = this.#table;
    const found = this.#table.find(text, from, to, hash);
    if (found === count) {
      this.#wanted.push(false);
      this.#same.push(found);
      const isMarked = MARKED_WORD.test(this.#table.name(found));
      if (isMarked) this.#same[found] = this.#find(text, from, to - 1, hashOf(text, from, to - 1));
    } else this.#wanted[found] = true;
    const same = this.#same[found] ?? found;
    if (same !== found) this.#wanted[same] = true;
    return same;
  }

  /** Of lexemes that are new. */
  async #idsOf(answers: readonly (Known | null)[]): Promise<ReadonlyMap<string, number>> {
    const texts = new Set<string>();
    for (const answer of answers)
      for (const { text } of answer?.words ?? [])
        if (this.#table.lexeme(text) === undefined) texts.add(text);
    if (texts.size === 0) return new Map();
    const { rows } = await this.#connection.query<{ ids: number[] }>(ASK_IDS, [[...texts]]);
    return new Map([...texts].map((text, index) => [text, rows[0]?.ids[index] ?? 0]));
  }
}

function isBlank(byte: number): boolean {
  return byte === SPACE || (byte >= 9 && byte <= 13);
}

function hashOf(text: Uint8Array, from: number, to: number): number {
  let hash = HASH_SEED;
  for (let at = from; at < to; at++) hash = addToHash(hash, text[at] ?? 0);
  return hash;
}

const ENTRY = /'((?:[^'\\]|''|\\\\)*)':([\d,]+)/g;
/** Of nearly all segments: one lexeme, at the only place. */
const SINGLE = `'${END}':2 '`;
const SINGLE_END = "':1";
const FIRST_PLACE = [1];

/** @param words of a segment and its end, as `tsvectorout` gives them @returns null where the end is not found */
function parseWords(words: string): Known | null {
  if (words.startsWith(SINGLE) && words.endsWith(SINGLE_END)) {
    const text = copyOf(words.slice(SINGLE.length, -SINGLE_END.length));
    if (!text.includes("'") && !text.includes('\\'))
      return { size: 1, words: [{ text, id: 0, at: FIRST_PLACE }] };
  }
  const entries = Array.from(words.matchAll(ENTRY), ([, text = '', at = '']) => ({
    text: copyOf(text.replace(/''|\\\\/g, (escaped) => escaped.charAt(0))),
    id: 0,
    at: at.split(',').map(Number),
  }));
  const end = entries.find(({ text }) => text === END);
  const last = Math.max(0, ...entries.map(({ at }) => at.at(-1) ?? 0));
  if (end === undefined || end.at.pop() !== last) return null;
  return { size: last - 1, words: entries.filter(({ at }) => at.length > 0) };
}

/** A slice of the answer would keep all of it in memory. */
function copyOf(text: string): string {
  return Buffer.from(text).toString();
}
