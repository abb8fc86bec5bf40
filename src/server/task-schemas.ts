/** What comes out at `/v1/tasks`. The shapes are those of `src/document/tasks`; the compiler compares them. */
import { z } from '@hono/zod-openapi';

import { whole } from './queue-schemas.ts';

const STATES = ['waiting', 'running', 'done', 'failed', 'cancelled'] as const;
const outcome = z.enum(['added', 'version', 'updated', 'unchanged', 'skipped', 'failed']);

const fault = z
  .object({ code: z.string(), message: z.string(), remedy: z.string().nullable() })
  .nullable();

const shape = {
  id: z.uuid(),
  kind: z.enum(['upload', 'jsonl', 'csv']),
  state: z.enum(STATES),
  made_by: z.string(),
  collection: z.string(),
  items: z.int().nullable().openapi({ description: 'Null where that is seen at the end.' }),
  finished: z.int().openapi({ description: 'Items that are over.' }),
  counts: z.object({
    added: z.int(),
    version: z.int(),
    updated: z.int(),
    unchanged: z.int(),
    skipped: z.int(),
    failed: z.int(),
  }),
  error: fault.openapi({ description: 'Why it could not be done at all.' }),
  attempts: z.int(),
  created_at: z.iso.datetime(),
  started_at: z.iso.datetime().nullable(),
  finished_at: z.iso.datetime().nullable(),
};

const taskShape = z
  .object({
    ...shape,
    results: z
      .array(
        z.object({
          number: z.int(),
          label: z.string(),
          outcome,
          id: z.uuid().nullable(),
          version: z.int().nullable(),
          warnings: z.array(z.string()),
          error: fault,
        }),
      )
      .openapi({ description: 'The first 100 that failed, and the first 100 that did not.' }),
  })
  .openapi('Task');

export const task = z.object({ task: taskShape });
export const tasks = z.object({ tasks: z.array(z.object(shape).openapi('TaskSummary')) });
export const cancelled = z.object({
  cancelled: z.boolean().openapi({ description: 'False where it was over already.' }),
  task: taskShape,
});

export const tasksQuery = z.strictObject({
  state: z.enum(STATES).optional(),
  limit: whole(1, 1_000, 'Default 20.'),
  offset: whole(0, 999_999_999, 'Default 0.'),
});
