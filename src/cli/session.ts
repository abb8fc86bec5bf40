/** What every command starts with: options, configuration, environment, a logger, an open Evervec. */
import path from 'node:path';
import type { Command } from 'commander';
import { pino } from 'pino';
import { type Config, createEvervec, type Evervec } from '../engine/index.ts';
import { ConfigError } from '../errors/index.ts';
import type { Logger } from '../runtime/index.ts';
import type { HandlerOptions } from '../server/index.ts';
import { applyEnvironment, type Environment, readEnvironment } from './environment.ts';
import { findConfig, loadConfig } from './load-config.ts';
import { loadSampleConfig } from './sample.ts';

/** Options that every command takes. */
export interface CommonOptions {
  config?: string;
  database?: string;
  json?: boolean;
  sample?: boolean;
}

export function withCommonOptions(command: Command): Command {
  return command
    .option('--config <file>', 'configuration file (default: evervec.config.ts here)')
    .option('--database <url|folder>', 'postgres://… or the folder of an embedded database')
    .option('--sample', "the sample's sources, in the embedded database .evervec")
    .option('--json', 'print JSON');
}

/** Logs go to stderr, so that stdout is the answer alone. */
export function createLogger(): Logger {
  return pino({ level: process.env['EVERVEC_LOG_LEVEL'] ?? 'warn' }, pino.destination(2));
}

export function environmentOf(): Environment {
  return readEnvironment(process.env);
}

/** Where the database is: option, environment, file, or `.evervec` beside the file. */
export async function resolveConfig(options: CommonOptions): Promise<Config> {
  // The sample never touches a database that it was not told of by name: DATABASE_URL is left alone.
  if (options.sample)
    return {
      ...(await loadSampleConfig()),
      database: options.database ?? path.resolve('.evervec'),
    };
  const file = options.config ? path.resolve(options.config) : findConfig(process.cwd());
  if (file === null && options.config === undefined)
    throw new ConfigError(`There is no evervec.config.ts in ${process.cwd()}.`, {
      remedy:
        'Run "evervec init" to write one, name one with --config, or try "evervec up --sample".',
      isUsage: true,
    });
  const config = applyEnvironment(await loadConfig(file ?? ''), environmentOf());
  return {
    ...config,
    database:
      options.database ?? config.database ?? path.join(path.dirname(file ?? ''), '.evervec'),
  };
}

/** Runs `work` with an open Evervec and closes it, whatever happens. */
export async function withEvervec<T>(
  options: CommonOptions,
  work: (evervec: Evervec, config: Config) => Promise<T>,
): Promise<T> {
  const config = await resolveConfig(options);
  const evervec = await createEvervec(config, { logger: createLogger() });
  try {
    return await work(evervec, config);
  } finally {
    await evervec.close();
  }
}

export interface ServerOptions {
  host: string;
  port: number;
  /** For the handler, as far as configured. */
  handler: Pick<
    HandlerOptions,
    'token' | 'tokens' | 'search' | 'cron' | 'retentionDays' | 'upload' | 'events' | 'addressHeader'
  >;
}

/** @param signal aborts when the command is to end */
export function applyServerOptions(
  config: Config,
  options: { host?: string; port?: number },
  environment: Environment,
  signal: AbortSignal,
): ServerOptions {
  const { server = {}, worker = {} } = config;
  return {
    host: options.host ?? server.host ?? '127.0.0.1',
    port: options.port ?? server.port ?? 3883,
    handler: {
      ...(environment.AUTH_TOKEN !== undefined && { token: environment.AUTH_TOKEN }),
      ...(server.tokens && { tokens: server.tokens }),
      ...(worker.cleanupRetentionDays !== undefined && {
        retentionDays: worker.cleanupRetentionDays,
      }),
      search: { concurrency: server.searchConcurrency, timeoutMs: server.searchTimeoutMs },
      upload: { maxBytes: server.uploadMaxBytes, concurrency: server.uploadConcurrency },
      cron: { secret: environment.CRON_SECRET, signal },
      events: { connections: server.eventConnections },
      addressHeader: server.addressHeader,
    },
  };
}

export interface Stop {
  /** Aborts at the first SIGINT or SIGTERM; a second one ends the process at once. */
  signal: AbortSignal;
  stopped: Promise<void>;
}

let stop: Stop | undefined;

/** One for the process, from when it is first asked for. */
export function untilStopped(): Stop {
  if (stop !== undefined) return stop;
  const controller = new AbortController();
  const stopped = new Promise<void>((resolve) => {
    for (const name of ['SIGINT', 'SIGTERM'] as const)
      process.on(name, () => {
        if (controller.signal.aborted) process.exit(1);
        controller.abort();
        resolve();
      });
  });
  stop = { signal: controller.signal, stopped };
  return stop;
}
