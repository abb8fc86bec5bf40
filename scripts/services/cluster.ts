/**
 * This checkout's throw-away Postgres cluster: created, started, found and removed here, and known by
 * `.services/state.json` alone. Loopback only, on a port that was free. It touches no cluster that it
 * did not create. Durability is Postgres' default, so that what is measured on it is true.
 */
import {
  appendFileSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { Client } from 'pg';
import { z } from 'zod';

import { asPostgresUser, isRoot, outputOf, runLogged } from './command.ts';
import { SERVICES, STATE_FILE } from './paths.ts';
import { type Postgres, preloadable } from './postgres.ts';

const LOG = 'postgres-setup.log';
const INITDB = ['-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C.UTF-8', '--no-sync'];
const State = z.object({
  /** Holds `data` and `server.log`; belongs to the user that Postgres runs as. */
  folder: z.string(),
  binFolder: z.string(),
  port: z.number(),
});
type State = z.infer<typeof State>;

export interface Cluster {
  /** As the superuser, on the database `postgres`. */
  url: string;
  pid: number;
  port: number;
  folder: string;
  version: string;
}

/** The cluster of this checkout if it runs: its process lives, answers, and is the one we started. */
export async function runningCluster(): Promise<Cluster | undefined> {
  const state = readState();
  const pid = state && livingPid(state);
  if (!state || pid === undefined) return undefined;
  const version = await answer(state);
  if (version === undefined) return undefined;
  return { url: urlOf(state.port), pid, port: state.port, folder: state.folder, version };
}

/** Starts the cluster, after creating it if there is none. One that runs is left alone. */
export async function startCluster(postgres: Postgres): Promise<Cluster> {
  const running = await runningCluster();
  if (running) return running;
  const known = readState();
  const late = known && livingPid(known) !== undefined ? await waitForAnswer() : undefined;
  if (late) return late;
  const isUsable = known && existsSync(path.join(known.folder, 'data', 'PG_VERSION'));
  const state: State = {
    folder: isUsable ? known.folder : createCluster(postgres),
    binFolder: isUsable ? known.binFolder : postgres.binFolder,
    port: await freePort(isUsable ? known.port : 0),
  };
  writeFileSync(STATE_FILE, `${JSON.stringify(state, null, 2)}\n`);
  const log = path.join(state.folder, 'server.log');
  pgCtl(state, ['start', '-w', '-l', log, '-o', `-p ${state.port}`]);
  const started = await runningCluster();
  if (!started) throw new Error(`Postgres started but does not answer; see ${log}`);
  return started;
}

/** A cluster whose process lives may be starting, or replaying its log. */
async function waitForAnswer(): Promise<Cluster | undefined> {
  for (let attempt = 0; attempt < 20; attempt++) {
    await delay(500);
    const cluster = await runningCluster();
    if (cluster) return cluster;
  }
  return undefined;
}

/** Stops the cluster and removes its data. Returns what it stopped. */
export function stopCluster(): { pid: number | undefined } | undefined {
  const state = readState();
  if (!state) return undefined;
  const pid = livingPid(state);
  if (pid !== undefined) {
    try {
      pgCtl(state, ['stop', '-w', '-m', 'fast']);
    } catch {
      pgCtl(state, ['stop', '-w', '-m', 'immediate']);
    }
  }
  rmSync(state.folder, { recursive: true, force: true });
  rmSync(STATE_FILE, { force: true });
  return { pid };
}

function createCluster(postgres: Postgres): string {
  const folder = dataFolder();
  const data = path.join(folder, 'data');
  const [program, args] = asPostgresUser(
    path.join(postgres.binFolder, 'initdb'),
    INITDB.concat('-D', data),
  );
  runLogged(LOG, program, args);
  appendFileSync(path.join(data, 'postgresql.conf'), configuration(postgres));
  return folder;
}

function configuration(postgres: Postgres): string {
  const preload = preloadable(postgres, ['pg_stat_statements', 'pg_cron']);
  const lines = [
    "listen_addresses = '127.0.0.1'",
    "unix_socket_directories = ''",
    'max_connections = 200',
    `shared_buffers = ${sharedBuffersMb()}MB`,
    'max_wal_size = 4GB',
    // As docs/operations.md advises for a server.
    'checkpoint_timeout = 30min',
    'jit = off',
    `shared_preload_libraries = '${preload.join(',')}'`,
  ];
  if (preload.includes('pg_cron'))
    lines.push("cron.database_name = 'postgres'", 'cron.use_background_workers = on');
  return `\n${lines.join('\n')}\n`;
}

/** A quarter of the memory, as Postgres' documentation has it for a server; more than 2 GB nothing here fills. */
function sharedBuffersMb(): number {
  return Math.min(2_048, Math.floor(os.totalmem() / 4 / 1024 ** 2));
}

/** An empty folder that the user of Postgres owns and can reach. */
function dataFolder(): string {
  const here = path.join(SERVICES, 'postgres');
  mkdirSync(SERVICES, { recursive: true });
  rmSync(here, { recursive: true, force: true });
  if (!isRoot) {
    mkdirSync(here);
    return here;
  }
  // A checkout under /root, or a private one, is closed to the postgres user.
  const canReach = outputOf('runuser', ['-u', 'postgres', '--', 'test', '-x', SERVICES]) === '';
  const folder = canReach ? here : mkdtempSync(path.join(os.tmpdir(), 'evervec-services-'));
  mkdirSync(folder, { recursive: true });
  chownSync(folder, idOfPostgres('-u'), idOfPostgres('-g'));
  return folder;
}

function idOfPostgres(option: '-u' | '-g'): number {
  const id = outputOf('id', [option, 'postgres']);
  if (id === undefined) throw new Error('there is no user postgres for the cluster to run as');
  return Number(id);
}

function pgCtl(state: State, args: readonly string[]): void {
  const [action = '', ...rest] = args;
  const data = path.join(state.folder, 'data');
  const [program, all] = asPostgresUser(path.join(state.binFolder, 'pg_ctl'), [
    action,
    '-D',
    data,
    '-t',
    '60',
    ...rest,
  ]);
  runLogged(LOG, program, all);
}

function readState(): State | undefined {
  if (!existsSync(STATE_FILE)) return undefined;
  return State.safeParse(JSON.parse(readFileSync(STATE_FILE, 'utf8'))).data;
}

/** The postmaster's pid, from the lock file in its data folder; undefined if that process is gone. */
function livingPid(state: State): number | undefined {
  const file = path.join(state.folder, 'data', 'postmaster.pid');
  if (!existsSync(file)) return undefined;
  const pid = Number(readFileSync(file, 'utf8').split('\n')[0]);
  try {
    process.kill(pid, 0);
    return pid;
  } catch {
    return undefined;
  }
}

/** The server's version, if what answers on the port is the cluster in our folder. */
async function answer(state: State): Promise<string | undefined> {
  const client = new Client({ connectionString: urlOf(state.port), connectionTimeoutMillis: 5000 });
  client.on('error', () => {});
  try {
    await client.connect();
    const { rows } = await client.query<{ folder: string; version: string }>(
      `select current_setting('data_directory') as folder, current_setting('server_version') as version`,
    );
    const isOurs = rows[0]?.folder === path.join(state.folder, 'data');
    return isOurs ? rows[0]?.version : undefined;
  } catch {
    return undefined;
  } finally {
    await client.end().catch(() => {});
  }
}

function urlOf(port: number): string {
  return `postgres://postgres@127.0.0.1:${port}/postgres`;
}

/** `wanted` if it is free (so that a URL outlives a restart), else any port that is. */
async function freePort(wanted: number): Promise<number> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once('error', (error) => {
      if (wanted === 0) reject(error);
      else resolve(freePort(0));
    });
    server.listen(wanted, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' && address ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}
