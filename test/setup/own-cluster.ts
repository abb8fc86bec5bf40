/**
 * A Postgres cluster that one test owns, so that it may stop it, fill its disk or take all its connections. Made in a
 * temporary folder, loopback only, removed with its disposal. Never touches the cluster of `npm run services`.
 */
import { spawnSync } from 'node:child_process';
import { appendFileSync, chownSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { asPostgresUser, isRoot, outputOf } from '../../scripts/services/command.ts';
import { findPostgres, hasVector } from '../../scripts/services/postgres.ts';

export interface OwnCluster extends AsyncDisposable {
  /** As the superuser, on the database `postgres`, which is empty. */
  readonly url: string;
  readonly port: number;
  stop(mode: 'fast' | 'immediate'): void;
  /** On the same port as before. */
  start(): void;
}

/** Why a test can have no cluster of its own here; null when it can. */
export function noOwnCluster(): string | null {
  const postgres = findPostgres();
  if (postgres === undefined) return 'no Postgres server is installed';
  return hasVector(postgres) ? null : 'pgvector is not installed';
}

/**
 * @param settings lines of `postgresql.conf`
 * @param parent folder to make it in; default the temporary folder
 */
export async function startOwnCluster(
  settings: readonly string[] = [],
  parent = tmpdir(),
): Promise<OwnCluster> {
  const postgres = findPostgres();
  if (postgres === undefined) throw new Error('no Postgres server is installed');
  const folder = mkdtempSync(path.join(parent, 'evervec-own-cluster-'));
  if (isRoot) chownSync(folder, idOfPostgres('-u'), idOfPostgres('-g'));
  const data = path.join(folder, 'data');
  const call = (program: string, ...args: string[]) =>
    run(path.join(postgres.binFolder, program), ['-D', data, ...args]);
  call('initdb', '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C.UTF-8', '--no-sync');
  const port = await freePort();
  const lines = [
    "listen_addresses = '127.0.0.1'",
    "unix_socket_directories = ''",
    `port = ${port}`,
    'shared_buffers = 32MB',
    'jit = off',
    ...settings,
  ];
  appendFileSync(path.join(data, 'postgresql.conf'), `\n${lines.join('\n')}\n`);
  const start = () => call('pg_ctl', 'start', '-w', '-t', '60', '-l', path.join(folder, 'log'));
  const stop = (mode: string) => call('pg_ctl', 'stop', '-w', '-t', '60', '-m', mode);
  const remove = () => rmSync(folder, { recursive: true, force: true });
  let isUp = false;
  const cluster: OwnCluster = {
    url: `postgres://postgres@127.0.0.1:${port}/postgres`,
    port,
    start: () => {
      start();
      isUp = true;
    },
    stop: (mode) => {
      stop(mode);
      isUp = false;
    },
    [Symbol.asyncDispose]: async () => {
      if (isUp) stop('immediate');
      remove();
    },
  };
  try {
    cluster.start();
  } catch (error) {
    remove();
    throw error;
  }
  return cluster;
}

/** Output is dropped: a server would inherit a pipe, and its end would never be seen. */
function run(program: string, args: readonly string[]): void {
  const [command, all] = asPostgresUser(program, args);
  const { status, error } = spawnSync(command, all, { cwd: '/', stdio: 'ignore' });
  if (status !== 0) throw new Error(`${program} ${args.at(-1)}: ${error?.message ?? status}`);
}

function idOfPostgres(option: '-u' | '-g'): number {
  return Number(outputOf('id', [option, 'postgres']));
}

export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address ? address.port : 0;
}
