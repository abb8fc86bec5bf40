/** What a user writes about a release in `evervec.config.ts`, and the check of its shape (not yet of the database). */
import { z } from 'zod';
import { serveOptions } from './serve-options.ts';
import { targetOptions } from './target-definition.ts';

/** Of releases, products and channels: as the release format has it. */
const plainName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]{0,99}$/, 'a name is of a-z, 0-9, "." , _ and -, up to 100');

/** Stands in paths, too. */
export const releaseName = z
  .string()
  .regex(
    /^[a-z0-9][a-z0-9_-]{0,39}$/,
    'the name of a release has 1 to 40 of a-z, 0-9, _ and -, and starts with a letter or digit',
  );

const columnName = z.string().min(1).max(63);
const tierName = z.string().min(1).max(100);

export const releaseOptions = z.strictObject({
  /** Default `documents`. */
  source: z.string().min(1).optional(),
  /** Of documents: these collections alone; default all. */
  collection: z.union([z.string().min(1), z.array(z.string().min(1)).min(1)]).optional(),
  /**
   * Of a source with tiers: the rows that are published are of one of these. Default `public` alone. What is published is
   * public, whatever its tier is called.
   */
  tiers: z.array(tierName).min(1).max(50).optional(),
  /** What clients know the series by; default the release's name. */
  product: plainName.optional(),
  /** Default `stable`. */
  channel: plainName.optional(),
  /** Columns of the row that hits in the page show and filter by. Default none: what is not named is not published. */
  columns: z.array(columnName).min(1).max(50).optional(),
  /** The column that is a record's title; default the source's. False: none. */
  title: z.union([z.literal(false), columnName]).optional(),
  /**
   * The column that is a record's address, or a template: `'/articles/{slug}'`. Default none; of documents, where they were
   * fetched from. False: none.
   */
  url: z.union([z.literal(false), z.string().min(1).max(1_000)]).optional(),
  /** A column of type date or timestamp; default none, of documents `published`. */
  publishedAt: z.union([z.literal(false), columnName]).optional(),
  /** A column that is an array of texts; default none, of documents `tags`. */
  tags: z.union([z.literal(false), columnName]).optional(),
  /** The column that says when a row changed last, which dates the JSON shapes; default none, of documents `updated_at`. */
  updatedAt: z.union([z.literal(false), columnName]).optional(),
  /** How the page takes words: `english` stems them, anything else takes them as they are. Default the source's. */
  language: z.string().min(1).max(100).optional(),
  /** Writes the JSON shapes that older clients read, beside it: with the release's name before theirs, or another. */
  knowledge: z.union([z.boolean(), releaseName]).optional(),
  /** Whether the embedded model goes along, 4 MB, so that the page embeds queries itself. Default true where the source uses it. */
  model: z.boolean().optional(),
  /** Where it is published. */
  target: targetOptions.optional(),
  /** Whether "evervec up" shows it, tells open pages of new ones, and counts what clients report; default false. */
  serve: z.union([z.boolean(), serveOptions]).optional(),
});

export type ReleaseOptions = z.infer<typeof releaseOptions>;

const PUBLIC_TIERS: readonly string[] = ['public'];

/** What is not said to be published is not: without a word that is the public tier alone. */
export function tiersToPublish({ tiers }: ReleaseOptions): readonly string[] {
  return tiers ?? PUBLIC_TIERS;
}
