/** What a client does by itself: modes, the schedule, signals, options that are wrong. */
import { afterEach, describe, expect, it } from 'vitest';

import { type ReleaseClientOptions, type ReleaseReport } from '../../src/client/index.ts';
import { systemClock } from '../../src/runtime/index.ts';
import { closeAll, expectEdition, newClient, setUp } from './client-setup.ts';
import { editionIndex } from './release-site.ts';

afterEach(closeAll);

describe('a client that is left alone', () => {
  it('installs what there is, and what comes when it is told of it', async () => {
    const { site, client, heard } = await setUp({ checkIntervalMs: 3_600_000 });
    await site.publish();
    await client.start();
    await expect.poll(() => client.getStatus().active?.sequence).toBe(1);
    expect(client.getStatus().nextCheckAt).toBeGreaterThan(Date.now() + 3_000_000);
    expect(heard[0]).toMatchObject({ event: { waitsFor: null } });
    await site.publish();
    await client.notify();
    await expectEdition(client, 2);
  });

  it('looks again at its interval', async () => {
    const { site, client } = await setUp({ checkIntervalMs: 1_000 });
    await site.publish();
    await client.start();
    await expect.poll(() => client.getStatus().active?.sequence).toBe(1);
    await site.publish();
    await expect.poll(() => client.getStatus().active?.sequence, { timeout: 10_000 }).toBe(2);
  });

  it('does not ask again what another one of the same store has asked', async () => {
    let ahead = 0;
    const hour = Promise.withResolvers<void>();
    const clock = {
      now: () => Date.now() + ahead,
      sleep: async (ms: number, signal?: AbortSignal) => {
        if (ms < 3_000_000 || ahead > 0) return await systemClock.sleep(ms, signal);
        await Promise.race([hour.promise, systemClock.sleep(ms, signal)]);
      },
    };
    const { site, client, server, store } = await setUp({ checkIntervalMs: 3_600_000, clock });
    await site.publish();
    await client.start();
    await expect.poll(() => client.getStatus().nextCheckAt).toBeGreaterThan(Date.now() + 3_000_000);
    ahead = 3_600_000;
    const other = newClient(site, server, { store, clock });
    await other.client.check();
    server.asked.length = 0;
    hour.resolve();
    await expect.poll(() => client.getStatus().nextCheckAt).toBeGreaterThan(Date.now() + 6_000_000);
    expect(server.asked).toEqual([]);
  });

  it('asks first in manual mode', async () => {
    const { site, client, heard } = await setUp({ mode: 'manual' });
    await site.publish();
    await client.notify();
    expect(heard).toMatchObject([
      { name: 'updateAvailable', event: { waitsFor: 'consent', release: { sequence: 1 } } },
    ]);
    expect(client.getStatus()).toMatchObject({ phase: 'available', active: null });
    await client.notify();
    expect(heard).toHaveLength(1);
    await client.update();
    await expectEdition(client, 1);
  });

  it('fetches in fallback mode only what it can not do without', async () => {
    const { site, client } = await setUp({ mode: 'fallback' });
    await site.publish();
    await client.notify();
    await expectEdition(client, 1);
    await site.publish();
    await client.notify();
    await expectEdition(client, 1);
    expect(client.getStatus().available).toMatchObject({ sequence: 2 });
  });

  it('makes an index itself where it finds none, and says what failed', async () => {
    const { client, heard } = await setUp({ generateLocally: async () => editionIndex(1) });
    await client.notify();
    expect(heard.map(({ name }) => name).filter((name) => name !== 'updateProgress')).toEqual([
      'updateFailed',
      'updateCompleted',
    ]);
    expect(client.getStatus().active?.origin).toBe('local');
  });

  it('puts off what is slow, and takes it when it is asked to', async () => {
    // A second for each look at the clock is a slow connection.
    let now = Date.now();
    const slow = {
      now: () => (now += 1_000),
      sleep: async (ms: number, signal?: AbortSignal) =>
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, ms);
          signal?.addEventListener('abort', () => (clearTimeout(timer), resolve()));
        }),
    };
    const { site, client, store, server } = await setUp();
    const first = await site.publish();
    await client.update();
    await client.close();
    const { paths } = await site.publish();
    server.faults.set(paths.delta ?? '', '404').set(paths.gzip, 'slow');
    const timeouts = { connectMs: 5_000, stallMs: 5_000, totalMs: 10_000_000 };
    const options = { store, clock: slow, timeouts, network: { maximumSeconds: 1 } };
    const again = newClient(site, server, options);
    await again.client.notify();
    expect(again.client.getStatus()).toMatchObject({
      phase: 'available',
      active: { sequence: first.sequence },
      lastError: { code: 'EVERVEC_CLIENT_DEFERRED' },
    });
    expect(again.heard.map(({ name }) => name)).not.toContain('updateFailed');
    server.faults.clear();
    expect(await again.client.update()).toBe(true);
    await expectEdition(again.client, 2);
  });

  it('reports what happened, if the page wants that, and nothing of the content', async () => {
    const reports: ReleaseReport[] = [];
    const { site, client } = await setUp({ report: (report) => reports.push(report) });
    await site.publish();
    await client.update();
    await site.publish({ canaries: [{ query: 'secret', expects: ['none'] }] });
    await client.update().catch(() => {});
    expect(reports.map(({ what, sequence }) => [what, sequence])).toEqual([
      ['checked', null],
      ['downloaded', 1],
      ['installed', 1],
      ['checked', 1],
      ['downloaded', 2],
      ['failed', 2],
    ]);
    expect(reports.at(-1)).toMatchObject({ stage: 'install', code: 'EVERVEC_CLIENT_CANARY' });
    expect(JSON.stringify(reports)).not.toContain('secret');
  });

  it('is not stopped by a listener that throws, and forgets one that is taken back', async () => {
    const debugged: string[] = [];
    const { site, client } = await setUp({ debug: (message) => debugged.push(message) });
    let heard = 0;
    client.on('updateStarted', () => {
      throw new Error('mine');
    });
    const off = client.on('updateCompleted', () => heard++);
    await site.publish();
    await client.update();
    off();
    off();
    await site.publish();
    await client.update();
    expect(heard).toBe(1);
    expect(debugged).toContain('listener failed');
  });
});

describe('options', () => {
  it.each<[string, Record<string, unknown>, RegExp]>([
    ['no URL', { url: [] }, /url is missing/],
    ['a relative URL outside of a page', { url: 'kb/' }, /url is no URL/],
    ['another protocol', { url: 'ftp://x/' }, /url is ftp:/],
    ['no keys', { rootKeys: undefined }, /rootKeys is not/],
    ['keys of another product', { product: 'x' }, /product is x; rootKeys are for/],
    ['a mode that is none', { mode: 'auto' }, /mode is none of automatic/],
    ['a channel that is no name', { channel: 'A b' }, /channel is no name/],
    ['an interval that hammers', { checkIntervalMs: 10 }, /checkIntervalMs is 10; 1000 to/],
    ['no tries', { tries: 0 }, /tries is 0; 1 to 10/],
    ['a timeout of nothing', { timeouts: { stallMs: 0 } }, /timeouts.stallMs is 0/],
    ['seconds that are none', { network: { maximumSeconds: NaN } }, /maximumSeconds is NaN/],
  ])('%s is refused', async (_, options, message) => {
    const { site, server } = await setUp();
    const wrong = options as Partial<ReleaseClientOptions>;
    expect(() => newClient(site, server, wrong)).toThrow(message);
  });
});
