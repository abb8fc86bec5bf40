/**
 * Databases on the real Postgres for tests: each a copy of a template that is made once per run, each
 * dropped after its test. It speaks plain `pg`, so that it does not depend on the code under test;
 * only the template's contents come from there.
 */
import { Client } from 'pg';

export type Template = 'migrated' | 'empty';

/** First keys of advisory locks; the second is the run's number. */
const LIVES = 0x6576_6c76;
const BUILDS = 0x6576_6274;
const NAME = 'evervec_test_';

/**
 * Says that the run lives for as long as it is held, and drops what dead runs left.
 * The function it returns ends that and drops what this run left.
 */
export async function holdPostgresRun(url: string, run: number): Promise<() => Promise<void>> {
  const admin = await connect(url);
  await admin.query('select pg_advisory_lock($1, $2)', [LIVES, run]);
  const { rows } = await admin.query<{ run: number }>(
    `select distinct split_part(datname, '_', 3)::int as run from pg_database
     where datname ~ '^evervec_test_[0-9]{1,9}_' and split_part(datname, '_', 3)::int <> $1`,
    [run],
  );
  for (const { run: other } of rows) {
    // Who gets the lock knows that nobody lives who held it.
    const lock = await admin.query<{ is_dead: boolean }>(
      'select pg_try_advisory_lock($1, $2) as is_dead',
      [LIVES, other],
    );
    if (lock.rows[0]?.is_dead !== true) continue;
    await dropAll(admin, other);
    await admin.query('select pg_advisory_unlock($1, $2)', [LIVES, other]);
  }
  return async () => {
    await dropAll(admin, run);
    await admin.end();
  };
}

let created = 0;

/**
 * A database of its own, from the template of that name, null for an empty one; `prepare` fills the template where
 * this is its first use.
 */
export async function createDatabase(
  url: string,
  run: number,
  template: string | null,
  prepare: (url: string) => Promise<void>,
): Promise<string> {
  return withAdmin(url, async (admin) => {
    const source =
      template === null ? 'template0' : await ensureTemplate(admin, url, run, template, prepare);
    created += 1;
    const name = `${NAME}${run}_${process.pid}_${created}`;
    await admin.query(`create database ${name} template ${source}`);
    return urlOf(url, name);
  });
}

/** Drops the database that `createDatabase` gave this URL for, whoever is still connected to it. */
export async function dropDatabase(url: string, databaseUrl: string): Promise<void> {
  const name = new URL(databaseUrl).pathname.slice(1);
  if (!name.startsWith(NAME)) throw new Error(`${name} is no test database; it is not dropped`);
  await withAdmin(url, (admin) => admin.query(`drop database if exists ${name} with (force)`));
}

async function ensureTemplate(
  admin: Client,
  url: string,
  run: number,
  template: string,
  prepare: (url: string) => Promise<void>,
): Promise<string> {
  const name = `${NAME}${run}_${template}`;
  // The workers of a run come here at the same time; one builds, the others wait. It ends with the session.
  await admin.query('select pg_advisory_lock($1, $2)', [BUILDS, run]);
  const known = await admin.query('select from pg_database where datname = $1', [name]);
  if (known.rowCount === 1) return name;
  const draft = `${name}_draft`;
  await admin.query(`drop database if exists ${draft} with (force)`);
  await admin.query(`create database ${draft} template template0`);
  await prepare(urlOf(url, draft));
  // Postgres copies a database only while nobody is connected to it.
  await admin.query(`alter database ${draft} with allow_connections false`);
  await admin.query(`alter database ${draft} rename to ${name}`);
  return name;
}

async function dropAll(admin: Client, run: number): Promise<void> {
  const { rows } = await admin.query<{ name: string }>(
    'select quote_ident(datname) as name from pg_database where starts_with(datname, $1)',
    [`${NAME}${run}_`],
  );
  for (const { name } of rows) await admin.query(`drop database if exists ${name} with (force)`);
}

async function withAdmin<T>(url: string, work: (admin: Client) => Promise<T>): Promise<T> {
  const admin = await connect(url);
  try {
    return await work(admin);
  } finally {
    await admin.end();
  }
}

async function connect(url: string): Promise<Client> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  await client.connect();
  return client;
}

function urlOf(url: string, name: string): string {
  const other = new URL(url);
  other.pathname = `/${name}`;
  return other.href;
}
