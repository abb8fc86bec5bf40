/** Connections that look open and carry nothing: the listener notices and connects again; what it missed, it looks for. */
import { expect, test } from 'vitest';
import { openPostgres } from '../../src/database/index.ts';
import { createEvervec } from '../../src/engine/index.ts';
import { describeOnPostgres } from '../setup/each-database.ts';
import { eventually, Signal } from '../setup/signal.ts';
import { startTcpProxy } from '../setup/tcp-proxy.ts';
import { expectConverged } from './converged.ts';
import { insertItems, itemsConfig, prepareItems } from './items.ts';
import { startModelServer } from './model-server.ts';

const POLL_MS = 60_000;

describeOnPostgres('half-open connections', (databases) => {
  test('of the listener: found out, replaced, and what was missed is looked for', async () => {
    const place = await databases.create();
    const direct = await place.open();
    await using server = await startModelServer();
    await prepareItems(direct, server.url);
    const target = new URL(place.location);
    await using proxy = await startTcpProxy(Number(target.port));
    target.port = String(proxy.port);
    const listening = await openPostgres({
      url: target.href,
      probe: { intervalMs: 200, timeoutMs: 300 },
    });
    // Statements go straight, notifications through the proxy.
    const database = {
      capabilities: direct.capabilities,
      schema: direct.schema,
      query: direct.query.bind(direct),
      copyIn: direct.copyIn.bind(direct),
      transaction: direct.transaction.bind(direct),
      refresh: () => direct.refresh(),
      listen: listening.listen.bind(listening),
      close: async () => {},
    } as typeof direct;
    const evervec = await createEvervec(itemsConfig(server.url), { database });
    const worker = await evervec.worker(undefined, { pollMs: POLL_MS });
    try {
      await worker.start();
      await insertItems(direct, 1, 50);
      expect(await expectConverged(direct, server)).toBe(50);
      const before = proxy.accepted;
      proxy.silence();
      let items = 50;
      // A loop that is still awake may find the first of them.
      while (proxy.accepted === before) {
        await insertItems(direct, items + 1, items + 10);
        items += 10;
        // Far sooner than it would poll: it connected again, and looked.
        expect(await expectConverged(direct, server, { deadlineMs: 10_000 })).toBe(items);
      }
      await insertItems(direct, items + 1, items + 50);
      expect(await expectConverged(direct, server, { deadlineMs: 5_000 })).toBe(items + 50);
    } finally {
      await worker.stop();
      await listening.close();
    }
  });

  test('with no notification at all, a change waits for one poll at most', async () => {
    const place = await databases.create();
    const database = await place.open();
    await using server = await startModelServer();
    await prepareItems(database, server.url);
    const deaf = Object.create(database, {
      listen: { value: async () => async () => {} },
      ...Object.fromEntries(
        (['query', 'copyIn', 'transaction', 'refresh', 'close'] as const).map((name) => [
          name,
          { value: database[name].bind(database) },
        ]),
      ),
      capabilities: { value: database.capabilities },
      schema: { value: database.schema },
    }) as typeof database;
    const evervec = await createEvervec(itemsConfig(server.url), { database: deaf });
    const idle = new Signal('a batch');
    const pollMs = 1_000;
    const worker = await evervec.worker(undefined, { pollMs, onBatch: () => idle.fire() });
    await worker.start();
    const began = performance.now();
    await insertItems(database, 1, 10);
    await idle.fired();
    const took = await eventually('embedded', () => performance.now() - began);
    expect(took).toBeLessThan(pollMs + 1_000);
    expect(await expectConverged(database, server)).toBe(10);
    await worker.stop();
  });
});
