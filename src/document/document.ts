/**
 * What a document is: its fields, their limits, and its content. Pure; the tables are `sql/migrations/000012`.
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { cleanText } from '../chunk/index.ts';
import { DocumentError } from '../errors/index.ts';

/** Postgres' text has no NUL, and no half of a pair. */
const words = (most: number) =>
  z
    .string()
    .transform((text) => cleanText(text).trim())
    .pipe(z.string().min(1).max(most));

const isoDate = z.iso
  .date('not a date like 2024-01-31')
  // Postgres has no year 0.
  .refine((date) => !date.startsWith('0000'), 'not a date like 2024-01-31');

const MAX_METADATA_CHARS = 64 * 1024;
const MAX_METADATA_DEPTH = 20;

/** Postgres' JSON has no NUL and no half of a pair either, and both sides of it have an end of their stacks. */
function isStorable(value: unknown, depth = 0): boolean {
  if (typeof value === 'string') return value.isWellFormed() && !value.includes('\0');
  if (typeof value !== 'object' || value === null) return true;
  return (
    depth < MAX_METADATA_DEPTH &&
    Object.entries(value).every(([key, one]) => isStorable(key) && isStorable(one, depth + 1))
  );
}

const metadata = z
  .record(z.string().max(200), z.unknown())
  .refine(
    (value) => isStorable(value),
    `nested more than ${MAX_METADATA_DEPTH} deep, or with characters that are none`,
  )
  .refine(
    (value) => JSON.stringify(value).length <= MAX_METADATA_CHARS,
    `more than ${MAX_METADATA_CHARS} characters of JSON`,
  );

/** What is known about a document beside its text. What is left out stays as it is, or is not told. */
export const documentFields = z.strictObject({
  /** 1 to 500 characters. It is embedded with each chunk. */
  title: words(500).optional(),
  author: words(500).nullable().optional(),
  /** `2024-01-31`. */
  published: isoDate.nullable().optional(),
  /** A word of yours, as `research` or `guide`. */
  type: words(100).nullable().optional(),
  tags: z
    .array(words(100))
    .max(100)
    .transform((tags) => [...new Set(tags)])
    .optional(),
  /** Who may see it: one of the configured tiers. */
  tier: words(100).optional(),
  /** Anything else: a JSON object. */
  metadata: metadata.optional(),
});

export type DocumentFields = z.output<typeof documentFields>;

/** What an extractor made of a file, or what was given as text. */
export interface DocumentContent {
  /** Clean Markdown, not blank. */
  text: string;
  /** `pdf`, `docx`, `epub`, `html`, `markdown`, `text`. */
  format: string;
  /** What made the text out of the file, and its version. */
  parser: string;
  /** Where each page begins in `text`; null where there are none. */
  pages: number[] | null;
  /** SHA-256 of the bytes that came in. */
  rawHash: Buffer;
}

export interface NewDocument extends DocumentFields {
  /** Letters, digits, `_`, `.` and `-`, up to 100; made when it is first named. */
  collection: string;
  /** What it is known by where it came from; null where it is nowhere else. Up to 2,000 bytes. */
  origin: string | null;
  title: string;
  tier: string;
  content: DocumentContent;
  /** SHA-256 of what an import told about it, so that the next one knows it again. */
  importHash?: Buffer | undefined;
}

export function hashOf(content: string | Uint8Array): Buffer {
  return createHash('sha256').update(content).digest();
}

/** A text that came without a file. */
export function textContent(text: string): DocumentContent {
  const clean = cleanText(text);
  return { text: clean, format: 'markdown', parser: 'none', pages: null, rawHash: hashOf(text) };
}

/** What may be the name of a collection. */
export const COLLECTION_NAME = /^[\p{L}\p{N}][\p{L}\p{N}_.-]{0,99}$/u;
export const MAX_ORIGIN_BYTES = 2_000;

/** @throws DocumentError (field) naming the field, what it is and what it may be */
export function checkFields(fields: unknown, tiers: readonly string[]): DocumentFields {
  const parsed = documentFields.safeParse(fields);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const at = issue?.path.join('.') ?? '';
    throw wrongField(`${at === '' ? 'The document' : `The field ${at}`}: ${issue?.message}.`);
  }
  const { tier } = parsed.data;
  if (tier !== undefined && !tiers.includes(tier))
    throw new DocumentError(`There is no tier "${tier}".`, {
      fault: 'field',
      remedy: `Use ${tiers.join(', ')}, or add it to documents.tiers in the configuration.`,
    });
  return parsed.data;
}

/** @throws DocumentError (field) */
export function checkNew(document: NewDocument): void {
  const { collection, origin, content } = document;
  if (!COLLECTION_NAME.test(collection))
    throw wrongField(
      `"${collection.slice(0, 120)}" can't be the name of a collection.`,
      'Use up to 100 letters, digits, "_", "." and "-", the first a letter or a digit.',
    );
  const bytes = origin === null ? 1 : Buffer.byteLength(origin);
  if (bytes === 0 || bytes > MAX_ORIGIN_BYTES)
    throw wrongField(`Its origin has ${bytes} bytes, 1 to ${MAX_ORIGIN_BYTES} are taken.`);
  if (content.text.trim() === '') throw wrongField('It has no text.');
}

function wrongField(message: string, remedy = 'See docs/documents.md for the fields.') {
  return new DocumentError(message, { fault: 'field', remedy });
}
