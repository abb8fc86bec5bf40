/**
 * What Postgres makes of each piece of text between two blanks, asked once and kept for the next text: most pieces of a text
 * were in the one before. Knows nothing of whole texts; what is kept is bounded.
 */
import type { Connection } from '../database/index.ts';

/** A word as Postgres has it in a tsvector: of each there is one at a time. */
export interface Lexeme {
  readonly text: string;
  /** `evervec.word_id` of it. */
  readonly id: number;
  /** Its places in the text that is being looked at; empty in between. For whoever puts a text together, in one go. */
  readonly places: number[];
}

/**
 * A piece of text without blanks. What a text begins with is named with a blank before it: now and then the parser takes it for
 * something else than the same after a blank (`~/x`).
 */
export interface Segment {
  /** How many places of a text it takes; words that are not indexed take one, too. */
  size: number;
  /** Its lexemes, each with its places in it, from 1. Null: unknown as yet, or nothing to rely on. */
  words: readonly { lexeme: Lexeme; at: readonly number[] }[] | null;
}

/** Longer ones hardly come again. UTF-16 units. */
const MAX_KEPT_CHARS = 64;
/** In a generation, of which there are two, in some 10 MB. English has about so many that come again. */
const MAX_KEPT = 30_000;

/** One mark behind a word of letters is nothing to the parser (two dots are a file): it is known by the word. */
const MARKED_WORD = /^([A-Za-z]+)[.,;:!?)]$/;

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

interface Generation {
  segments: Map<string, Segment>;
  /** Of its segments, and maybe others. */
  lexemes: Map<string, Lexeme>;
}

/** Segments of one language of one database. */
export class Segments {
  readonly #connection: Connection;
  readonly #language: string;
  /** What is wanted of the older one goes over to the younger. */
  #young: Generation = none();
  #old: Generation = none();

  /** @param language a configuration's name, as Postgres reads it */
  constructor(connection: Connection, language: string) {
    this.#connection = connection;
    this.#language = language;
  }

  /** Forgets what was not wanted for long. Not between `find` and the use of what it gave: lexemes may be others then. */
  tidy(): void {
    if (this.#young.segments.size < MAX_KEPT && this.#young.lexemes.size < MAX_KEPT) return;
    this.#old = this.#young;
    this.#young = none();
  }

  /** Forgets all. */
  clear(): void {
    this.#young = none();
    this.#old = none();
  }

  /** @param unknown name → what has to be asked about: a segment that is not known is added */
  find(name: string, unknown: Map<string, Segment>): Segment {
    const known = this.#known(name) ?? unknown.get(name);
    if (known !== undefined) return known;
    const word = MARKED_WORD.exec(name)?.[1];
    if (word !== undefined) {
      const same = this.find(word, unknown);
      if (same.words !== null) this.#keep(name, same);
      return same;
    }
    const segment = { size: 0, words: null };
    unknown.set(name, segment);
    return segment;
  }

  /** Fills in what is `unknown`. Two statements. */
  async ask(unknown: ReadonlyMap<string, Segment>): Promise<void> {
    if (unknown.size === 0) return;
    const { rows } = await this.#connection.query<{ words: string }>(ASK, [
      Array.from(
        unknown.keys(),
        (name) => `${name.startsWith(' ') ? name.slice(1) : ` ${name}`} ${END}`,
      ),
      this.#language,
    ]);
    const answers = (rows[0]?.words ?? '').split('\n').map(parseWords);
    // No lexeme holds a line's end where no segment does; else nothing would be known of any.
    if (answers.length !== unknown.size) return;
    const lexemes = await this.#lexemesOf(answers);
    let index = 0;
    for (const [name, segment] of unknown) {
      const answer = answers[index++];
      if (!answer) continue;
      segment.size = answer.size;
      segment.words = answer.words.map(({ text, at }) => ({
        lexeme: lexemes.get(text) as Lexeme,
        at,
      }));
      this.#keep(name, segment);
    }
  }

  #known(name: string): Segment | undefined {
    const young = this.#young.segments.get(name);
    if (young !== undefined) return young;
    const old = this.#old.segments.get(name);
    if (old !== undefined) this.#keep(name, old);
    return old;
  }

  #keep(name: string, segment: Segment): void {
    if (name.length > MAX_KEPT_CHARS) return;
    this.#young.segments.set(copyOf(name), segment);
    for (const { lexeme } of segment.words ?? []) this.#young.lexemes.set(lexeme.text, lexeme);
  }

  async #lexemesOf(answers: readonly (Answer | null)[]): Promise<ReadonlyMap<string, Lexeme>> {
    const found = new Map<string, Lexeme>();
    const unknown = new Set<string>();
    for (const answer of answers)
      for (const { text } of answer?.words ?? []) {
        const known = this.#young.lexemes.get(text) ?? this.#old.lexemes.get(text);
        if (known === undefined) unknown.add(text);
        else found.set(text, known);
      }
    if (unknown.size === 0) return found;
    const texts = [...unknown];
    const { rows } = await this.#connection.query<{ ids: number[] }>(ASK_IDS, [texts]);
    texts.forEach((name, index) => {
      const text = copyOf(name);
      found.set(text, { text, id: rows[0]?.ids[index] ?? 0, places: [] });
    });
    return found;
  }
}

function none(): Generation {
  return { segments: new Map(), lexemes: new Map() };
}

/** A slice of a long text keeps that in memory. */
function copyOf(text: string): string {
  return Buffer.from(text).toString();
}

interface Answer {
  size: number;
  words: { text: string; at: number[] }[];
}

const ENTRY = /'((?:[^'\\]|''|\\\\)*)':([\d,]+)/g;
/** Of nearly all segments: one lexeme, at the only place. */
const SINGLE = `'${END}':2 '`;
const SINGLE_END = "':1";

/** @param words of a segment and its end, as `tsvectorout` gives them @returns null where the end is not found */
function parseWords(words: string): Answer | null {
  if (words.startsWith(SINGLE) && words.endsWith(SINGLE_END)) {
    const text = words.slice(SINGLE.length, -SINGLE_END.length);
    if (!text.includes("'") && !text.includes('\\')) return { size: 1, words: [{ text, at: [1] }] };
  }
  const entries = Array.from(words.matchAll(ENTRY), ([, text = '', at = '']) => ({
    text: text.replace(/''|\\\\/g, (escaped) => escaped.charAt(0)),
    at: at.split(',').map(Number),
  }));
  const end = entries.find(({ text }) => text === END);
  const last = Math.max(0, ...entries.map(({ at }) => at.at(-1) ?? 0));
  if (end === undefined || end.at.pop() !== last) return null;
  return { size: last - 1, words: entries.filter(({ at }) => at.length > 0) };
}
