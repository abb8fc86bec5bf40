/** What hurts a whole server: a crash under load, no connection left, no space left on its disk. */
import { Client } from 'pg';
import { describe, expect, test } from 'vitest';
import { type Database, migrate, openPostgres } from '../../src/database/index.ts';
import { noOwnCluster, type OwnCluster, startOwnCluster } from '../setup/own-cluster.ts';
import { eventually } from '../setup/signal.ts';
import { mountSmallDisk } from '../setup/small-disk.ts';
import { expectConverged, paidTwice } from './converged.ts';
import { forkWorker } from './fork-worker.ts';
import { insertItems, prepareItems } from './items.ts';
import { type ModelServer, startModelServer } from './model-server.ts';
import { dice, rounds, tell } from './rounds.ts';

async function open(cluster: OwnCluster, server: ModelServer): Promise<Database> {
  const database = await openPostgres({ url: cluster.url, maxConnections: 3 });
  await migrate(database);
  await database.refresh();
  await prepareItems(database, server.url);
  return database;
}

/** Inserts until told to end; an insert that fails is tried again, as a writer's program would. */
function startWriter(database: Database) {
  const stop = new AbortController();
  let written = 0;
  let refused = 0;
  const ended = (async () => {
    while (!stop.signal.aborted) {
      try {
        await database.query(
          `insert into items select n, 'item ' || n || ' under load' from generate_series($1::integer, $2::integer) n
          on conflict do nothing`,
          [written + 1, written + 10],
        );
        written += 10;
      } catch {
        refused += 1;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
  })();
  return {
    get written() {
      return written;
    },
    end: async () => {
      stop.abort();
      await ended;
      return { written, refused };
    },
  };
}

const absence = noOwnCluster();

describe.skipIf(absence !== null)(`a server, postgres${absence ? ` (${absence})` : ''}`, () => {
  test('that crashes under load and comes back: nothing committed is lost', async () => {
    const { seed, between } = dice();
    await using server = await startModelServer();
    await using cluster = await startOwnCluster();
    const database = await open(cluster, server);
    await using worker = await forkWorker({
      url: cluster.url,
      modelUrl: server.url,
      leaseMs: 800,
      maxBatch: 50,
    });
    const crashes = rounds(2);
    const writer = startWriter(database);
    for (let crash = 0; crash < crashes; crash++) {
      const goal = writer.written + between(50, 400);
      await eventually('load', () => (writer.written >= goal ? true : undefined));
      cluster.stop('immediate');
      cluster.start();
    }
    const goal = writer.written + 50;
    await eventually('the writer at work again', () => (writer.written >= goal ? true : undefined));
    const { written, refused } = await writer.end();
    const compared = await expectConverged(database, server, { paidAgain: crashes * 50 });
    expect(compared).toBe(written);
    tell('crashes', seed, { crashes, written, refused, paidTwice: paidTwice(server) });
    await worker.stop();
    await database.close();
  });

  test('with no connection left: the worker waits and goes on', async () => {
    await using server = await startModelServer();
    await using cluster = await startOwnCluster([
      'max_connections = 12',
      'superuser_reserved_connections = 0',
    ]);
    const database = await open(cluster, server);
    await using worker = await forkWorker({ url: cluster.url, modelUrl: server.url, leaseMs: 800 });
    await database.query(
      `select count(pg_terminate_backend(pid)) from pg_stat_activity
      where pid <> pg_backend_pid() and backend_type = 'client backend'`,
    );
    const hogs = await takeAll(cluster.url);
    await insertItems(database, 1, 200);
    for (const hog of hogs) await hog.end();
    expect(await expectConverged(database, server)).toBe(200);
    tell('connections', 0, { taken: hogs.length });
    await worker.stop();
    await database.close();
  });

  test(
    'whose disk is full: all is done when there is space',
    { timeout: 60_000 },
    async (context) => {
      const disk = mountSmallDisk('postgres');
      if (disk === null) return context.skip('a file system may not be mounted here');
      try {
        await using server = await startModelServer();
        await using cluster = await startOwnCluster();
        const database = await open(cluster, server);
        await database.query(`create tablespace small location '${disk.folder}'`);
        await database.query('alter table evervec.chunks_1 set tablespace small');
        await using worker = await forkWorker({ url: cluster.url, modelUrl: server.url });
        disk.fill();
        await insertItems(database, 1, 400);
        const { rows } = await eventually('writes refused for want of space', async () => {
          const found = await database.query(
            `select attempts from evervec.jobs where last_error like '%53100%'`,
          );
          return found.rows.length > 0 ? found : undefined;
        });
        expect(Math.max(...rows.map((row) => Number(row['attempts'])))).toBe(0);
        disk.free();
        expect(await expectConverged(database, server, { paidAgain: 0 })).toBe(400);
        tell('disk full', 0, { refused: rows.length, paidTwice: paidTwice(server) });
        await worker.stop();
        await database.close();
      } finally {
        disk.unmount();
      }
    },
  );
});

/** Connects until the server has no more to give. */
async function takeAll(url: string): Promise<Client[]> {
  const taken: Client[] = [];
  for (;;) {
    const client = new Client({ connectionString: url });
    client.on('error', () => {});
    try {
      await client.connect();
      taken.push(client);
    } catch {
      return taken;
    }
  }
}
