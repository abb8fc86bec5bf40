/**
 * What Postgres makes of each piece of text between two blanks, asked once and kept for the next text: most pieces of a text
 * were in the one before. Knows nothing of whole texts; what is kept is bounded.
 */
import type { Connection } from '../database/index.ts';

/** A word as Postgres has it in a tsvector. */
export interface Lexeme {
  readonly text: string;
  /** `evervec.word_id` of it. */
  readonly id: number;
}

/**
 * A piece of text without blanks. The parser takes what a text begins with for something else than the same after a blank, now and
 * then (`~/x`): it is named with a blank before it.
 */
export interface Segment {
  /** How many places of a text it takes; words that are not indexed take one, too. */
  places: number;
  /** Its lexemes, each with its places (from 1, ascending). Null: unknown as yet, or nothing to rely on. */
  lexemes: readonly { lexeme: Lexeme; at: readonly number[] }[] | null;
}

/** Longer ones hardly come again. UTF-16 units. */
const MAX_KEPT_CHARS = 64;
/** Twice as many are held at most, in some 10 MB; English has about so many that come again. */
const MAX_KEPT = 30_000;

/**
 * The end of each segment as it is asked about: a number of its own, whose place tells how many places come before it. All
 * configurations that come along keep numbers as they are.
 */
const END = '0';
const ASK = `
select string_agg(to_tsvector($2::regconfig, segment)::text, chr(10) order by n) as words
from unnest($1::text[]) with ordinality as asked (segment, n)`;

const ASK_IDS = 'select array(select evervec.word_id(lexeme) from unnest($1::text[]) lexeme) as ids';

/** Segments of one language of one database. */
export class Segments {
  readonly #connection: Connection;
  readonly #language: string;
  /** Two generations: what is wanted of the older one goes over to the younger. */
  #young = new Map<string, Segment>();
  #old = new Map<string, Segment>();
  readonly #lexemes = new Map<string, Lexeme>();

  /** @param language a configuration's name, as Postgres reads it */
  constructor(connection: Connection, language: string) {
    this.#connection = connection;
    this.#language = language;
  }

  /** @returns what is known of it; undefined where that has to be asked */
  get(segment: string): Segment | undefined {
    const found = this.#young.get(segment);
    if (found !== undefined) return found;
    const older = this.#old.get(segment);
    if (older !== undefined) this.#keep(segment, older);
    return older;
  }

  /** Forgets all. */
  clear(): void {
    this.#young.clear();
    this.#old.clear();
    this.#lexemes.clear();
  }

  /** Fills in `unknown`: segment → what is to be known of it. Two statements. */
  async ask(unknown: ReadonlyMap<string, Segment>): Promise<void> {
    if (unknown.size === 0) return;
    const segments = [...unknown.keys()];
    const { rows } = await this.#connection.query<{ words: string }>(ASK, [
      segments.map((name) => `${name.startsWith(' ') ? name.slice(1) : ` ${name}`} ${END}`),
      this.#language,
    ]);
    const answers = (rows[0]?.words ?? '').split('\n').map(parseWords);
    // No lexeme holds a line's end where no segment does; else nothing would be known of any.
    if (answers.length !== segments.length) return;
    const lexemes = await this.#lexemesOf(answers);
    segments.forEach((segment, index) => {
      const answer = answers[index];
      const into = unknown.get(segment);
      if (answer === undefined || answer === null || into === undefined) return;
      into.places = answer.places;
      into.lexemes = answer.words.map(({ text, at }) => ({
        lexeme: lexemes.get(text) as Lexeme,
        at,
      }));
      // A copy: a slice of a long text would keep that in memory.
      if (segment.length <= MAX_KEPT_CHARS) this.#keep(Buffer.from(segment).toString(), into);
    });
  }

  #keep(segment: string, known: Segment): void {
    if (this.#young.size >= MAX_KEPT) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(segment, known);
  }

  async #lexemesOf(answers: readonly (Answer | null)[]): Promise<ReadonlyMap<string, Lexeme>> {
    const found = new Map<string, Lexeme>();
    const unknown = new Set<string>();
    for (const answer of answers)
      for (const { text } of answer?.words ?? []) {
        const known = this.#lexemes.get(text);
        if (known === undefined) unknown.add(text);
        else found.set(text, known);
      }
    if (unknown.size === 0) return found;
    const texts = [...unknown];
    const { rows } = await this.#connection.query<{ ids: number[] }>(ASK_IDS, [texts]);
    const ids = rows[0]?.ids ?? [];
    if (this.#lexemes.size >= MAX_KEPT) this.#lexemes.clear();
    texts.forEach((text, index) => {
      const lexeme = { text, id: ids[index] ?? 0 };
      found.set(text, lexeme);
      this.#lexemes.set(text, lexeme);
    });
    return found;
  }
}

interface Answer {
  places: number;
  words: { text: string; at: number[] }[];
}

const ENTRY = /'((?:[^'\\]|''|\\\\)*)':([\d,]+)/g;
/** Of nearly all segments: one lexeme, at the only place. */
const SINGLE = `'${END}':2 '`;
const SINGLE_END = "':1";

/** @param words of a segment and its end, as `tsvectorout` gives them @returns null where the end is not found */
function parseWords(words: string): Answer | null {
  if (words.startsWith(SINGLE) && words.endsWith(SINGLE_END)) {
    const text = Buffer.from(words.slice(SINGLE.length, -SINGLE_END.length)).toString();
    if (!text.includes("'") && !text.includes('\\')) return { places: 1, words: [{ text, at: [1] }] };
  }
  const entries = [...words.matchAll(ENTRY)].map(([, text = '', at = '']) => ({
    text: Buffer.from(text.replace(/''|\\\\/g, (escaped) => escaped.charAt(0))).toString(),
    at: at.split(',').map(Number),
  }));
  const end = entries.find(({ text }) => text === END);
  const last = Math.max(0, ...entries.map(({ at }) => at.at(-1) ?? 0));
  if (end === undefined || end.at.pop() !== last) return null;
  return { places: last - 1, words: entries.filter(({ at }) => at.length > 0) };
}
