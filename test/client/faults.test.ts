/** What is signed but does not count, releases that do not do, several servers and none: one whole release is in use afterwards, and the client says which (I9). */
import { afterEach, describe, expect, it } from 'vitest';

import type { ReleaseUpdateError } from '../../src/client/index.ts';
import { closeAll, expectEdition, newClient, serve, setUp } from './client-setup.ts';
import { createSite, editionIndex } from './release-site.ts';

afterEach(closeAll);

describe('what is signed, but not for now or not for here', () => {
  it('keeps what it has when an older release is offered again', async () => {
    const { site, client, server } = await setUp();
    await site.publish();
    const old = new Map(site.files);
    await site.publish();
    await client.update();
    server.faults.set('channel.json', old.get('channel.json') ?? '404');
    await expect(client.update()).rejects.toMatchObject({ refusal: 'older' });
    await expectEdition(client, 2);
  });

  it('has not forgotten it after clear and a restart', async () => {
    const { site, client, server, store } = await setUp();
    await site.publish();
    const old = site.files.get('channel.json') ?? '404';
    await site.publish();
    await client.update();
    await client.clear();
    expect(client.getStatus()).toMatchObject({ active: null, phase: 'idle' });
    await client.close();
    server.faults.set('channel.json', old);
    const again = newClient(site, server, { store });
    await expect(again.client.update()).rejects.toMatchObject({ refusal: 'older' });
    expect(again.client.getStatus().active).toBeNull();
  });

  it('refuses a manifest of another channel, and one whose sequence is another', async () => {
    const { site, client } = await setUp();
    await site.publish();
    await client.update();
    await site.publish({ channels: ['beta'] });
    await expect(client.update()).rejects.toMatchObject({ refusal: 'other-channel' });
    await site.publish({ sequence: 77 });
    await site.point({ current: { ...site.last.pointer, sequence: 78 } });
    await expect(client.update()).rejects.toMatchObject({ refusal: 'other-number' });
    await expectEdition(client, 1);
  });

  it('refuses an index that needs a newer client, before it is fetched', async () => {
    const { site, client, server } = await setUp();
    await site.publish();
    await client.update();
    const { paths } = await site.publish({ minimumClient: '99.0.0' });
    await expect(client.update()).rejects.toMatchObject({ refusal: 'client-too-old' });
    expect(server.asked).not.toContain(paths.delta);
    await expectEdition(client, 1);
  });

  it('installs nothing after the channel expired, says what the clock says, and searches on', async () => {
    const { site, server, client, store } = await setUp();
    await site.publish();
    await client.update();
    await client.close();
    await site.publish();
    const late = { clock: clockAt(Date.now() + 5 * 86_400_000), store };
    const { client: later } = newClient(site, server, late);
    const error = await later.update().catch((thrown: unknown) => thrown as ReleaseUpdateError);
    expect(error).toMatchObject({ refusal: 'expired' });
    expect(String(error)).toContain('The clock of this device says');
    await expectEdition(later, 1);
  });

  it('follows keys that were changed twice while it slept', async () => {
    const { site, client, server, store } = await setUp();
    await site.publish();
    await client.update();
    await client.close();
    await site.rotate();
    await site.rotate();
    await site.publish();
    const again = newClient(site, server, { store });
    expect(await again.client.update()).toBe(true);
    await expectEdition(again.client, 2);
    expect(server.asked).toContain('root.3.json');
  });

  it('does not go to keys that the old ones did not sign', async () => {
    const { site, client } = await setUp();
    await site.publish();
    await client.update();
    const stranger = await createSite();
    await stranger.publish();
    await stranger.rotate();
    site.files.set('root.2.json', stranger.files.get('root.2.json') ?? new Uint8Array());
    await site.publish();
    await expect(client.update()).rejects.toMatchObject({ code: 'EVERVEC_CLIENT_REFUSED' });
    await expectEdition(client, 1);
  });

  it('takes a candidate as far as its roll-out goes', async () => {
    const { site, client } = await setUp();
    const first = await site.publish();
    await client.update();
    const second = await site.publish();
    const candidate = { ...second.pointer, salt: 'spring' };
    await site.point({ current: first.pointer, candidate: { ...candidate, rollout: 0 } });
    expect(await client.update()).toBe(false);
    await expectEdition(client, 1);
    await site.point({ candidate: { ...candidate, rollout: 10_000 } });
    expect(await client.update()).toBe(true);
    await expectEdition(client, 2);
    await site.point({ candidate: { ...candidate, rollout: 0 } });
    expect(await client.update()).toBe(false);
    await expectEdition(client, 2);
  });

  it('reaches a tenth of the clients with a roll-out of a tenth', async () => {
    const site = await createSite(2);
    const first = await site.publish();
    const second = await site.publish();
    const candidate = { ...second.pointer, salt: 'spring', rollout: 1_000 };
    await site.point({ current: first.pointer, candidate });
    const server = await serve(site);
    let reached = 0;
    for (let i = 0; i < 100; i++) {
      const { client } = newClient(site, server);
      await client.check();
      if (client.getStatus().available?.sequence === 2) reached++;
    }
    // Of 100 with a chance of a tenth each: outside of this once in 50,000 runs.
    expect(reached).toBeGreaterThan(0);
    expect(reached).toBeLessThan(25);
  });
});

describe('a release that is whole and does not do', () => {
  it.each([
    ['does not find what it says', { canaries: [{ query: 'edition', expects: ['nowhere'] }] }, {}],
    ['is no index', {}, { broken: true }],
    ['is of another model than its manifest', { model: { id: 'x', fingerprint: 'other' } }, {}],
  ])('is left where it %s, and not taken again until it is forced', async (_, changes, how) => {
    const { site, client, server, heard } = await setUp();
    await site.publish();
    await client.update();
    await site.publish(changes, how);
    await expect(client.update()).rejects.toMatchObject({
      code: expect.stringMatching(/CANARY|UNUSABLE/),
    });
    await expectEdition(client, 1);
    expect(client.getStatus()).toMatchObject({ quarantined: 1, phase: 'idle' });
    server.asked.length = 0;
    expect(await client.update()).toBe(false);
    expect(server.asked).toHaveLength(2);
    await expect(client.forceUpdate()).rejects.toMatchObject({ isRetryable: false });
    expect(heard.filter(({ name }) => name === 'updateFailed')).toHaveLength(2);
    const good = await site.publish({}, { same: site.editions[0] });
    expect(await client.update()).toBe(true);
    expect(client.getStatus().active?.sequence).toBe(good.sequence);
  });
});

describe('several servers', () => {
  it('asks the next one before the same again', async () => {
    const site = await createSite();
    await site.publish();
    const [bad, good] = [await serve(site), await serve(site)];
    const { client } = newClient(site, bad, { url: [bad.url, good.url] });
    bad.faults.set(site.last.paths.gzip, 'flip').set('channel.json', '500');
    expect(await client.update()).toBe(true);
    await expectEdition(client, 1);
    expect(bad.asked.filter((path) => path === site.last.paths.gzip)).toHaveLength(1);
    expect(good.asked.filter((path) => path === site.last.paths.gzip)).toHaveLength(1);
  });

  it('takes the newer channel where one server has an old one', async () => {
    const site = await createSite();
    await site.publish();
    const [stale, fresh] = [await serve(site), await serve(site)];
    const old = site.files.get('channel.json') ?? '404';
    const { client } = newClient(site, stale, { url: [stale.url, fresh.url] });
    await site.publish();
    await client.update();
    stale.faults.set('channel.json', old);
    await site.publish();
    expect(await client.update()).toBe(true);
    await expectEdition(client, 3);
  });
});

describe('no release can be had', () => {
  it('makes an index itself, and replaces it by a release later', async () => {
    let asked = 0;
    const { site, client, heard } = await setUp({
      generateLocally: async () => (asked++, editionIndex(40)),
    });
    expect(await client.update()).toBe(true);
    expect(client.getStatus().active).toMatchObject({ origin: 'local', sequence: 0 });
    expect(heard.at(-1)).toMatchObject({ event: { release: { origin: 'local' } } });
    await expect(client.update()).rejects.toMatchObject({ code: 'EVERVEC_CLIENT_UNREACHABLE' });
    expect(asked).toBe(1);
    await site.publish();
    expect(await client.update()).toBe(true);
    await expectEdition(client, 1);
  });

  it('asks each form of a file three times, and then for the next form', async () => {
    const { site, client, server } = await setUp();
    const { paths } = await site.publish();
    server.faults.set(paths.gzip, 'flip').set(paths.plain, 'flip');
    await expect(client.update()).rejects.toMatchObject({ code: 'EVERVEC_CLIENT_DAMAGED' });
    expect(server.asked.filter((path) => path.startsWith('b/'))).toEqual([
      ...Array.from({ length: 3 }, () => paths.gzip),
      ...Array.from({ length: 3 }, () => paths.plain),
    ]);
    expect(client.getStatus().active).toBeNull();
  });

  it('reads compressed files that the host undoes', async () => {
    const { site, client, server } = await setUp();
    const { paths } = await site.publish();
    server.faults.set(paths.gzip, 'encoded');
    await client.update();
    expect(server.asked).not.toContain(paths.plain);
    await expectEdition(client, 1);
  });
});

function clockAt(now: number) {
  const started = Date.now();
  return {
    now: () => now + Date.now() - started,
    sleep: async (ms: number, signal?: AbortSignal) => {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms);
        signal?.addEventListener('abort', () => (clearTimeout(timer), resolve()));
      });
    },
  };
}
