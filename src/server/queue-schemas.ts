/**
 * What goes in and comes out at `/v1/queue`. The shapes are those of `src/queue` and `src/operate`; the compiler
 * compares them where `routes/queue-reads.ts` and `routes/queue-actions.ts` answer.
 */
import { z } from '@hono/zod-openapi';

const MAX_LIMIT = 1_000;

/** A whole number in a URL, where everything is text. */
export const whole = (min: number, max: number, description: string) =>
  z
    .string()
    .regex(/^\d{1,9}$/, 'not a whole number')
    .transform(Number)
    .pipe(z.int().min(min).max(max))
    .optional()
    .openapi({ type: 'integer', minimum: min, maximum: max, description });

const limit = whole(1, MAX_LIMIT, 'Default 20.');
export const namesOfSources = z
  .string()
  .transform((names) => names.split(','))
  .pipe(z.array(z.string().min(1, 'an empty name')).max(100))
  .optional()
  .openapi({
    type: 'string',
    description: 'Names of sources, with commas between; all when absent.',
  });

export const statsQuery = z.strictObject({ source: namesOfSources });
export const metricsQuery = z.strictObject({
  source: namesOfSources,
  minutes: whole(1, 527_040, 'How far back; default 60.'),
  step: whole(1, 10_080, 'Minutes in a bucket; default 1.'),
  limit,
});
export const recentQuery = z.strictObject({
  source: namesOfSources,
  kind: z
    .enum(['batch', 'failure'])
    .optional()
    .openapi({ description: 'Only batches, or only failures.' }),
  limit,
});
export const failedQuery = z.strictObject({
  source: namesOfSources,
  error: z
    .string()
    .min(1)
    .max(200)
    .optional()
    .openapi({ description: 'As listed, or its first word.' }),
  limit,
});
export const stuckQuery = z.strictObject({ limit });
export const auditQuery = z.strictObject({
  action: z
    .string()
    .min(1)
    .max(50)
    .optional()
    .openapi({ description: 'Only this one, such as `retry`.' }),
  limit,
});
export const healthQuery = z.strictObject({
  max_age: whole(1, 1_000_000, 'Seconds that a change may wait; default 300.'),
});

const sums = {
  batches: z.number(),
  done: z.number(),
  retried: z.number(),
  parked: z.number(),
  postponed: z.number(),
  rate_s: z.number().nullable().openapi({ description: 'Records per second of work.' }),
  mean_ms: z.number().nullable(),
  max_ms: z.number().nullable(),
};

export const stats = z
  .object({
    stats: z.array(
      z.object({ source: z.string(), window: z.enum(['hour', 'day', 'week']), ...sums }),
    ),
  })
  .openapi('QueueStats');

export const metrics = z
  .object({
    metrics: z.array(z.object({ bucket: z.iso.datetime(), source: z.string(), ...sums })),
  })
  .openapi('QueueMetrics');

export const recent = z
  .object({
    recent: z.array(
      z.object({
        at: z.iso.datetime(),
        kind: z.enum(['batch', 'failure']),
        source: z.string(),
        lane: z.string(),
        worker: z.string().nullable(),
        jobs: z.int().nullable(),
        done: z.int().nullable(),
        failed: z.int().nullable(),
        postponed: z.int().nullable(),
        took_ms: z.number().nullable(),
        key: z.string().nullable(),
        error: z.string().nullable(),
        attempt: z.int().nullable(),
        parked: z.boolean().nullable(),
      }),
    ),
  })
  .openapi('QueueRecent');

export const failed = z
  .object({
    jobs: z.array(
      z.object({
        id: z.string(),
        source: z.string(),
        lane: z.string(),
        key: z.string(),
        error: z.string(),
        attempts: z.int(),
        crashes: z.int(),
        origin: z.string(),
        first_failed_at: z.iso.datetime().nullable(),
        failed_at: z.iso.datetime().nullable(),
      }),
    ),
    errors: z.array(z.object({ error: z.string(), count: z.int() })),
  })
  .openapi('QueueFailed');

export const stuck = z
  .object({
    stuck: z.array(
      z.object({
        id: z.string(),
        source: z.string(),
        lane: z.string(),
        key: z.string(),
        worker: z.string().nullable(),
        reason: z.enum(['lease over', 'worker silent']),
        lease_over_s: z.number(),
        crashes: z.int(),
      }),
    ),
  })
  .openapi('QueueStuck');

export const audit = z
  .object({
    audit: z.array(
      z.object({
        at: z.iso.datetime(),
        actor: z.string(),
        action: z.string(),
        target: z.string(),
        detail: z.record(z.string(), z.unknown()),
      }),
    ),
  })
  .openapi('QueueAudit');

const level = z.enum(['good', 'warning', 'bad']);

export const queueHealth = z
  .object({
    healthy: z.boolean(),
    level,
    checks: z.array(
      z.object({ what: z.string(), level, found: z.string(), remedy: z.string().optional() }),
    ),
  })
  .openapi('QueueHealth');

export const health = z
  .object({
    ok: z.boolean().openapi({ description: 'False when a check is bad.' }),
    level,
    checks: z.array(
      z.object({
        what: z.string().openapi({ example: 'workers' }),
        level,
        found: z.string().optional().openapi({ description: 'For who has a token.' }),
        remedy: z.string().optional(),
      }),
    ),
  })
  .openapi('Health');

const names = z.array(z.string().min(1)).min(1).max(100);
export const confirm = z
  .boolean()
  .optional()
  .openapi({ description: 'Has to be true, or nothing is done.', example: true });

export const retryBody = z
  .strictObject({
    ids: z
      .array(z.string())
      .min(1)
      .max(1_000)
      .optional()
      .openapi({ description: 'As `failed` lists them.' }),
    sources: names.optional(),
    error: z.string().min(1).max(200).optional(),
    all: z.boolean().optional(),
  })
  .openapi('RetryRequest', {
    description: 'Ids, or a source, an error or both, or all.',
  });
export const lanesBody = z
  .strictObject({ lanes: z.union([z.literal('all'), names]) })
  .openapi('LanesRequest');
export const emptyBody = z.strictObject({}).openapi('EmptyRequest');
export const confirmBody = z.strictObject({ confirm }).openapi('ConfirmRequest');
export const clearBody = z
  .strictObject({
    sources: names.optional(),
    states: z
      .array(z.enum(['ready', 'waiting', 'parked']))
      .min(1)
      .optional()
      .openapi({ description: 'All three when absent.' }),
    confirm,
  })
  .openapi('ClearRequest');
export const cleanupBody = z
  .strictObject({
    days: z
      .int()
      .min(1)
      .max(36_500)
      .optional()
      .openapi({ description: 'Default `worker.cleanupRetentionDays`, 30.' }),
    confirm,
  })
  .openapi('CleanupRequest');

export const retried = z
  .object({ retried: z.int().openapi({ description: 'Jobs that are ready again.' }) })
  .openapi('Retried');
export const lanes = z
  .object({ lanes: z.array(z.string()).openapi({ description: 'Those that this changed.' }) })
  .openapi('Lanes');
export const switched = z
  .object({
    stopped: z.boolean(),
    changed: z.boolean().openapi({ description: 'False when it was so before.' }),
  })
  .openapi('Switched');
export const reset = z.object({ reset: z.int() }).openapi('Reset');
export const cleared = z
  .object({ logged: z.int(), ready: z.int(), waiting: z.int(), parked: z.int() })
  .openapi('Cleared');
export const cleanedUp = z
  .object({
    days: z.int(),
    history_days: z.int(),
    audit_entries: z.int(),
    metrics: z.int(),
    workers: z.int(),
  })
  .openapi('CleanedUp');

export const drained = z
  .object({
    done: z.int(),
    failed: z.int(),
    postponed: z.int(),
    pending: z.int().openapi({ description: 'Records that still want work.' }),
    took_ms: z.number(),
    reason: z.enum(['empty', 'time', 'stopped', 'paused', 'running']),
  })
  .openapi('Drained');
export const cronQuery = z.strictObject({
  seconds: whole(1, 300, 'How long it may take; default 50.'),
});
