/**
 * What goes in and comes out at `/v1/documents`, `/v1/collections`, `/v1/imports`. The shapes are those of `src/document`;
 * the compiler compares them where `routes/` answers.
 */
import { z } from '@hono/zod-openapi';

import { cleanText } from '../chunk/index.ts';
import { COLLECTION_NAME, MAX_ORIGIN_BYTES } from '../document/index.ts';
import { whole } from './queue-schemas.ts';

const isPlain = (text: string) => text.isWellFormed() && !/\p{Cc}/u.test(text);
const plain = (most: number) =>
  z.string().min(1).max(most).refine(isPlain, 'has characters that are none');

const collection = z
  .string()
  .regex(
    COLLECTION_NAME,
    'up to 100 letters, digits, "_", "." and "-", the first a letter or digit',
  )
  .openapi({ description: 'Made when it is first named; default `default`.', example: 'papers' });
const origin = z
  .string()
  .refine((text) => Buffer.byteLength(text) <= MAX_ORIGIN_BYTES, `over ${MAX_ORIGIN_BYTES} bytes`)
  .refine((text) => text !== '' && isPlain(text), 'empty, or with characters that are none')
  .openapi({ description: 'What it is known by next time.', example: 'papers/tides.pdf' });
const onDuplicate = z.enum(['skip', 'version', 'error']).openapi({
  description:
    'Of what is there by origin or bytes. By default another content is a version, the same bytes are left out.',
});
const summary = z
  .string()
  .max(2_000)
  .transform((text) => cleanText(text))
  .openapi({ type: 'string', maxLength: 2_000, description: 'Why, for the versions.' });

const names = z
  .string()
  .max(20_000)
  .transform((text) =>
    text
      .split(',')
      .map((one) => one.trim())
      .filter((one) => one !== ''),
  )
  .openapi({ type: 'string', description: 'With commas between.' });

/** How something is taken in, beside what is told of it. */
const taking = {
  collection: collection.optional(),
  origin: origin.optional(),
  on_duplicate: onDuplicate.optional(),
  summary: summary.optional(),
};

/** The fields of a form, each a text; what they mean for a document is checked there. */
export const uploadForm = z
  .strictObject({
    ...taking,
    title: z.string().optional(),
    author: z.string().optional(),
    published: z.string().optional().openapi({ example: '2024-01-31' }),
    type: z.string().optional(),
    tags: z
      .array(z.string())
      .optional()
      .openapi({ description: 'Repeated, or with commas between.' }),
    tier: z.string().optional(),
    metadata: z.string().optional().openapi({ description: 'A JSON object.' }),
  })
  .openapi('UploadFields');

/** For OpenAPI alone: `multipart.ts` reads it. */
export const uploadBody = uploadForm.extend({
  file: z
    .array(z.string().openapi({ format: 'binary' }))
    .openapi({ description: '1 to 100 files: PDF, DOCX, HTML, Markdown, text.' }),
});

/** Checked by `Documents`. */
const told = {
  author: z.string().nullable().optional(),
  published: z.string().nullable().optional().openapi({ example: '2024-01-31' }),
  type: z.string().nullable().optional(),
  tags: z.array(z.string()).optional(),
  tier: z.string().optional(),
  metadata: z.record(z.string(), z.unknown()).optional(),
};

export const documentBody = z
  .strictObject({
    ...taking,
    title: z.string(),
    text: z.string().openapi({ description: 'Markdown, not blank.' }),
    ...told,
  })
  .openapi('NewDocument');

export const documentPatch = z
  .strictObject({ title: z.string().optional(), ...told })
  .openapi('DocumentFields');

export const rollbackBody = z.strictObject({
  version: z.int().min(1).max(2_147_483_647),
  summary: summary.optional(),
});

const filter = plain(200).optional();

export const documentsQuery = z.strictObject({
  collection: filter,
  type: filter,
  tier: filter,
  tags: names
    .refine((tags) => tags.every(isPlain), 'has characters that are none')
    .optional()
    .openapi({ type: 'string', description: 'All of them, with commas between.' }),
  limit: whole(1, 1_000, 'Default 100.'),
  offset: whole(0, 999_999_999, 'Default 0.'),
});

export const documentQuery = z.strictObject({
  text: z.enum(['true', 'false']).optional().openapi({ description: 'Default `true`.' }),
});

const version = (description: string) =>
  z
    .string()
    .regex(/^[1-9]\d{0,8}$/, 'not the number of a version')
    .transform(Number)
    .openapi({ type: 'integer', minimum: 1, description });

export const diffQuery = z.strictObject({
  from: version('A version.'),
  to: version('Another.'),
  unit: z.enum(['lines', 'words']).optional().openapi({ description: 'Default `lines`.' }),
});

export const exportQuery = z.strictObject({ collection: filter });
export const confirmQuery = z.strictObject({
  confirm: z.enum(['true', 'false']).optional().openapi({ description: 'Has to be `true`.' }),
});

export const importQuery = z.strictObject({
  collection: collection.optional(),
  on_duplicate: onDuplicate.optional(),
  summary: summary.optional(),
  author: plain(500).optional(),
  published: plain(10).optional(),
  type: plain(100).optional(),
  tags: names.optional(),
  tier: plain(100).optional(),
});

const summaryShape = {
  id: z.uuid(),
  collection: z.string(),
  title: z.string(),
  author: z.string().nullable(),
  published: z.string().nullable(),
  type: z.string().nullable(),
  tags: z.array(z.string()),
  tier: z.string(),
  metadata: z.record(z.string(), z.unknown()),
  origin: z.string().nullable(),
  format: z.string().openapi({ example: 'pdf' }),
  parser: z.string(),
  version: z.int().openapi({ description: 'The newest.' }),
  active_version: z.int().nullable().openapi({ description: 'The one that is searched.' }),
  characters: z.int(),
  pages: z.int().nullable(),
  created_at: z.iso.datetime(),
  updated_at: z.iso.datetime(),
};

export const documentSummary = z.object(summaryShape).openapi('DocumentSummary');
export const document = z
  .object({
    ...summaryShape,
    text: z.string().openapi({ description: 'Of the newest version; Markdown.' }),
    page_starts: z
      .array(z.int())
      .nullable()
      .openapi({ description: 'Where each page begins in `text`, in UTF-16 units.' }),
  })
  .openapi('Document');
export const documents = z
  .object({ documents: z.array(documentSummary), total: z.int() })
  .openapi('Documents');

export const saved = z
  .object({
    id: z.uuid(),
    version: z.int(),
    outcome: z.enum(['added', 'version', 'updated', 'unchanged', 'skipped']),
  })
  .openapi('SavedDocument');

export const versions = z
  .object({
    versions: z.array(
      z
        .object({
          version: z.int(),
          title: z.string(),
          format: z.string(),
          parser: z.string(),
          characters: z.int(),
          changed_by: z.string(),
          summary: z.string().nullable(),
          created_at: z.iso.datetime(),
          is_active: z
            .boolean()
            .openapi({ description: 'Whether it is the one that is searched.' }),
        })
        .openapi('DocumentVersion'),
    ),
  })
  .openapi('DocumentVersions');

export const diff = z
  .object({
    unit: z.enum(['lines', 'words']),
    parts: z.array(z.object({ kind: z.enum(['same', 'added', 'removed']), text: z.string() })),
    added: z.int(),
    removed: z.int(),
    is_coarse: z.boolean().openapi({ description: 'Given up for time: told as one whole.' }),
  })
  .openapi('DocumentDiff');

export const rolledBack = z.object({
  version: z.int().nullable().openapi({
    description: 'The new one; null where the text is that of the old one already.',
  }),
});

export const deleted = z.object({ deleted: z.int() });

export const collections = z
  .object({
    collections: z.array(
      z.object({
        name: z.string(),
        title: z.string().nullable(),
        documents: z.int(),
        characters: z.int(),
      }),
    ),
  })
  .openapi('Collections');
