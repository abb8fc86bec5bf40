/** The environment, read here and nowhere else. Overrides the configuration file; options of a command override both. */
import { z } from 'zod';
import type { Config } from '../engine/index.ts';
import { ConfigError } from '../errors/index.ts';

const integer = (min: number) =>
  z
    .string()
    .regex(/^\d+$/, 'not a whole number')
    .transform(Number)
    .refine((value) => value >= min, `below ${min}`)
    .optional();

const environment = z.object({
  DATABASE_URL: z.string().min(1).optional(),
  AUTH_TOKEN: z.string().min(16, 'shorter than 16 characters').optional(),
  EMBEDDING_WORKER_INTERVAL: integer(10),
  EMBEDDING_MAX_RETRIES: integer(1),
  EMBEDDING_RETRY_BACKOFF_BASE: integer(1),
  EMBEDDING_WORKER_TIMEOUT: integer(1),
  EMBEDDING_BATCH_SIZE: integer(1),
  EMBEDDING_CONCURRENT_WORKERS: integer(1),
  EMBEDDING_CLEANUP_INTERVAL: integer(1),
  EMBEDDING_CLEANUP_RETENTION_DAYS: integer(1),
});

export type Environment = z.infer<typeof environment>;

/** @throws ConfigError naming the variable; never its value, which may be a secret */
export function readEnvironment(variables: Record<string, string | undefined>): Environment {
  // An empty variable is how a shell unsets one.
  const set = Object.fromEntries(Object.entries(variables).filter(([, value]) => value !== ''));
  const parsed = environment.safeParse(set);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map((issue) => `${issue.path.join('.')} is ${issue.message}`);
  throw new ConfigError(`The environment is wrong: ${faults.join('; ')}.`, {
    remedy: 'See docs/configuration.md for the variables.',
    isUsage: true,
  });
}

export function applyEnvironment(config: Config, from: Environment): Config {
  const worker = { ...config.worker };
  if (from.EMBEDDING_WORKER_INTERVAL) worker.intervalMs = from.EMBEDDING_WORKER_INTERVAL;
  if (from.EMBEDDING_MAX_RETRIES) worker.maxRetries = from.EMBEDDING_MAX_RETRIES;
  if (from.EMBEDDING_RETRY_BACKOFF_BASE) worker.retryBaseMs = from.EMBEDDING_RETRY_BACKOFF_BASE;
  if (from.EMBEDDING_WORKER_TIMEOUT) worker.timeoutMs = from.EMBEDDING_WORKER_TIMEOUT;
  if (from.EMBEDDING_BATCH_SIZE) worker.batchSize = from.EMBEDDING_BATCH_SIZE;
  if (from.EMBEDDING_CONCURRENT_WORKERS) worker.concurrency = from.EMBEDDING_CONCURRENT_WORKERS;
  if (from.EMBEDDING_CLEANUP_INTERVAL)
    worker.cleanupIntervalHours = from.EMBEDDING_CLEANUP_INTERVAL;
  if (from.EMBEDDING_CLEANUP_RETENTION_DAYS)
    worker.cleanupRetentionDays = from.EMBEDDING_CLEANUP_RETENTION_DAYS;
  return {
    ...config,
    worker,
    ...(from.DATABASE_URL !== undefined && { database: from.DATABASE_URL }),
  };
}
