/**
 * The configuration: what `evervec.config.ts` may say, checked. Reads no file and no environment; the command does
 * that and hands the result over.
 */
import { z } from 'zod';
import type { EmbeddingModel } from '../embed/index.ts';
import { ConfigError } from '../errors/index.ts';
import { sourceName, sourceOptions } from '../source/index.ts';

const embeddingModel = z.custom<EmbeddingModel>(
  (value) =>
    typeof value === 'object' && value !== null && 'doEmbed' in value && 'dimensions' in value,
  'a model is "embedded" or an object with doEmbed and dimensions',
);

const config = z.strictObject({
  /**
   * `postgres://…` for a server, anything else is the folder of an embedded database. Default: `DATABASE_URL`,
   * else the folder `.evervec` beside the configuration.
   */
  database: z.string().min(1).optional(),
  /** Evervec's own schema; default `evervec`. */
  schema: z.string().min(1).max(63).optional(),
  /** Default `embedded`: the model that comes along, without download or key. */
  model: z.union([z.literal('embedded'), embeddingModel]).optional(),
  /** What the model's provider allows all workers together; default unlimited. */
  quota: z
    .strictObject({
      requestsPerMinute: z.int().min(1).optional(),
      tokensPerMinute: z.int().min(1).optional(),
    })
    .optional(),
  sources: z.record(sourceName, sourceOptions),
  worker: z
    .strictObject({
      /** Batches at once, 1 to 64; default 2, embedded database 1. */
      concurrency: z.int().min(1).max(64).optional(),
      /** Most records in one batch, 1 to 10,000; default 1,000. */
      batchSize: z.int().min(1).max(10_000).optional(),
      /** How often an idle worker looks unasked, ms; default 1,000. */
      intervalMs: z.int().min(10).optional(),
      /** Tries before a record is parked, default 5. */
      maxRetries: z.int().min(1).max(100).optional(),
      /** First back-off, ms; default 1,000. */
      retryBaseMs: z.int().min(1).optional(),
      /** Longest that one call of the model may take, ms; then it is the provider's fault. Default 60,000. */
      timeoutMs: z.int().min(1).max(2_147_483_647).optional(),
      /** How often one of the workers drops old history, hours; default 24. */
      cleanupIntervalHours: z.int().min(1).max(8_760).optional(),
      /** How long history, audit log and metrics are kept, days; default 30. */
      cleanupRetentionDays: z.int().min(1).max(36_500).optional(),
    })
    .optional(),
  server: z
    .strictObject({
      /** Default 127.0.0.1; another address needs a token. */
      host: z.string().optional(),
      /** Default 3883. */
      port: z.int().min(0).max(65_535).optional(),
    })
    .optional(),
});

export type Config = z.infer<typeof config>;

/** Gives the configuration its type; checks nothing before it is used. */
export function defineConfig(options: Config): Config {
  return options;
}

/**
 * @param origin where it was read, for the message
 * @throws ConfigError naming each wrong field
 */
export function parseConfig(value: unknown, origin: string): Config {
  const parsed = config.safeParse(value);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map((issue) => {
    const at = issue.path.map(String).join('.');
    const message = issue.code === 'invalid_key' ? issue.issues[0]?.message : issue.message;
    return at === '' ? message : `${at}: ${message}`;
  });
  throw new ConfigError(`${origin} is not a valid configuration: ${faults.join('; ')}.`, {
    remedy: 'See docs/configuration.md for every field.',
    isUsage: true,
  });
}
