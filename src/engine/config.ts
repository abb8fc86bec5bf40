/**
 * The configuration: what `evervec.config.ts` may say, checked. Reads no file and no environment; the command does
 * that and hands the result over.
 */
import { z } from 'zod';
import { PROVIDERS } from '../embed/index.ts';
import { ConfigError } from '../errors/index.ts';
import { releaseName, releaseOptions } from '../release/options.ts';
import { budgetOptions, sourceName, sourceOptions } from '../source/index.ts';
import { contradictions } from './config-faults.ts';
import { model, reranker } from './config-models.ts';

/** Names of tiers stand in a setting, with commas between. */
const tier = z
  .string()
  .regex(/^[^,\s]{1,100}$/, 'the name of a tier has 1 to 100 characters, no comma and no blank');

const documentOptions = z.strictObject({
  /** Who may see documents: names of yours; the first is that of documents that name none. Default `public` alone. */
  tiers: z.array(tier).min(1).max(50).optional(),
  /** How many versions of a document are kept, 1 or more; default all. */
  keepVersions: z.int().min(1).optional(),
  /**
   * How documents from URLs are fetched again: after so many days, default 30, and paused after so many failures in a
   * row, default 5. False: only when asked to.
   */
  refresh: z
    .union([
      z.literal(false),
      z.strictObject({
        everyDays: z.int().min(1).max(3_650).optional(),
        maxFailures: z.int().min(1).max(100).optional(),
      }),
    ])
    .optional(),
  fetch: z
    .strictObject({
      /** Hosts, addresses and networks that may be private: `wiki.example`, `10.0.0.0/8`. Default none. */
      allow: z.array(z.string().min(1)).optional(),
      /** Of one document, default 50 MiB. */
      maxBytes: z.int().min(1).optional(),
      /** For one document with all its redirects, ms; default 30,000. */
      timeoutMs: z.int().min(1).optional(),
      /** From one request at a host to the next, ms; default 1,000. */
      perHostIntervalMs: z.int().min(0).optional(),
      /** Default true. */
      respectRobots: z.boolean().optional(),
      /** Default `evervec/VERSION`. */
      userAgent: z.string().optional(),
    })
    .optional(),
  ...sourceOptions.pick({ chunk: true, index: true, language: true, lane: true, budget: true })
    .shape,
});

const config = z.strictObject({
  /**
   * `postgres://…` for a server, anything else is the folder of an embedded database. Default: `DATABASE_URL`,
   * else the folder `.evervec` beside the configuration.
   */
  database: z.string().min(1).optional(),
  /**
   * Connections of this process to a server, at most, and one more to listen: 1 to 1,000, default 10. What comes when all are
   * in use waits for one. Searches are processor work: more of them at once than the server has processors for are
   * slower, see docs/operations.md. An embedded database has one.
   */
  maxConnections: z.int().min(1).max(1_000).optional(),
  /** Evervec's own schema; default `evervec`. */
  schema: z.string().min(1).max(63).optional(),
  /** Default `embedded`: the model that comes along, without download or key. See docs/models.md. */
  model: model.optional(),
  /** Models that spaces are still of, or migrate to, where they are objects of the AI SDK. */
  otherModels: z.array(model).max(20).optional(),
  /** Keys and addresses of providers beside the model's; the environment's variables count for all of them. */
  providers: z
    .partialRecord(
      z.enum(PROVIDERS),
      z.strictObject({
        baseUrl: z.url({ protocol: /^https?$/, error: 'not an http address' }).optional(),
        apiKey: z.string().optional(),
      }),
    )
    .optional(),
  /** What the model's provider allows all workers together; default unlimited. */
  quota: z
    .strictObject({
      requestsPerMinute: z.int().min(1).optional(),
      tokensPerMinute: z.int().min(1).optional(),
    })
    .optional(),
  /**
   * Default true. False: no worker runs; `evervec.write` embeds what it wrote before it returns, and what other programs
   * write waits for the next one.
   */
  queueEnabled: z.boolean().optional(),
  /**
   * Orders the best hits of searches that ask for it with `rerank`: a re-ranking model of the AI SDK, a function from query and
   * texts to scores, or `{ model, candidates, timeoutMs }` with one of them.
   */
  reranker: reranker.optional(),
  /** Default true. False: nothing is embedded, and every search is one by words. */
  semanticSearch: z.boolean().optional(),
  search: z
    .strictObject({
      /** Keeps answers in memory, off by default; see docs/search.md. Run "evervec setup" after switching it on or off. */
      cache: z
        .strictObject({
          /** How long, seconds, 1 to 86,400; default 60. What changed is seen at once, however long. */
          ttlSeconds: z.int().min(1).max(86_400).optional(),
          /** How many, 1 to 100,000; default 1,000, and 64 MiB together. */
          entries: z.int().min(1).max(100_000).optional(),
        })
        .optional(),
    })
    .optional(),
  /** What the model costs, in US dollars; default its list price where it is known. The embedded model costs nothing. */
  price: z.strictObject({ perMillionTokens: z.number().min(0) }).optional(),
  /** What all sources may spend together. See docs/cost.md. */
  budget: budgetOptions.optional(),
  sources: z.record(sourceName, sourceOptions),
  /**
   * Documents that Evervec keeps itself, as the source `documents`: there from the first that is added. False: none are
   * taken.
   */
  documents: z.union([z.literal(false), documentOptions]).optional(),
  /**
   * Lanes by name: each source has one named like it, and one for its backfills, `name:bulk`. What is not said is
   * the default.
   */
  lanes: z
    .record(
      z.string(),
      z.strictObject({
        /** Batches at once over all workers, 1 to 1,000; default no limit. */
        concurrency: z.int().min(1).max(1_000).optional(),
        /** Part of all claims that it gets at least while it has work, above 0 to 1; default none is kept for it. */
        share: z.number().gt(0).max(1).optional(),
        /** Lower goes first; default 0, of a bulk lane 100. */
        priority: z.int().min(-32_768).max(32_767).optional(),
      }),
    )
    .optional(),
  /** Indexes for pages to search by themselves, by name. See docs/releases.md. */
  releases: z.record(releaseName, releaseOptions).optional(),
  worker: z
    .strictObject({
      /** Batches at once, 1 to 64; default 2, embedded database 1. */
      concurrency: z.int().min(1).max(64).optional(),
      /** Most records in one batch, 1 to 10,000; default 1,000. */
      batchSize: z.int().min(1).max(10_000).optional(),
      /** How often an idle worker looks unasked, ms; default 1,000. */
      intervalMs: z.int().min(10).optional(),
      /** How long a call of the model may take, ms; default 60,000. Longer is the provider's fault, not the records'. */
      timeoutMs: z.int().min(1).max(3_600_000).optional(),
      /** Tries before a record is parked, default 5. */
      maxRetries: z.int().min(1).max(100).optional(),
      /** First back-off, ms; default 1,000. Doubled with each try. */
      retryBaseMs: z.int().min(1).optional(),
      /** Longest back-off, ms; default 300,000. */
      retryCapMs: z.int().min(1).optional(),
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
      /**
       * Tokens beside `AUTH_TOKEN`, by the name that the audit log shows. A server that is started checks the tokens
       * themselves: other commands need not have them.
       */
      tokens: z
        .record(
          z
            .string()
            .regex(/^[a-z0-9][a-z0-9_-]{0,39}$/, 'a name is of a-z, 0-9, _ and -, up to 40'),
          z.strictObject({
            /** Each includes those before it. */
            scope: z.enum(['read', 'write', 'admin']),
            /** 16 characters or more, printable ASCII without spaces. */
            token: z.string().optional(),
            /** Of documents.tiers; default the first. An admin's token sees all. */
            tiers: z.array(z.string()).max(50).optional(),
          }),
        )
        .optional(),
      /** Searches at once, 1 to 10,000; default 32. One more gets 503. */
      searchConcurrency: z.int().min(1).max(10_000).optional(),
      /** Time for a search, ms, 1 to 600,000; default 30,000. Then 503. */
      searchTimeoutMs: z.int().min(1).max(600_000).optional(),
      /** Bytes of one upload or import, up to 500 MiB; default 50 MiB. More is refused at the limit: 413. */
      uploadMaxBytes: z
        .int()
        .min(1_024)
        .max(500 * 1_048_576)
        .optional(),
      /** Uploads at once, 1 to 100; default 2. One more gets 503. */
      uploadConcurrency: z.int().min(1).max(100).optional(),
      /** Connections at once that wait for news of releases, 1 to 100,000; default 1,000. One more gets 503. */
      eventConnections: z.int().min(1).max(100_000).optional(),
      /** A header with the address of who asks, set by the server in front of this one; default the connection's address. */
      addressHeader: z
        .string()
        .regex(/^[A-Za-z0-9-]{1,100}$/, 'the name of a header is of A-Z, a-z, 0-9 and -')
        .optional(),
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
 * @throws ConfigError naming each wrong field and each contradiction
 */
export function parseConfig(value: unknown, origin: string): Config {
  const parsed = config.safeParse(value);
  const faults = parsed.success
    ? contradictions(parsed.data)
    : parsed.error.issues.map((issue) => {
        const at = issue.path.map(String).join('.');
        const message = issue.code === 'invalid_key' ? issue.issues[0]?.message : issue.message;
        return at === '' ? message : `${at}: ${message}`;
      });
  if (parsed.success && faults.length === 0) return parsed.data;
  throw new ConfigError(`${origin} is not a valid configuration: ${faults.join('; ')}.`, {
    remedy: 'See docs/configuration.md for every field.',
    isUsage: true,
  });
}
