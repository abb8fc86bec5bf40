/**
 * What goes in and comes out at `/v1/models`. The shapes are those of `engine/space-status.ts` and `engine/migrations.ts`;
 * the compiler compares them in `routes/models.ts`.
 */
import { z } from '@hono/zod-openapi';

import { PROVIDERS } from '../embed/index.ts';
import { confirm, namesOfSources } from './queue-schemas.ts';

const MAX_KEEP_DAYS = 365;
const source = z.string().min(1).max(100).openapi({ example: 'articles' });
const keepDays = z
  .int()
  .min(0)
  .max(MAX_KEEP_DAYS)
  .optional()
  .openapi({ description: 'How long the other space is kept, days; default 7.' });

export const modelsQuery = z.strictObject({ source: namesOfSources });

/** No address and no key: what a token of ours may say is not where the texts go to. */
const to = z
  .strictObject({
    provider: z.enum(PROVIDERS),
    model: z.string().min(1).max(200).optional().openapi({ example: 'text-embedding-3-small' }),
    dimensions: z.int().min(1).max(16_000).optional(),
  })
  .openapi('MigrationTarget', {
    description: 'Its address and key are those that the server is configured with.',
  });

export const migrateBody = z
  .strictObject({
    source,
    to: to.optional().openapi({ description: 'Default the configured model.' }),
    dryRun: z
      .boolean()
      .optional()
      .openapi({ description: 'What it would take and cost; changes nothing.' }),
    confirm: confirm.openapi({ description: 'Has to be true where the model may cost money.' }),
  })
  .openapi('MigrateRequest');
export const switchBody = z
  .strictObject({
    source,
    keepDays,
    force: z
      .boolean()
      .optional()
      .openapi({ description: 'Also where the check finds fault with the space.' }),
  })
  .openapi('SwitchRequest');
export const rollbackBody = z.strictObject({ source, keepDays }).openapi('RollbackRequest');
export const dropBody = z.strictObject({ source, confirm }).openapi('DropRequest');

const space = {
  model: z.string().openapi({ example: 'openai/text-embedding-3-small/1536' }),
  dimensions: z.int(),
  chunking: z.string().openapi({ example: 'text@2/max1600/overlap0' }),
  language: z.string(),
};

const quality = z.object({ ndcg10: z.number(), mrr10: z.number(), recall100: z.number() });

const check = z
  .object({
    at: z.iso.datetime(),
    records: z
      .object({ before: z.int(), now: z.int() })
      .openapi({ description: 'With a vector: of the space that is searched, and of the second.' }),
    missing: z.int().openapi({ description: 'Those that only the first has a vector of.' }),
    parked: z.int().openapi({ description: 'Of them, those that the model refused.' }),
    recall: z.number().openapi({ description: 'Of the true 10 nearest, through the index.' }),
    sampled: z.int().openapi({ description: 'Searches that `recall` is the mean of.' }),
    recallBefore: z.number().optional().openapi({
      description: 'The same of the space that is searched, where `recall` is below 0.9.',
    }),
    labelled: z
      .object({ queries: z.int(), before: quality, now: quality })
      .optional()
      .openapi({ description: 'Searches of both on labelled queries, where there are some.' }),
    faults: z.array(z.string()).openapi({ description: 'What speaks against a switch.' }),
  })
  .openapi('SpaceCheck');

export const models = z
  .object({
    sources: z.array(
      z
        .object({
          source: z.string(),
          ...space,
          differs: z
            .array(z.string())
            .openapi({ description: 'In what it is another than the configuration asks for.' }),
          second: z
            .object({
              ...space,
              state: z
                .enum(['filling', 'full', 'kept'])
                .openapi({ description: '`kept` is one that was searched before a switch.' }),
              pending: z.int().openapi({ description: 'Records that it still has to get.' }),
              checked: check.nullable(),
              keep_until: z.iso.datetime().nullable(),
            })
            .nullable(),
        })
        .openapi('Spaces'),
    ),
  })
  .openapi('Models');

export const plans = z
  .object({
    plans: z.array(
      z
        .object({
          source: z.string(),
          from: z.string(),
          to: z.string(),
          differs: z.array(z.string()),
          rows: z.int(),
          sampled: z.int(),
          records: z.int(),
          chunks: z.int().openapi({ description: 'Texts to embed.' }),
          tokens: z.int(),
          cost: z.number().nullable().openapi({ description: 'US dollars; null if not known.' }),
          seconds: z.number().nullable(),
        })
        .openapi('MigrationPlan'),
    ),
  })
  .openapi('MigrationPlans');

export const dropped = z
  .object({ dropped: z.record(z.string(), z.boolean()) })
  .openapi('Dropped', { description: 'Source to whether there was a second space.' });
