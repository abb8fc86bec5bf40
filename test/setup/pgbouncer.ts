/** A PgBouncer in transaction mode before a test's database, ended and removed with its disposal. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Client } from 'pg';
import { asPostgresUser } from '../../scripts/services/command.ts';
import { freePort } from './own-cluster.ts';
import { eventually } from './signal.ts';

const PROGRAM = process.env['EVERVEC_TEST_PGBOUNCER'] ?? '';

export const noPgBouncer = PROGRAM === '' ? 'skipped: EVERVEC_TEST_PGBOUNCER is not set' : null;

export interface Pooler extends AsyncDisposable {
  readonly url: string;
}

/** @param poolSize connections to the server that all clients share */
export async function startPgBouncer(databaseUrl: string, poolSize: number): Promise<Pooler> {
  const target = new URL(databaseUrl);
  const folder = mkdtempSync(path.join(tmpdir(), 'evervec-pgbouncer-'));
  chmodSync(folder, 0o755);
  const port = await freePort();
  const file = path.join(folder, 'pgbouncer.ini');
  const settings = [
    '[databases]',
    `* = host=127.0.0.1 port=${target.port} user=postgres`,
    '[pgbouncer]',
    'listen_addr = 127.0.0.1',
    `listen_port = ${port}`,
    'unix_socket_dir =',
    'auth_type = any',
    'pool_mode = transaction',
    `default_pool_size = ${poolSize}`,
    'max_client_conn = 200',
  ];
  writeFileSync(file, `${settings.join('\n')}\n`);
  const [command, args] = asPostgresUser(PROGRAM, ['-q', file]);
  const child = spawn(command, args, { cwd: '/', stdio: 'ignore' });
  const exited = once(child, 'exit');
  const pooler: Pooler = {
    url: `postgres://postgres@127.0.0.1:${port}${target.pathname}`,
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGTERM');
      await exited;
      rmSync(folder, { recursive: true, force: true });
    },
  };
  await eventually('PgBouncer answers', () => answers(pooler.url)).catch(async (error: unknown) => {
    await pooler[Symbol.asyncDispose]();
    throw error;
  });
  return pooler;
}

async function answers(url: string): Promise<true | undefined> {
  const client = new Client({ connectionString: url });
  client.on('error', () => {});
  try {
    await client.connect();
    await client.query('select 1');
    return true;
  } catch {
    return undefined;
  } finally {
    await client.end().catch(() => {});
  }
}
