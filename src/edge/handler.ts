/**
 * `evervec/edge`: embeds what waits, in a function that a platform's scheduler calls (Supabase, Vercel, Deno, Bun, Node).
 * Postgres only. Loads neither the embedded database nor threads nor files; connects with the first call, and holds two
 * connections at most between calls, which go when they are idle.
 */
import { openPostgres } from '../database/index.ts';
import { type Config, createEvervec, type Evervec, parseConfig } from '../engine/index.ts';
import { ConfigError } from '../errors/index.ts';
import { type Logger, silentLogger } from '../runtime/index.ts';
import { createDrainHandler } from './drain.ts';
import { answerFailure } from './failure.ts';

export { type Config, defineConfig } from '../engine/index.ts';
export { type SupabaseSession, supabaseModel } from '../embed/index.ts';
export type { DrainAnswer, DrainReason } from './drain.ts';

export interface EdgeOptions {
  /** As in `evervec.config.ts`; `database` has to be a `postgres://` URL. The sources have been set up before. */
  config: Config;
  /**
   * Asked of every caller as "Authorization: Bearer …"; 16 characters or more. Undefined, as where the variable is not
   * set, switches the function off: every call is answered with 404.
   */
  cronSecret: string | undefined;
  /** Connections at most, 1 to 1,000; default 2. */
  maxConnections?: number;
  /** Ends a call early when the platform is about to end the function. */
  signal?: AbortSignal;
  /** Default: silent. */
  logger?: Logger;
}

/**
 * Answers `GET` and `POST` on any path; `?seconds=` is how long a call may take, 1 to 300, default 50. 200 has a
 * `DrainAnswer`. Never rejects: errors are `{ error: { code, message, remedy, requestId } }`.
 */
export type EdgeHandler = (request: Request) => Promise<Response>;

/** @throws ConfigError for a configuration or a secret that can't work */
export function createEdgeHandler(options: EdgeOptions): EdgeHandler {
  const { cronSecret, signal, logger = silentLogger } = options;
  const config = parseConfig(options.config, 'the configuration');
  const url = requirePostgres(config);
  let opened: Promise<Evervec> | undefined;
  const open = async () => {
    opened ??= openEvervec(config, url, options);
    try {
      return await opened;
    } catch (error) {
      // The next call tries again.
      opened = undefined;
      throw error;
    }
  };
  const drain = createDrainHandler(open, { secret: cronSecret, signal });
  return async (request) => {
    const requestId = crypto.randomUUID();
    const response = await answer(drain, request).catch((error: unknown) =>
      answerFailure(error, { requestId, logger, hasDocs: false }),
    );
    response.headers.set('cache-control', 'no-store');
    response.headers.set('x-request-id', requestId);
    return response;
  };
}

async function answer(drain: EdgeHandler, request: Request): Promise<Response> {
  if (request.method === 'GET' || request.method === 'POST') return await drain(request);
  return new Response(null, { status: 405, headers: { allow: 'GET, POST' } });
}

/** @throws ConfigError; the address is not in it, since it may hold a password */
function requirePostgres({ database }: Config): string {
  if (database !== undefined && /^postgres(ql)?:\/\//.test(database)) return database;
  throw new ConfigError('A function on the edge needs a Postgres server.', {
    remedy: 'Set `database` to its postgres:// URL, for example from DATABASE_URL.',
    isUsage: true,
  });
}

async function openEvervec(
  config: Config,
  url: string,
  { maxConnections = config.maxConnections ?? 2, logger }: EdgeOptions,
): Promise<Evervec> {
  const database = await openPostgres({
    url,
    maxConnections,
    // There may be very many such processes, most of them idle.
    idleTimeoutMs: 30_000,
    ...(config.schema !== undefined && { schema: config.schema }),
    ...(logger && { logger }),
  });
  return await createEvervec(config, { database, ...(logger && { logger }) });
}
