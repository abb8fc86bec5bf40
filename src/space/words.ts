/**
 * The words of chunks, and what they weigh, counted here and not by the database: exactly what `to_tsvector` and
 * `evervec.weights_of` would give, put together of what Postgres said of each piece between blanks. That is a fifth of
 * what a server is asked for otherwise, and less of what WebAssembly is. Where that is not certain, nothing is given, and the statement
 * that writes a chunk does it (src/space/write.ts).
 */
import type { Connection } from '../database/index.ts';
import { type SegmentTable, SEVERAL_WORDS, UNCERTAIN } from './segment-table.ts';
import { Segments } from './segments.ts';
import { type CountedWords, TextCounter } from './text-counter.ts';

/** Fewer characters are not worth a question. */
const LEAST_CHARS = 4_000;
const MAX_TEXT_CHARS = 100_000;

/*
 * The parser that comes along takes blanks into a word only within a tag.
 * is_known: whether the configuration is made of what comes along alone, which looks at each word for itself; a dictionary of
 * somebody's own, as a thesaurus, may look at the next one. made_of tells that it was altered.
 */
const LOOK = `
select (select average_words::float8 from evervec.spaces where id = $1) as average,
  (select nullif(heavy_for, 0)::float8 from evervec.spaces where id = $1) as heavy_for,
  coalesce(bool_and(config.oid < 16384 and dictionary.oid < 16384 and parser.prsname = 'default' and parser.oid < 16384), false) as is_known,
  string_agg(concat_ws(' ', map.maptokentype, map.mapseqno, dictionary.oid, dictionary.dicttemplate, dictionary.dictinitoption),
    ',' order by map.maptokentype, map.mapseqno) as made_of
from pg_catalog.pg_ts_config config
join pg_catalog.pg_ts_parser parser on parser.oid = config.cfgparser
join pg_catalog.pg_ts_config_map map on map.mapcfg = config.oid
join pg_catalog.pg_ts_dict dictionary on dictionary.oid = map.mapdict
where config.oid = $2::regconfig`;

interface Look {
  average: number | null;
  heavy_for: number | null;
  is_known: boolean;
  made_of: string | null;
}

/** Of one language of one database, whose spaces share what is known of it. */
export class Words {
  readonly #connection: Connection;
  readonly #language: string;
  readonly #segments: Segments;
  #madeOf: string | null = null;
  #last: Promise<unknown> = Promise.resolve();

  /** @param language a configuration's name, as Postgres reads it */
  constructor(connection: Connection, language: string) {
    this.#connection = connection;
    this.#language = language;
    this.#segments = new Segments(connection, language);
  }

  /**
   * One call after another: what one has asked the next one knows.
   * @param texts what is searched by words of each chunk, without NUL and lone surrogates
   * @returns (texts) null where the database has to count
   */
  async count(spaceId: number, texts: readonly string[]): Promise<(CountedWords | null)[]> {
    if (texts.reduce((sum, { length }) => sum + length, 0) < LEAST_CHARS)
      return texts.map(() => null);
    const counted = this.#last.then(() => this.#count(spaceId, texts));
    this.#last = counted.catch(() => {});
    return await counted;
  }

  async #count(spaceId: number, texts: readonly string[]): Promise<(CountedWords | null)[]> {
    const { rows } = await this.#connection.query<Look>(LOOK, [spaceId, this.#language]);
    const [look] = rows;
    if (look?.is_known !== true) return texts.map(() => null);
    if (look.made_of !== this.#madeOf) this.#segments.clear();
    this.#madeOf = look.made_of;
    this.#segments.tidy();
    const unknown = new Set<number>();
    const split = texts.map((text) =>
      // Within a tag alone the parser takes blanks into a word.
      text.length > MAX_TEXT_CHARS || text.includes('<')
        ? null
        : this.#segments.split(text, unknown),
    );
    const all = split.reduce((sum, segments) => sum + (segments?.length ?? 0), 0);
    // To ask about each segment of a text takes twice as long as to ask about the text.
    if (unknown.size * 2 > all) return texts.map(() => null);
    await this.#segments.ask(unknown);
    const { table } = this.#segments;
    const average = look.average ?? averageOf(table, split);
    const heavyFor = look.average === null ? average : look.heavy_for;
    const counter = new TextCounter(table, { average, heavyFor });
    return split.map((segments) => segments && counter.count(segments));
  }
}

/** As the statement that writes the first chunks of a space finds it; null where it has to look at texts itself. */
function averageOf(table: SegmentTable, split: readonly (Int32Array | null)[]) {
  let length = 0;
  for (const segments of split) {
    if (segments === null) return null;
    for (const segment of segments) {
      const word = table.words[segment] ?? UNCERTAIN;
      if (word >= 0) length++;
      else if (word === SEVERAL_WORDS) length += (table.several.get(segment)?.length ?? 0) / 2;
    }
  }
  return Math.fround(Math.max(1, length / split.length));
}

/** What is known of words, by language: for all workers of a program, or each would ask again. */
export class KnownWords {
  readonly #connection: Connection;
  readonly #of = new Map<string, Words>();

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  of(language: string): Words {
    const words = this.#of.get(language) ?? new Words(this.#connection, language);
    this.#of.set(language, words);
    return words;
  }
}
