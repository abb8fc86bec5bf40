/** A client and the server that its releases are on: it is told of new ones, and tells how they did. */
import { unlink } from 'node:fs/promises';
import { afterEach, describe, expect, it } from 'vitest';

import { createReleaseClient, MemoryStore } from '../../src/client/index.ts';
import { createReporter } from '../../src/client/reporting.ts';
import { createInlineHost } from '../../src/client/search/inline-host.ts';
import { systemClock } from '../../src/runtime/index.ts';
import { startReleases } from '../server/releases-fixture.ts';
import { describeEachDatabase } from '../setup/each-database.ts';
import { eventually } from '../setup/signal.ts';

describeEachDatabase('a client that is told', ({ open }) => {
  it('has a new release within a second of its being published', async () => {
    const { folder, publish, serving, shop } = await startReleases(await open());
    await publish('The first.');
    await serving.start();
    const client = createReleaseClient({
      url: folder,
      rootKeys: shop.anchor,
      store: new MemoryStore('push-in-node'),
      host: createInlineHost(),
      push: true,
    });
    try {
      await client.start();
      await eventually('the first', () => client.getStatus().active?.sequence === 1 || undefined);
      const times: number[] = [];
      for (const sequence of [2, 3, 4]) {
        await publish();
        const started = performance.now();
        await eventually(
          'the next',
          () => client.getStatus().active?.sequence === sequence || undefined,
        );
        times.push(performance.now() - started);
      }
      expect(Math.min(...times)).toBeLessThan(1_000);
    } finally {
      await client.close();
    }
  });
});

describeEachDatabase('a client that reports', ({ open }) => {
  const clients: { close(): Promise<void> }[] = [];
  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.close()));
  });

  it('tells what it did, together, and of a failure which release it was', async () => {
    const { publish, serving, folder, shop, evervec } = await startReleases(await open(), {
      serve: { reports: true },
    });
    await publish();
    await serving.start();
    const sent: string[] = [];
    const client = createReleaseClient({
      url: folder,
      rootKeys: shop.anchor,
      store: new MemoryStore('reporting'),
      host: createInlineHost(),
      checkIntervalMs: 0,
      retryDelayMs: 1,
      report: true,
      clock: { ...systemClock, sleep: (ms, signal) => systemClock.sleep(ms / 100, signal) },
      fetch: async (input, init) => {
        if (init?.method === 'POST') sent.push(String(init.body));
        return await fetch(input, init);
      },
    });
    clients.push(client);
    await client.update();
    await eventually('the report', () => (sent.length > 0 ? true : undefined));
    const { draft } = await shop.draft('Broken.');
    await publish('Broken.');
    for (const { path } of draft.manifest.index.files)
      await unlink(`${shop.folder}/public/${path}`);
    await expect(client.update()).rejects.toThrow('answers 404');
    await client.close();
    await eventually('the counts', async () => {
      await serving.look();
      const { failures } = await evervec.releases.health('guide', 'stable');
      return failures.length > 0 ? true : undefined;
    });
    expect(await evervec.releases.health('guide', 'stable')).toMatchObject({
      releases: [
        { sequence: 2, failed: 1, installed: 0 },
        { sequence: 1, failed: 0, installed: 1 },
      ],
      failures: [{ sequence: 2, stage: 'download', code: 'UNREACHABLE' }],
    });
    expect(sent.length).toBeLessThanOrEqual(3);
    for (const body of sent) {
      expect(Object.keys(JSON.parse(body)).sort()).toEqual(['channel', 'client', 'reports']);
      expect(body).not.toContain('Release');
    }
  });
});

describe('a server of reports that is not there', () => {
  it('is asked three times at most, and holds up nothing', async () => {
    let asked = 0;
    const reporter = createReporter({
      url: 'http://reports.invalid/',
      random: () => 0,
      clock: {
        now: () => 0,
        sleep: async () => {},
      },
      fetch: async () => {
        asked += 1;
        throw new TypeError('no network');
      },
    });
    reporter.report({ what: 'checked', channel: 'stable', sequence: 1, version: 'one' });
    await eventually('three tries', () => (asked === 3 ? true : undefined));
    await new Promise((resolve) => setImmediate(resolve));
    expect(asked).toBe(3);
    reporter.close();
  });
});
