/** What a user writes about a source in `evervec.config.ts`, and the check of its shape (not yet of the database). */
import { z } from 'zod';

/** A row as a text function sees it: the named columns as JSON has them (a timestamp is an ISO string). */
export type Row = Record<string, unknown>;

const columnName = z.string().min(1).max(63);

/** What follows a colon is ours: `offers:bulk`. */
const laneName = z
  .string()
  .regex(/^[^:]{1,50}$/, 'the name of a lane has 1 to 50 characters and no colon');

/** What may be spent on a day in UTC before work that would spend more waits for the next one. */
export const budgetOptions = z.strictObject({
  perDay: z.strictObject({
    /** US dollars. */
    money: z.number().min(0).optional(),
    tokens: z.int().min(0).optional(),
  }),
});

export const sourceOptions = z.strictObject({
  /** `table` or `schema.table`, case as in the database; `schema` apart where a name has a dot in it. */
  table: z.string().min(1),
  schema: z.string().min(1).optional(),
  /**
   * How a row becomes text: names of columns (joined by a blank line, empty ones left out), a template
   * (`'{title} by {author}'`; a line whose columns are all empty is left out; `{{` is a brace), or a function of the
   * row, which then needs `columns`.
   */
  text: z.union([
    z.array(columnName).min(1),
    z.string().min(1),
    z.custom<(row: Row) => string | null | undefined>((value) => typeof value === 'function'),
  ]),
  /** The columns a text function reads: a change of any other embeds nothing. */
  columns: z.array(columnName).min(1).optional(),
  /** For tables without a primary key: columns that are unique and never null. */
  key: z.array(columnName).min(1).optional(),
  /** What a hit shows of the row; default: all columns but vectors, `tsvector` and `bytea`. */
  record: z.array(columnName).min(1).optional(),
  /** A column that is put before each chunk when it is embedded, and found by its words; a change embeds the record again. */
  title: columnName.optional(),
  chunk: z
    .strictObject({
      /** `structure`: by headings, lists, tables and code, each chunk embedded with the headings above it. Default `text`. */
      by: z.enum(['text', 'structure']).optional(),
      maxChars: z.int().optional(),
      overlapChars: z.int().optional(),
    })
    .optional(),
  /**
   * The column that says which tier of access a row is of: searches can be told which tiers they may show, and who sees a
   * row under row level security sees its chunks. See docs/access.md.
   */
  tier: columnName.optional(),
  /**
   * The index over its vectors, see docs/search.md; default HNSW as pgvector builds it. A change takes effect with
   * `evervec reindex`.
   */
  index: z
    .strictObject({
      /** Default `hnsw`. */
      type: z.enum(['hnsw', 'ivfflat']).optional(),
      /** Default `none`; `binary` with `hnsw` alone. */
      quantize: z.enum(['none', 'binary']).optional(),
      /** `hnsw`: 2 to 100, default 16. */
      m: z.int().min(2).max(100).optional(),
      /** `hnsw`: 4 to 1,000, twice `m` or more; default 64. */
      efConstruction: z.int().min(4).max(1_000).optional(),
      /** `ivfflat`: 1 to 32,768; default a thousandth of the chunks. */
      lists: z.int().min(1).max(32_768).optional(),
    })
    .refine(
      ({ type = 'hnsw', quantize = 'none', m, efConstruction, lists }) =>
        type === 'hnsw'
          ? lists === undefined
          : quantize === 'none' && m === undefined && efConstruction === undefined,
      'lists belongs to ivfflat; quantize, m and efConstruction belong to hnsw',
    )
    .refine(
      ({ m = 16, efConstruction = 64 }) => efConstruction >= 2 * m,
      'efConstruction (64) is at least twice m (16)',
    )
    .optional(),
  /** The text search configuration of its language; default `english`. */
  language: z.string().min(1).optional(),
  /** The lane its jobs wait in; default: one of its own, named like the source. */
  lane: laneName.optional(),
  /**
   * How urgent a row is: an SQL expression of its columns, lower goes first, from -32,768 to 32,767
   * (`"case status when 'open' then 0 else 10 end"`). Below 0 is more urgent than a change of any other source.
   */
  priority: z.string().min(1).optional(),
  /** A column of type date or timestamp: a backfill embeds the newest rows first. */
  recency: columnName.optional(),
  /**
   * Which rows lose their vectors and stay findable by words: those of which the SQL expression `when` is true and, with
   * `after`, whose column is older than so many days.
   */
  archive: z
    .strictObject({
      when: z.string().min(1),
      after: z.strictObject({ column: columnName, days: z.int().min(0).max(36_500) }).optional(),
    })
    .optional(),
  /**
   * How often a worker compares all rows with their vectors, minutes. Default 60 for views and foreign tables, which have
   * no triggers; others are compared by hand only.
   */
  reconcile: z.strictObject({ everyMinutes: z.int().min(1).max(525_600) }).optional(),
  /** Of this source alone, beside that of all together. */
  budget: budgetOptions.optional(),
});

export type SourceOptions = z.infer<typeof sourceOptions>;

/** Lower case, digits and underscores, so that it can stand in names of views, triggers and lanes. */
export const sourceName = z
  .string()
  .regex(
    /^[a-z][a-z0-9_]{0,39}$/,
    'a source name has 1 to 40 of a-z, 0-9 and _, and starts with a letter',
  );
