/** What only a server over the network can do to a client. */
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type Database, openPostgres } from '../../src/database/index.ts';
import { ConfigError, DatabaseUnreachableError } from '../../src/errors/index.ts';
import { silentLogger } from '../../src/runtime/index.ts';
import { Signal } from '../setup/signal.ts';

const url = process.env['EVERVEC_TEST_POSTGRES'] ?? '';
const probe = { intervalMs: 100, timeoutMs: 200 };

async function open(options: Partial<Parameters<typeof openPostgres>[0]> = {}): Promise<Database> {
  const database = await openPostgres({ url, ...options });
  onTestFinished(() => database.close());
  return database;
}

interface Proxy {
  url: string;
  /** Connections so far. */
  count(): number;
  /** Passes nothing on any more on the connections there are, and says nothing: half-open. */
  freeze(): void;
}

/** Stands between client and server. */
async function proxy(): Promise<Proxy> {
  const target = new URL(url);
  const sockets: Socket[] = [];
  let count = 0;
  const server = createServer((client) => {
    count += 1;
    const upstream = connect(Number(target.port || 5432), target.hostname);
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.push(from);
      from.on('error', () => {});
      from.on('close', () => to.destroy());
      from.pipe(to);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = new URL(url);
  address.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: address.href,
    count: () => count,
    freeze: () => {
      for (const socket of sockets) socket.unpipe().pause();
    },
  };
}

describe.skipIf(url === '')('a listening connection', () => {
  test('that is half open is noticed and replaced, and says so once', async () => {
    const { url, count, freeze } = await proxy();
    const writer = await open();
    const listener = await open({ url, probe });
    const first = new Signal('the first notification');
    const afterLoss = new Signal('the hint after the loss');
    const last = new Signal('the notification through the new connection');
    const signals = [first, afterLoss, last];
    await listener.listen('evervec_half_open', () => signals.shift()?.fire());
    await writer.query('notify evervec_half_open');
    await first.fired();
    const before = count();
    freeze();
    await afterLoss.fired();
    expect(count()).toBeGreaterThan(before);
    await writer.query('notify evervec_half_open');
    await last.fired();
  });

  test('that the server ends is replaced', async () => {
    const writer = await open();
    const listener = await open({ url: `${url}?application_name=evervec_test_listener` });
    const afterLoss = new Signal('the hint after the loss');
    const last = new Signal('the notification through the new connection');
    const signals = [afterLoss, last];
    await listener.listen('evervec_ended', () => signals.shift()?.fire());
    const ended = await writer.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where application_name = 'evervec_test_listener' and query like 'listen%'`,
    );
    expect(ended.rowCount).toBe(1);
    await afterLoss.fired();
    await writer.query('notify evervec_ended');
    await last.fired();
  });

  test('stays through idle probes', async () => {
    const { url, count } = await proxy();
    const listener = await open({ url, probe: { intervalMs: 5, timeoutMs: 5_000 } });
    let hints = 0;
    await listener.listen('evervec_idle', () => (hints += 1));
    const before = count();
    // The interval of 40 probes, on the database's clock.
    await listener.query('select pg_sleep(0.2)');
    expect([count(), hints]).toEqual([before, 0]);
  });
});

describe.skipIf(url === '')('a server', () => {
  test('that ends a connection costs that statement, no more', async () => {
    const database = await open();
    const error = await database
      .query('select pg_terminate_backend(pg_backend_pid())')
      .catch((failure: unknown) => failure);
    expect(error).toBeInstanceOf(DatabaseUnreachableError);
    expect(error).toMatchObject({ sqlState: '57P01', isRetryable: true });
    expect((await database.query('select 1 as ok')).rows).toEqual([{ ok: 1 }]);
  });

  test('that ends all idle connections is not noticed', async () => {
    const database = await open();
    await Promise.all(Array.from({ length: 5 }, () => database.query('select pg_sleep(0.05)')));
    const other = await open();
    const idle = new Signal<object>('the report of a lost idle connection');
    const watched = await open({
      url: `${url}?application_name=evervec_test_idle`,
      logger: { ...silentLogger, debug: (fields) => idle.fire(fields) },
    });
    await other.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'evervec_test_idle'`,
    );
    await idle.fired();
    expect((await watched.query('select 1 as ok')).rows).toEqual([{ ok: 1 }]);
  });

  test('counts as reached by name, and every connection says who it is', async () => {
    const database = await open({ maxConnections: 3 });
    expect(database.capabilities.connections).toBe(3);
    expect((await database.query('show application_name')).rows).toEqual([
      { application_name: 'evervec' },
    ]);
  });

  test.each([
    ['statement_timeout', `set local statement_timeout = 10; select pg_sleep(5)`, '57014'],
    [
      'lock_timeout',
      `set local lock_timeout = 10; lock table pg_class in access exclusive mode`,
      '55P03',
    ],
  ])('tells of %s as something to try again', async (_, sql, sqlState) => {
    const database = await open();
    const blocked = database.transaction(async (one) => {
      await one.query('lock table pg_class in access share mode');
      const other = await open();
      await other.transaction((tx) => tx.query(sql));
    });
    await expect(blocked).rejects.toMatchObject({ sqlState, isRetryable: true });
  });
});

describe.skipIf(url === '')('an address', () => {
  const withParts = (parts: Partial<URL>) =>
    Object.assign(new URL(url || 'postgres://x'), parts).href;
  const secret = 'p4ssw0rd-secret';

  test.each([
    ['a closed port', { host: '127.0.0.1:1', password: secret }, null, true],
    ['no such host', { host: 'no-such-host.invalid', password: secret }, null, undefined],
    ['no such database', { pathname: '/evervec_no_such', password: secret }, '3D000', false],
    ['no such user', { username: 'evervec_no_such', password: secret }, '28000', false],
  ])(
    'with %s is unreachable, without its password in the error',
    async (_, parts, sqlState, isRetryable) => {
      const error = await open({ url: withParts(parts) }).catch((failure: unknown) => failure);
      expect(error).toBeInstanceOf(DatabaseUnreachableError);
      expect(error).toMatchObject({
        sqlState,
        ...(isRetryable === undefined ? {} : { isRetryable }),
      });
      for (let part: unknown = error; part instanceof Error; part = part.cause)
        expect(JSON.stringify(part) + part.message + part.stack).not.toContain(secret);
      expect(String(error)).toContain(new URL(withParts(parts)).hostname);
    },
  );

  test('that does not answer is given up in time', async () => {
    const silent = createServer(() => {});
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void silent.close());
    const { port } = silent.address() as AddressInfo;
    const work = open({ url: `postgres://a:${secret}@127.0.0.1:${port}/x`, connectTimeoutMs: 100 });
    await expect(work).rejects.toThrow(DatabaseUnreachableError);
  });

  test('that connects and then does not answer is given up in time', async () => {
    const silent = createServer((socket) => {
      // What a server says to a client that it trusts, then nothing.
      socket.once('data', () =>
        socket.write(Buffer.from('R\0\0\0\b\0\0\0\0Z\0\0\0\x05I', 'latin1')),
      );
      socket.on('error', () => {});
    });
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void silent.close());
    const { port } = silent.address() as AddressInfo;
    const work = open({ url: `postgres://a@127.0.0.1:${port}/x`, connectTimeoutMs: 100 });
    await expect(work).rejects.toThrow(DatabaseUnreachableError);
  });

  test('that goes away in the same breath as it lets one in is told of', async () => {
    const ready = 'R\0\0\0\b\0\0\0\0Z\0\0\0\x05I';
    const fault = 'SFATAL\0C57P01\0Mgoing\0\0';
    const leaving = createServer((socket) => {
      socket.once('data', () =>
        socket.end(
          Buffer.from(`${ready}E\0\0\0${String.fromCharCode(fault.length + 4)}${fault}`, 'latin1'),
        ),
      );
      socket.on('error', () => {});
    });
    await new Promise<void>((resolve) => leaving.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void leaving.close());
    const { port } = leaving.address() as AddressInfo;
    const work = open({ url: `postgres://a@127.0.0.1:${port}/x` });
    await expect(work).rejects.toThrow(DatabaseUnreachableError);
  });

  test('that is none is told without repeating it', async () => {
    for (const bad of [`postgres://u:${secret}@host:port/x`, `mysql://u:${secret}@h/x`, secret]) {
      let error: unknown;
      try {
        await openPostgres({ url: bad });
      } catch (failure) {
        error = failure;
      }
      expect(error).toBeInstanceOf(ConfigError);
      expect(JSON.stringify(error) + String(error)).not.toContain(secret);
      expect((error as Error).cause).toBeUndefined();
    }
  });
});
