/**
 * Fresh databases on this checkout's Postgres (`npm run services`), one per measurement, dropped afterwards. It speaks
 * plain `pg`. A benchmark that was killed leaves databases named by its process; the next one drops them.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import { runningCluster } from '../scripts/services/cluster.ts';

const PREFIX = 'evervec_bench_';

export class ScratchDatabases {
  readonly #url: string;
  readonly #created = new Set<string>();
  #count = 0;

  /** @throws Error naming the remedy when no Postgres runs */
  static async open(): Promise<ScratchDatabases> {
    const url = process.env['EVERVEC_BENCH_POSTGRES'] ?? (await runningCluster())?.url;
    if (url === undefined)
      throw new Error(
        'No Postgres runs. Start one with "npm run services", or set EVERVEC_BENCH_POSTGRES.',
      );
    const databases = new ScratchDatabases(url);
    await databases.#dropLeftovers();
    return databases;
  }

  private constructor(url: string) {
    this.#url = url;
  }

  /** An empty database, or a copy of `template`, which nobody may be connected to. @returns its URL */
  async create(template?: string): Promise<string> {
    const name = `${PREFIX}${process.pid}_${++this.#count}`;
    const source = template === undefined ? 'template0' : nameOf(template);
    await this.#admin((client) =>
      client.query(`create database ${name} template ${source} strategy file_copy`),
    );
    const url = new URL(this.#url);
    url.pathname = `/${name}`;
    this.#created.add(url.href);
    return url.href;
  }

  async drop(url: string): Promise<void> {
    await this.#admin(async (client) => {
      await waitUntilLeft(client, nameOf(url));
      await client.query(`drop database ${nameOf(url)} with (force)`);
    });
    this.#created.delete(url);
  }

  /** Work on a fresh database, dropped whatever happens. */
  async use<T>(work: (url: string) => Promise<T>, template?: string): Promise<T> {
    const url = await this.create(template);
    try {
      return await work(url);
    } finally {
      await this.drop(url);
    }
  }

  async close(): Promise<void> {
    for (const url of this.#created) await this.drop(url);
  }

  async #dropLeftovers(): Promise<void> {
    await this.#admin(async (client) => {
      const { rows } = await client.query<{ name: string; pid: number }>(
        `select datname as name, split_part(datname, '_', 3)::integer as pid from pg_database
        where datname ~ '^${PREFIX}[0-9]{1,9}_[0-9]+$'`,
      );
      for (const { name, pid } of rows)
        if (!isAlive(pid)) await client.query(`drop database if exists ${name} with (force)`);
    });
  }

  async #admin(work: (client: Client) => Promise<unknown>): Promise<void> {
    await withClient(this.#url, work);
  }
}

function nameOf(url: string): string {
  const name = new URL(url).pathname.slice(1);
  if (!name.startsWith(PREFIX)) throw new Error(`${name} is no database of a benchmark`);
  return name;
}

/** Some pools end a little after they say so, and take it badly to be cut off. */
async function waitUntilLeft(client: Client, name: string): Promise<void> {
  for (let attempt = 0; attempt < 60; attempt++) {
    const { rowCount } = await client.query(
      'select from pg_stat_activity where datname = $1 and backend_type = $2',
      [name, 'client backend'],
    );
    if (rowCount === 0) return;
    await delay(50);
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

export async function withClient<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** Wall-clock seconds that `work` took. */
export async function seconds(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1_000;
}
