/** The bridge between sockets and the one backend, with clients that behave badly. */
import { mkdirSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import path from 'node:path';
import { Client } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { afterAll, afterEach, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest';
import { Backend } from '../../src/database/embedded/backend.ts';
import { type Bridge, serve } from '../../src/database/embedded/bridge.ts';
import { compiledPostgres } from '../../src/database/embedded/compiled.ts';
import { frame } from '../../src/database/embedded/frames.ts';
import { privateSocketPath, removeSocket } from '../../src/database/embedded/socket-path.ts';
import { Signal } from '../setup/signal.ts';

const IDLE_TIMEOUT_MS = 2_000;
const socketPath = privateSocketPath();
let bridge: Bridge;
const failures: unknown[] = [];

beforeAll(async () => {
  mkdirSync(path.dirname(socketPath), { mode: 0o700 });
  const starter = {};
  const backend = new Backend(starter);
  bridge = await serve(backend, socketPath, (failure) => failures.push(failure), IDLE_TIMEOUT_MS);
  await backend.start('memory://', await compiledPostgres());
  backend.release(starter);
});

afterAll(async () => {
  await bridge.stop();
  removeSocket(socketPath);
});

afterEach(() => {
  if (failures.length > 0) throw new Error('the backend has ended', { cause: failures[0] });
});

beforeEach(async () => {
  const client = await connected();
  await client.query('drop table if exists t; create table t (n integer)');
});

async function connected(): Promise<Client> {
  const host = path.dirname(socketPath);
  const client = new Client({ host, port: 5432, user: 'any', database: 'any', ssl: false });
  client.on('error', () => {});
  await client.connect();
  onTestFinished(() => client.end());
  return client;
}

/** A client that speaks the protocol by hand. */
interface Raw {
  socket: Socket;
  send(...messages: Buffer[]): void;
  /** Resolves when what came in ends with a ReadyForQuery, or the server hung up. */
  answered(): Promise<string>;
}

function raw(): Raw {
  const socket = connect(socketPath);
  onTestFinished(() => void socket.destroy());
  let received = Buffer.alloc(0);
  let waiting: (() => void) | null = null;
  let isClosed = false;
  const look = () => {
    const end = received.length - 6;
    const isReady = end >= 0 && received[end] === 0x5a && received.readInt32BE(end + 1) === 5;
    if ((isReady || isClosed) && waiting !== null) waiting();
  };
  socket.on('data', (chunk) => {
    received = Buffer.concat([received, chunk]);
    look();
  });
  socket.on('error', () => {});
  socket.on('close', () => {
    isClosed = true;
    look();
  });
  return {
    socket,
    send: (...messages) => void socket.write(Buffer.concat(messages)),
    async answered() {
      const signal = new Signal('an answer to the raw client');
      waiting = signal.fire;
      look();
      await signal.fired();
      waiting = null;
      const text = received.toString('latin1');
      received = Buffer.alloc(0);
      return text;
    },
  };
}

const startup = (version = 3) => {
  const body = Buffer.from('user\0x\0\0');
  const header = Buffer.alloc(8);
  header.writeInt32BE(8 + body.length, 0);
  header.writeInt32BE(version << 16, 4);
  return Buffer.concat([header, body]);
};
const request = (code: number) => {
  const message = Buffer.alloc(8);
  message.writeInt32BE(8, 0);
  message.writeInt32BE(code, 4);
  return message;
};
const query = (sql: string) => frame('Q', `${sql}\0`);
const parse = (name: string, sql: string) => frame('P', `${name}\0${sql}\0\0\0`);
const bind = (name: string) => frame('B', `\0${name}\0\0\0\0\0\0\0`);
const execute = frame('E', '\0\0\0\0\0');
const sync = frame('S');

async function countOf(client: Client): Promise<number> {
  const { rows } = await client.query<{ n: number }>('select count(*)::integer as n from t');
  return rows[0]?.n ?? -1;
}

test('a transaction holds the others up until its end', async () => {
  const [one, other] = [await connected(), await connected()];
  await one.query('begin');
  await one.query('insert into t values (1)');
  const seen = countOf(other);
  await one.query('insert into t values (2)');
  await one.query('rollback');
  expect(await seen).toBe(0);
});

test('message sequences do not interleave', async () => {
  const [one, other] = [raw(), raw()];
  for (const client of [one, other]) {
    client.send(startup());
    await client.answered();
  }
  one.send(parse('', `select 'one' as x`), frame('H'));
  other.send(parse('', `select 'other' as x`), bind(''), execute, sync);
  one.send(bind(''), execute, sync);
  expect(await one.answered()).toContain('one');
  expect(await other.answered()).toContain('other');
});

test('clients are served in the order they came', async () => {
  const clients = await Promise.all(Array.from({ length: 5 }, connected));
  const order: number[] = [];
  await Promise.all(
    clients.map(async (client, index) => {
      for (let round = 0; round < 2; round += 1) {
        await client.query('select pg_sleep(0.01)');
        order.push(index);
      }
    }),
  );
  expect(order.slice(0, 5).sort()).toEqual([0, 1, 2, 3, 4]);
});

test.each([
  ['in a transaction', [query('begin; insert into t values (1)')]],
  ['in a failed transaction', [query('begin; select 1/0')]],
  ['in the middle of a sequence', [parse('a', 'insert into t values (1)'), frame('H')]],
  [
    'in a transaction in the middle of a sequence',
    [query('begin'), parse('', 'select 1'), bind('')],
  ],
  ['in the middle of a copy', [query('begin'), query('copy t from stdin'), frame('d', '1\n')]],
  ['in the middle of a message', [query('begin'), query('select 1').subarray(0, 7)]],
])('a client that vanishes %s leaves nothing', async (_, messages) => {
  const client = raw();
  client.send(startup());
  await client.answered();
  const other = await connected();
  client.send(...messages);
  // Answered without the backend, hence after the messages above were read.
  const reader = raw();
  reader.send(request(80_877_103));
  await new Promise((resolve) => reader.socket.once('data', resolve));
  const started = performance.now();
  client.socket.destroy();
  expect(await countOf(other)).toBe(0);
  expect((await other.query('select now() = statement_timestamp() as idle')).rows).toEqual([
    { idle: true },
  ]);
  expect(performance.now() - started).toBeLessThan(IDLE_TIMEOUT_MS / 2);
});

test('a client that vanishes while it waits is skipped', async () => {
  const [one, last] = [await connected(), await connected()];
  const waiting = raw();
  waiting.send(startup());
  await waiting.answered();
  await one.query('begin');
  waiting.send(query('insert into t values (1)'));
  waiting.socket.destroy();
  const count = countOf(last);
  await one.query('commit');
  expect([0, 1]).toContain(await count);
  expect((await last.query('select 1 as ok')).rows).toEqual([{ ok: 1 }]);
});

test('a client that holds the others up in silence is sent away', async () => {
  const [silent, other] = [await connected(), await connected()];
  const lost = new Signal<Error>('the loss of the silent connection');
  silent.on('error', lost.fire);
  await silent.query('begin; insert into t values (1)');
  expect(await countOf(other)).toBe(0);
  await lost.fired();
  await expect(silent.query('select 1')).rejects.toThrow(/not queryable/);
});

test.each([
  ['copy t from stdin', '2'],
  ['  -- first\n/* a /* b */ */ COPY t ( n ) FROM\nSTDIN with (format text) ;\n', '2'],
  ['copy t from stdout', '2'],
])('%j', async (sql, count) => {
  const client = raw();
  client.send(startup());
  await client.answered();
  client.send(query(sql), frame('d', '1\n'), frame('H'), frame('d', '2\n'), frame('c'));
  expect(await client.answered()).toContain(`COPY ${count}`);
});

test('a copy that the client gives up fails, in its transaction too', async () => {
  const client = raw();
  client.send(startup());
  await client.answered();
  client.send(query('begin'));
  await client.answered();
  client.send(query('copy t from stdin'), frame('d', '1\n'), frame('f', 'mine\0'));
  const answer = await client.answered();
  expect(answer).toContain('C57014');
  expect(answer).toContain('mine');
  expect(answer.at(-1)).toBe('E');
  client.send(query('rollback'));
  expect((await client.answered()).at(-1)).toBe('I');
});

test('a copy that is not alone fails, the server does not', async () => {
  const client = await connected();
  for (const sql of [
    'insert into t values (1); copy t from stdin',
    'copy t from stdin; select 1',
    `select 'copy t from stdin'; copy t from stdin`,
  ])
    await expect(client.query(sql)).rejects.toMatchObject({ code: '57014' });
  expect(await countOf(client)).toBe(0);
});

test('what only looks like a copy from the client is left alone', async () => {
  const client = await connected();
  expect((await client.query(`select 'copy t from stdin' as x`)).rows).toEqual([
    { x: 'copy t from stdin' },
  ]);
  await client.query(`do $$ begin perform 'copy t from stdin'; end $$; select 1`);
  await client.query('create temp table stdin (n integer)');
  await client.query('copy (select n from stdin) to stdout');
  await client.query('drop table stdin');
});

test('a copy with the extended protocol is refused and fails its transaction', async () => {
  const client = raw();
  client.send(startup());
  await client.answered();
  client.send(query('begin'));
  await client.answered();
  client.send(parse('', 'copy t from stdin'), bind(''), execute, sync);
  const answer = await client.answered();
  expect(answer).toContain('C0A000');
  expect(answer.at(-1)).toBe('E');
  client.send(query('rollback'));
  expect((await client.answered()).at(-1)).toBe('I');
  client.send(parse('', 'copy t from stdin'), sync, query('select 1'));
  await client.answered();
});

test('prepared statements of the same name are apart, and gone with their client', async () => {
  const [one, other] = [await connected(), await connected()];
  const named = (client: Client, text: string) => client.query({ name: 'q', text });
  expect((await named(one, 'select 1 as n')).rows).toEqual([{ n: 1 }]);
  expect((await named(other, 'select 2 as n')).rows).toEqual([{ n: 2 }]);
  expect((await named(one, 'select 1 as n')).rows).toEqual([{ n: 1 }]);
  await one.end();
  const { rows } = await other.query('select count(*)::integer as n from pg_prepared_statements');
  expect(rows).toEqual([{ n: 1 }]);
});

test('an unnamed statement that another client overwrote is not run in its place', async () => {
  const [one, other] = [raw(), raw()];
  for (const client of [one, other]) {
    client.send(startup());
    await client.answered();
  }
  one.send(parse('', `select 'one'`), sync);
  await one.answered();
  other.send(parse('', `select 'other'`), sync);
  await other.answered();
  one.send(bind(''), execute, sync);
  expect(await one.answered()).toContain('C26000');
});

test('settings end with their client, listening does not', async () => {
  const [one, other] = [await connected(), await connected()];
  const heard = new Signal('the notification');
  other.on('notification', () => heard.fire());
  await other.query('listen channel');
  await one.query(
    `set search_path = pg_catalog; set timezone = 'Asia/Tokyo'; select pg_advisory_lock(1)`,
  );
  await one.end();
  const { rows } = await other.query('show timezone');
  expect(rows).toEqual([{ TimeZone: 'UTC' }]);
  expect((await other.query('show search_path')).rows).toEqual([{ search_path: 'public' }]);
  await other.query('notify channel');
  await heard.fired();
});

test('notifications come to all, between the messages of others', async () => {
  const [one, other] = [await connected(), await connected()];
  let count = 0;
  const all = new Signal('50 notifications');
  other.on('notification', () => (count += 1) === 50 && all.fire());
  await other.query('listen channel');
  const big = Array.from({ length: 10 }, () =>
    other.query(`select repeat('x', 300000) as x from generate_series(1, 3)`),
  );
  for (let n = 0; n < 50; n += 1) await one.query('notify channel');
  for (const { rows } of await Promise.all(big)) expect(rows).toHaveLength(3);
  await all.fired();
});

test('requests before the start are answered', async () => {
  const client = raw();
  client.send(request(80_877_103));
  await new Promise((resolve) => client.socket.once('data', resolve));
  client.send(request(80_877_104));
  await new Promise((resolve) => client.socket.once('data', resolve));
  client.send(startup(), query('select 42 as n'));
  expect(await client.answered()).toContain('R');
  const cancel = raw();
  cancel.send(Buffer.concat([request(80_877_102), Buffer.alloc(8)]));
  expect(await cancel.answered()).toBe('');
});

test.each([
  ['an unknown type', [startup(), frame('?')]],
  ['a negative length', [startup(), Buffer.from([0x51, 0xff, 0xff, 0xff, 0xff, 0])]],
  ['a huge length', [startup(), Buffer.from([0x51, 0x7f, 0xff, 0xff, 0xff, 0])]],
  ['a bind without an end', [startup(), frame('B', 'x')]],
  ['another version', [startup(2)]],
  ['garbage', [Buffer.from('GET / HTTP/1.1\r\n\r\n')]],
])('%s ends its connection and no other', async (_, messages) => {
  const other = await connected();
  const client = raw();
  const closed = new Promise((resolve) => client.socket.once('close', resolve));
  client.send(...messages);
  await closed;
  expect((await other.query('select 1 as ok')).rows).toEqual([{ ok: 1 }]);
});

test('messages may come in any pieces', async () => {
  const client = raw();
  const bytes = Buffer.concat([
    startup(),
    query('select 1'),
    parse('a', `select 'piece'`),
    bind('a'),
    execute,
    sync,
  ]);
  const answers = client.answered();
  for (const byte of bytes) {
    client.socket.write(Uint8Array.of(byte));
    await new Promise(setImmediate);
  }
  let seen = await answers;
  while (!seen.includes('piece')) seen += await client.answered();
  expect(seen.at(-1)).toBe('I');
});

test('20 MB in and out take no time to speak of', async () => {
  const client = await connected();
  const started = performance.now();
  const text = 'x'.repeat(20 * 2 ** 20);
  const { rows } = await client.query<{ n: number }>('select length($1::text) as n', [text]);
  expect(rows).toEqual([{ n: text.length }]);
  const stream = client.query(copyFrom('copy t from stdin'));
  const finished = new Promise((resolve) => stream.once('finish', resolve));
  for (let n = 0; n < 1000; n += 1) stream.write('1\n'.repeat(1000));
  stream.end();
  await finished;
  expect(await countOf(client)).toBe(1_000_000);
  expect(performance.now() - started).toBeLessThan(20_000);
});
