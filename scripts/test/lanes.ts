/**
 * Finds the real parts that tests run against: Postgres with pgvector, Chromium, PgBouncer, Deno, Bun, Transformers.js, a server that speaks S3. A
 * lane that is not there is skipped and said to be; one that was named by hand and does not work is an error.
 */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

import { Client } from 'pg';

import { runningCluster, startCluster } from '../services/cluster.ts';
import { outputOf } from '../services/command.ts';
import { ROOT, STATE_FILE } from '../services/paths.ts';
import { findPostgres } from '../services/postgres.ts';

export interface Lane {
  name: string;
  /** The variable that tells a test where its real part is; unset means skip. */
  variable: string;
  /** Absent when the lane is skipped. May hold a password: never printed. */
  value?: string;
  /** The version that was found, or why there is none. */
  detail: string;
  /** It was named by hand and does not work: running without it would hide that. */
  isBroken: boolean;
}

const ENABLE = 'npm run services';

type Environment = Readonly<Record<string, string | undefined>>;

export async function findLanes(env: Environment): Promise<Lane[]> {
  return [
    await postgresLane(env['DATABASE_URL_TEST']),
    chromiumLane(env['CHROMIUM_PATH']),
    programLane('PgBouncer', '/usr/sbin/pgbouncer', 'EVERVEC_TEST_PGBOUNCER'),
    runtimeLane('Deno', 'deno', 'EVERVEC_TEST_DENO'),
    runtimeLane('Bun', 'bun', 'EVERVEC_TEST_BUN'),
    libraryLane('Transformers.js', 'test/transformers', '@huggingface/transformers'),
    libraryLane('S3', 'test/s3', 's3rver'),
  ];
}

/** `env` with the lanes' variables as found: one that is skipped is unset, whatever it was before. */
export function laneEnvironment(env: Environment, lanes: readonly Lane[]): Record<string, string> {
  const names = new Set(lanes.map(({ variable }) => variable));
  const kept = Object.entries(env).filter(([name]) => !names.has(name));
  const found = lanes.map(({ variable, value }) => [variable, value] as const);
  const set = [...kept, ...found].flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as const],
  );
  return Object.fromEntries(set);
}

/** Why the tests can't begin; empty when they can. */
export function laneFaults(lanes: readonly Lane[], isCi: boolean): string[] {
  const broken = lanes.filter((lane) => lane.isBroken);
  const skipped = lanes.filter((lane) => lane.value === undefined && !lane.isBroken);
  return [
    ...broken.map((lane) => `${lane.name}: ${lane.detail}`),
    ...(isCi ? skipped : []).map(
      (lane) => `${lane.name}: ${lane.detail}. With CI=true no lane is skipped; enable: ${ENABLE}`,
    ),
  ];
}

/** One line per lane: whether tests had it, which one, and how to have it. */
export function laneSummary(lanes: readonly Lane[]): string[] {
  const width = Math.max(...lanes.map(({ name }) => name.length));
  return lanes.map((lane) => {
    const name = lane.name.padEnd(width);
    if (lane.value !== undefined) return `  ${name}  available  ${lane.detail}`;
    return `  ${name}  skipped    ${lane.detail}; enable: ${ENABLE}`;
  });
}

async function postgresLane(givenUrl: string | undefined): Promise<Lane> {
  const lane = { name: 'Postgres', variable: 'EVERVEC_TEST_POSTGRES' };
  const isGiven = givenUrl !== undefined && givenUrl !== '';
  const url = isGiven ? givenUrl : await servicesUrl();
  if (url === undefined) return { ...lane, detail: 'not running', isBroken: false };
  const probe = await probePostgres(url);
  if (probe.isUsable) return { ...lane, value: url, detail: probe.detail, isBroken: false };
  return {
    ...lane,
    detail: `${isGiven ? 'DATABASE_URL_TEST ' : ''}${probe.detail}`,
    isBroken: isGiven,
  };
}

/** The checkout's own cluster; one that was started once and is down (a reboot) is started again. */
async function servicesUrl(): Promise<string | undefined> {
  const running = await runningCluster();
  if (running) return running.url;
  const postgres = findPostgres();
  if (!postgres || !existsSync(STATE_FILE)) return undefined;
  return startCluster(postgres).then(
    ({ url }) => url,
    () => undefined,
  );
}

async function probePostgres(url: string): Promise<{ isUsable: boolean; detail: string }> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 5000 });
  client.on('error', () => {});
  try {
    await client.connect();
    const { rows } = await client.query<{ server: string; vector: string | null }>(
      `select current_setting('server_version') as server,
        (select default_version from pg_available_extensions where name = 'vector') as vector`,
    );
    const { server = '', vector = null } = rows[0] ?? {};
    if (vector === null) return { isUsable: false, detail: `Postgres ${server} has no pgvector` };
    return { isUsable: true, detail: `${server.split(' ')[0]} with pgvector ${vector}` };
  } catch (error) {
    // The code alone: a message of the driver may quote the URL.
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'no connection';
    return { isUsable: false, detail: `can't be used (${code})` };
  } finally {
    await client.end().catch(() => {});
  }
}

function chromiumLane(givenPath: string | undefined): Lane {
  const lane = { name: 'Chromium', variable: 'EVERVEC_TEST_CHROMIUM' };
  const isGiven = givenPath !== undefined && givenPath !== '';
  const file = isGiven ? givenPath : '/usr/bin/chromium';
  const version = /[\d.]+/.exec(outputOf(file, ['--version']) ?? '')?.[0];
  if (version !== undefined) return { ...lane, value: file, detail: version, isBroken: false };
  return {
    ...lane,
    detail: isGiven ? 'CHROMIUM_PATH does not run' : 'not installed',
    isBroken: isGiven,
  };
}

function runtimeLane(name: string, program: string, variable: string): Lane {
  const folder = path.join(ROOT, 'test', 'runtimes', 'node_modules', '.bin');
  return programLane(name, path.join(folder, program), variable);
}

/** Its value is the folder that the library is found from. */
function libraryLane(name: string, place: string, library: string): Lane {
  const variable = `EVERVEC_TEST_${path.basename(place).toUpperCase()}`;
  const folder = path.join(ROOT, ...place.split('/'));
  const manifest = path.join(folder, 'node_modules', library, 'package.json');
  if (!existsSync(manifest)) return { name, variable, detail: 'not installed', isBroken: false };
  const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string };
  return { name, variable, value: folder, detail: version, isBroken: false };
}

function programLane(name: string, file: string, variable: string): Lane {
  const version = /\d[\d.]*/.exec(outputOf(file, ['--version']) ?? '')?.[0];
  if (version === undefined) return { name, variable, detail: 'not installed', isBroken: false };
  return { name, variable, value: file, detail: version, isBroken: false };
}
