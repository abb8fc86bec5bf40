/**
 * `npm run services`: the real parts that tests and benchmarks use, installed and started.
 *
 *     npm run services                  installs what is missing, starts Postgres; says so if it runs
 *     npm run --silent services -- url  prints the URL of the running Postgres, alone
 *     npm run services -- status        what is there and what runs
 *     npm run services -- stop          stops Postgres and removes its data
 *
 * Without root it installs nothing and says what to install; it starts Postgres from what is there.
 */
import { existsSync } from 'node:fs';

import { type Cluster, runningCluster, startCluster, stopCluster } from './services/cluster.ts';
import { installAll } from './services/install.ts';
import { STATE_FILE } from './services/paths.ts';
import { findPostgres, hasVector } from './services/postgres.ts';

const USAGE = 'usage: npm run services [-- up|url|status|stop]';

async function up(): Promise<void> {
  const failed = installAll();
  const running = await runningCluster();
  if (running) console.log(`postgres: already running, ${describe(running)}`);
  else if (!(await startPostgres())) failed.push('postgres');
  if (failed.length === 0) return;
  console.error(`services: failed: ${failed.join(', ')}`);
  process.exitCode = 1;
}

async function startPostgres(): Promise<boolean> {
  const postgres = findPostgres();
  if (!postgres) {
    console.error('postgres: no Postgres 15 or newer found; nothing to start');
    return false;
  }
  try {
    console.log(`postgres: started, ${describe(await startCluster(postgres))}`);
    if (hasVector(postgres)) return true;
    console.error('postgres: pgvector is missing, so Evervec cannot use this server');
  } catch (error) {
    console.error(`postgres: FAILED: ${error instanceof Error ? error.message : String(error)}`);
  }
  return false;
}

async function printUrl(): Promise<void> {
  const cluster = await runningCluster();
  if (cluster) {
    console.log(cluster.url);
    return;
  }
  console.error('services: Postgres is not running; start it with: npm run services');
  process.exitCode = 1;
}

async function printStatus(): Promise<void> {
  const cluster = await runningCluster();
  const postgres = findPostgres();
  const stopped = existsSync(STATE_FILE) ? 'stopped, its data is kept' : 'not running';
  console.log(`postgres: ${cluster ? `running, ${describe(cluster)}` : stopped}`);
  console.log(`pgvector: ${postgres && hasVector(postgres) ? 'installed' : 'missing'}`);
  if (!cluster) process.exitCode = 1;
}

function stop(): void {
  const stopped = stopCluster();
  if (!stopped) console.log('postgres: nothing to stop');
  else console.log(`postgres: stopped (pid ${stopped.pid ?? 'gone already'}), data removed`);
}

function describe(cluster: Cluster): string {
  return `version ${cluster.version}, pid ${cluster.pid}, port ${cluster.port}, ${cluster.url}`;
}

const [command = 'up', ...rest] = process.argv.slice(2);
if (rest.length > 0) {
  console.error(USAGE);
  process.exitCode = 2;
} else if (command === 'up') await up();
else if (command === 'url') await printUrl();
else if (command === 'status') await printStatus();
else if (command === 'stop') stop();
else {
  console.error(USAGE);
  process.exitCode = 2;
}
