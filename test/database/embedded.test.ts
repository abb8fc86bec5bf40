/** Who owns the folder of an embedded database, and what is left of it after a crash. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { openEmbedded } from '../../src/database/index.ts';
import { ownIdentity, type ProcessIdentity } from '../../src/database/embedded/process-identity.ts';
import {
  ConfigError,
  DatabaseInUseError,
  DatabaseUnreachableError,
} from '../../src/errors/index.ts';
import { silentLogger } from '../../src/runtime/index.ts';
import { eventually, Signal } from '../setup/signal.ts';
import { emptyDatabase, newFolder, run } from './embedded-folder.ts';

const SOCKET = '.s.PGSQL.5432';

async function open(folder: string, ownerTimeoutMs?: number) {
  const database = await openEmbedded({
    folder,
    ...(ownerTimeoutMs === undefined ? {} : { ownerTimeoutMs }),
  });
  onTestFinished(() => database.close());
  return database;
}

const locksIn = (folder: string) => readdirSync(folder).filter((name) => name.startsWith('lock-'));

function writeLock(folder: string, identity: Partial<ProcessIdentity>, ageMs = 0): void {
  const file = path.join(folder, `lock-${crypto.randomUUID()}.json`);
  const socket = path.join(folder, SOCKET);
  writeFileSync(file, JSON.stringify({ ...ownIdentity(), ...identity, socket }));
  const at = new Date(Date.now() - ageMs);
  utimesSync(file, at, at);
}

describe('a folder', () => {
  test('is made, private, and clean again after close', async () => {
    const folder = newFolder();
    const database = await open(folder);
    const modeOf = (name: string) => statSync(path.join(folder, name)).mode & 0o777;
    expect([modeOf('.'), modeOf(SOCKET), modeOf('data')]).toEqual([0o700, 0o600, 0o700]);
    expect(locksIn(folder)).toHaveLength(1);
    await database.close();
    expect(readdirSync(folder)).toEqual(['data']);
  });

  test('with a path too long for a socket is served from elsewhere', async () => {
    const folder = path.join(newFolder(), 'x'.repeat(100));
    const database = await open(folder);
    expect(existsSync(path.join(folder, SOCKET))).toBe(false);
    const second = await open(folder);
    expect((await second.query('select 1 as n')).rows).toEqual([{ n: 1 }]);
    await database.close();
  });

  test('that a process ended without closing is clean too', async () => {
    const folder = await emptyDatabase();
    const program = run('exit', folder);
    expect(await program.exited).toBe(0);
    expect(readdirSync(folder)).toEqual(['data']);
  });

  test('with other data in it is refused', async () => {
    const [foreign, older] = [newFolder(), newFolder()];
    for (const folder of [foreign, older])
      mkdirSync(path.join(folder, 'data'), { recursive: true });
    writeFileSync(path.join(foreign, 'data', 'mine.txt'), 'x');
    writeFileSync(path.join(older, 'data', 'PG_VERSION'), '17\n');
    await expect(open(foreign)).rejects.toThrow(ConfigError);
    await expect(open(older)).rejects.toThrow(/Postgres 17/);
    expect(readdirSync(path.join(foreign, 'data'))).toEqual(['mine.txt']);
    expect(locksIn(foreign)).toEqual([]);
  });

  test('that can not be used says so', async () => {
    const file = newFolder();
    writeFileSync(file, '');
    await expect(open(path.join(file, 'below'))).rejects.toThrow(DatabaseUnreachableError);
  });
});

describe('a second user of a folder', () => {
  test('in the same process is a client of the first', async () => {
    const folder = await emptyDatabase();
    const [first, second] = [await open(folder), await open(folder)];
    await first.query('create table t (n integer)');
    await second.query('insert into t values (1)');
    expect((await first.query('select n from t')).rows).toEqual([{ n: 1 }]);
    await second.close();
    expect((await first.query('select n from t')).rows).toEqual([{ n: 1 }]);
    await first.close();
  });

  test('in another process is a client, until the owner goes', async () => {
    const folder = await emptyDatabase();
    const owner = await open(folder);
    const program = run('query', folder);
    await program.line('open');
    program.process.stdin?.write('create table t as select 7 as n returning n\n');
    program.process.stdin?.write('select 8 as n\n');
    expect(await program.line('row')).toBe('row {"n":8}');
    await owner.close();
    program.process.stdin?.write('select 9 as n\n');
    expect(await program.line('error EVERVEC_DATABASE')).toBe('error EVERVEC_DATABASE_UNREACHABLE');
    const next = await open(folder);
    expect((await next.query('select 1 as n')).rows).toEqual([{ n: 1 }]);
    await next.close();
  });

  test('six that start at once on a new folder all get their turn', async () => {
    const folder = newFolder();
    const programs = Array.from({ length: 6 }, () => run('visit', folder));
    expect(await Promise.all(programs.map(({ exited }) => exited))).toEqual(programs.map(() => 0));
    const database = await open(folder);
    const { rows } = await database.query('select count(*)::integer as n from visits');
    expect(rows).toEqual([{ n: 6 }]);
    expect(locksIn(folder)).toHaveLength(1);
    await database.close();
  }, 120_000);
});

describe('a lock', () => {
  test.each([
    ['whose process is gone', { pid: 2 ** 22 + 1 }],
    ['whose pid another process has now', { startTime: '1' }],
    ['from before a reboot', { boot: 'another' }],
  ])('%s is taken over', async (_, identity) => {
    const folder = await emptyDatabase();
    writeLock(folder, identity);
    const database = await open(folder);
    expect(locksIn(folder)).toHaveLength(1);
    await database.close();
    expect(locksIn(folder)).toEqual([]);
  });

  test('from elsewhere counts while it shows signs of life', async () => {
    const folder = await emptyDatabase();
    writeLock(folder, { host: 'another', pid: 1 });
    await expect(open(folder)).rejects.toThrow(/process 1 on another/);
    const silent = await emptyDatabase();
    writeLock(silent, { host: 'another', pid: 1 }, 120_000);
    await (await open(silent)).close();
    expect(locksIn(silent)).toEqual([]);
  });

  test('of a process that lives but does not answer is respected', async () => {
    const folder = await emptyDatabase();
    const owner = run('hold', folder);
    await owner.line('open');
    owner.process.kill('SIGSTOP');
    const error = await open(folder, 500).catch((failure: unknown) => failure);
    owner.process.kill('SIGCONT');
    expect(error).toBeInstanceOf(DatabaseInUseError);
    expect(String(error)).toContain(`process ${owner.process.pid}`);
    expect(String(error)).toContain(folder);
  });
});

describe('after kill -9', () => {
  test('every acknowledged row is there, round after round', async () => {
    const folder = await emptyDatabase();
    let acknowledged = 0;
    for (let round = 1; round <= 5; round += 1) {
      const program = run('write', folder);
      await program.line(`wrote ${acknowledged + 100 * round}`);
      program.process.kill('SIGKILL');
      await program.exited;
      acknowledged = Number(program.lines.at(-1)?.slice('wrote '.length));
      const database = await open(folder);
      const { rows } = await database.query<{ n: number; max: number }>(
        'select count(*)::integer as n, max(n) as max from written',
      );
      const [{ n, max } = { n: 0, max: 0 }] = rows;
      // The last one may have been written and not yet told.
      expect([acknowledged, acknowledged + 1]).toContain(n);
      expect(max).toBe(n);
      acknowledged = n;
      await database.close();
    }
  }, 120_000);

  test.each([
    ['the marker', 'creating'],
    ['the first file', 'data/PG_VERSION'],
    ['the catalog', 'data/global/pg_control'],
    ['the socket', SOCKET],
  ])('in a first creation, when %s is there, the folder opens', async (_, file) => {
    const folder = newFolder();
    const program = run('hold', folder);
    await eventually(file, () => existsSync(path.join(folder, file)) || undefined, 30_000);
    program.process.kill('SIGKILL');
    await program.exited;
    const database = await open(folder);
    await database.query('create table t (n integer)');
    expect(readdirSync(folder)).not.toContain('creating');
    await database.close();
  });
});

describe('psql', () => {
  const hasPsql = spawnSync('psql', ['--version']).status === 0;

  function psql(folder: string, args: string[], input = ''): Promise<string> {
    const child: ChildProcess = spawn('psql', ['-h', folder, '-XAtq', ...args], {
      env: { PATH: process.env['PATH'] },
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (chunk) => (output += String(chunk)));
    child.stdin?.end(input);
    return new Promise((resolve) => child.once('close', () => resolve(output.trim())));
  }

  test.skipIf(!hasPsql)('reads, copies in and out, and is told what does not go', async () => {
    const folder = await emptyDatabase();
    const database = await open(folder);
    await database.query('create table t (n integer, body text)');
    expect(await psql(folder, ['-c', 'select 1 + 1'])).toBe('2');
    expect(
      await psql(folder, [], 'copy t from stdin;\n1\ta\n2\tb\n\\.\nselect count(*) from t;\n'),
    ).toBe('2');
    expect(await psql(folder, ['-c', '\\copy t from stdin (format csv)'], '3,c\n')).toBe('');
    expect(await psql(folder, ['-c', 'copy t to stdout'])).toBe('1\ta\n2\tb\n3\tc');
    expect(await psql(folder, ['-c', 'copy nowhere from stdin'], '1\n')).toContain(
      'does not exist',
    );
    expect(await psql(folder, ['-c', 'select 1; copy t from stdin'], '1\n')).toContain(
      'only statement',
    );
    expect((await database.query('select count(*)::integer as n from t')).rows).toEqual([{ n: 3 }]);
    await database.close();
  });

  test('a socket is not answered by one that is gone', async () => {
    const folder = await emptyDatabase();
    await (await open(folder)).close();
    const failed = await new Promise<boolean>((resolve) => {
      connect(path.join(folder, SOCKET)).once('error', () => resolve(true));
    });
    expect(failed).toBe(true);
  });
});

describe('a backend that ends by itself', () => {
  test('fails its users with a class, frees the folder and opens again', async () => {
    const folder = await emptyDatabase();
    const logged = new Signal<object>('the log of the loss');
    const logger = { ...silentLogger, error: (fields: object) => logged.fire(fields) };
    const first = await openEmbedded({ folder, logger });
    onTestFinished(() => first.close());
    const second = await open(folder);
    await first.query('create table t as select 1 as n');
    const waiting = second.transaction(async (tx) => {
      await tx.query('insert into t values (2)');
      // PGlite can't start programs, and does not survive the attempt.
      await tx.query(`copy t to program 'true'`);
    });
    await expect(waiting).rejects.toThrow(DatabaseUnreachableError);
    await expect(first.query('select 1')).rejects.toThrow(DatabaseUnreachableError);
    await expect(second.query('select 1')).rejects.toThrow(DatabaseUnreachableError);
    expect(await logged.fired()).toHaveProperty('reason');
    const next = await open(folder);
    expect((await next.query('select n from t')).rows).toEqual([{ n: 1 }]);
    // The socket is at the same place: who was connected is so again.
    expect((await first.query('select n from t')).rows).toEqual([{ n: 1 }]);
    await second.close();
    await next.close();
  });

  test('does not end of endless recursion', async () => {
    const database = await open(await emptyDatabase());
    await database.query(
      'create function f(n integer) returns integer language plpgsql as $$ begin return f(n + 1); end $$',
    );
    await expect(database.query('select f(1)')).rejects.toMatchObject({ sqlState: '54001' });
    expect((await database.query('select 1 as n')).rows).toEqual([{ n: 1 }]);
    await database.close();
  });
});
