/** The environment, read here and nowhere else. Overrides the configuration file; options of a command override both. */
import { z } from 'zod';
import { isSettings, PROVIDERS, type ProviderSettings } from '../embed/index.ts';
import type { Config } from '../engine/index.ts';
import { ConfigError } from '../errors/index.ts';

const integer = (min: number) =>
  z
    .string()
    .regex(/^\d+$/, 'not a whole number')
    .transform(Number)
    .refine((value) => value >= min, `below ${min}`)
    .optional();

const YES = ['true', '1', 'yes', 'on'];
const NO = ['false', '0', 'no', 'off'];

const flag = z
  .string()
  .toLowerCase()
  .refine((value) => [...YES, ...NO].includes(value), 'neither true nor false')
  .transform((value) => YES.includes(value))
  .optional();

const url = z.url({ protocol: /^https?$/, error: 'not an http address' }).optional();

const EMBEDDING_PROVIDERS = ['embedded', ...PROVIDERS] as const;

const environment = z.object({
  EMBEDDING_PROVIDER: z
    .enum(EMBEDDING_PROVIDERS, { error: `none of ${EMBEDDING_PROVIDERS.join(', ')}` })
    .optional(),
  EMBEDDING_MODEL: z.string().max(200).optional(),
  OLLAMA_BASE_URL: url,
  OPENAI_API_KEY: z.string().optional(),
  OPENAI_BASE_URL: url,
  COHERE_API_KEY: z.string().optional(),
  DATABASE_URL: z.string().min(1).optional(),
  AUTH_TOKEN: z.string().min(16, 'shorter than 16 characters').optional(),
  CRON_SECRET: z.string().min(16, 'shorter than 16 characters').optional(),
  EVERVEC_RELEASE_KEY: z.string().optional(),
  EVERVEC_CHANNEL_KEY: z.string().optional(),
  AWS_REGION: z.string().optional(),
  AWS_ENDPOINT_URL_S3: url,
  EMBEDDING_QUEUE_ENABLED: flag,
  SEMANTIC_SEARCH_ENABLED: flag,
  EMBEDDING_WORKER_INTERVAL: integer(10),
  EMBEDDING_MAX_RETRIES: integer(1),
  EMBEDDING_RETRY_BACKOFF_BASE: integer(1),
  EMBEDDING_BATCH_SIZE: integer(1),
  EMBEDDING_WORKER_TIMEOUT: integer(1),
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
  const model = applyModel(config.model, from);
  const providers = applyAccess(config.providers, from);
  return {
    ...config,
    worker,
    ...(model !== undefined && { model }),
    ...(Object.keys(providers).length > 0 && { providers }),
    ...(from.DATABASE_URL !== undefined && { database: from.DATABASE_URL }),
    ...(from.EMBEDDING_QUEUE_ENABLED !== undefined && {
      queueEnabled: from.EMBEDDING_QUEUE_ENABLED,
    }),
    ...(from.SEMANTIC_SEARCH_ENABLED !== undefined && {
      semanticSearch: from.SEMANTIC_SEARCH_ENABLED,
    }),
  };
}

function applyModel(configured: Config['model'], from: Environment): Config['model'] {
  const { EMBEDDING_PROVIDER: provider, EMBEDDING_MODEL: name } = from;
  const said = isSettings(configured) ? configured : undefined;
  const chosen = provider ?? said?.provider ?? 'embedded';
  if (name !== undefined && chosen === 'embedded')
    throw new ConfigError('EMBEDDING_MODEL is set, but no provider to have the model from.', {
      remedy: `Set EMBEDDING_PROVIDER to one of ${PROVIDERS.join(', ')}, or unset EMBEDDING_MODEL.`,
      isUsage: true,
    });
  if (provider === undefined && said === undefined) return configured;
  if (chosen === 'embedded') return 'embedded';
  // What the file says of another provider, or of another model's width, is not meant for this one.
  const base = said?.provider === chosen ? said : { provider: chosen };
  const isOther = name !== undefined && base.model !== name;
  return {
    ...base,
    ...(isOther && { model: name, dimensions: undefined }),
    ...accessFrom(chosen, from),
  };
}

/** For all providers: a space may be of another model than the configured one. */
function applyAccess(
  configured: Config['providers'] = {},
  from: Environment,
): NonNullable<Config['providers']> {
  const providers = { ...configured };
  for (const provider of PROVIDERS) {
    const access = { ...configured[provider], ...accessFrom(provider, from) };
    if (Object.keys(access).length > 0) providers[provider] = access;
  }
  return providers;
}

/** Addresses and keys by provider. */
function accessFrom(
  provider: ProviderSettings['provider'],
  from: Environment,
): Pick<ProviderSettings, 'baseUrl' | 'apiKey'> {
  const baseUrl = {
    openai: from.OPENAI_BASE_URL,
    'openai-compatible': from.OPENAI_BASE_URL,
    ollama: from.OLLAMA_BASE_URL,
    cohere: undefined,
    evervec: undefined,
    transformers: undefined,
  }[provider];
  const apiKey = {
    openai: from.OPENAI_API_KEY,
    // Not to a server that only the file names: the key may be OpenAI's.
    'openai-compatible': from.OPENAI_BASE_URL === undefined ? undefined : from.OPENAI_API_KEY,
    ollama: undefined,
    evervec: undefined,
    cohere: from.COHERE_API_KEY,
    transformers: undefined,
  }[provider];
  return { ...(baseUrl !== undefined && { baseUrl }), ...(apiKey !== undefined && { apiKey }) };
}
