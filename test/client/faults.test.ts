/**
 * Whatever a server does wrong, the new release or the one before is in use afterwards, whole, and the client says which (I9). Of each file and fault: an
 * update is tried, then what answers is looked at; then the fault ends, and the update is had.
 */
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import type { ReleaseUpdateError } from '../../src/client/index.ts';
import { closeAll, expectEdition, newClient, serve, setUp } from './client-setup.ts';
import { type Fault, type FaultServer, serveFiles } from './fault-server.ts';
import { createSite, type Edition, editionIndex, type ReleaseSite } from './release-site.ts';

afterEach(closeAll);

const FAULTS = [
  'cut',
  'short',
  'flip',
  'swapped',
  'stale',
  'bomb',
  'recompressed',
  'encoded-twice',
  '404',
  '500',
  'app-page',
  'stalled',
  'silent',
  'slow',
  'endless',
] as const;
type Wrong = (typeof FAULTS)[number];
const FILES = ['channel', 'root', 'manifest', 'delta', 'gzip'] as const;
type File = (typeof FILES)[number];
/** Twenty million zeros. */
const BOMB = new Uint8Array(gzipSync(new Uint8Array(20_000_000)));

/** `had`: there is a way round it, or nothing is wrong. `nothing`: as if there were no update. */
function outcomeOf(file: File, fault: Wrong): 'had' | 'nothing' | 'failed' {
  if (file === 'delta' || file === 'gzip') return 'had';
  // A root of another number; that there is none is what a server says that has none.
  if (file === 'root') return fault === '404' || fault === 'app-page' ? 'had' : 'failed';
  if (fault === 'recompressed' || fault === 'encoded-twice') return 'had';
  return file === 'channel' && fault === 'stale' ? 'nothing' : 'failed';
}

describe('a file that a server does not give as it was signed', () => {
  let site: ReleaseSite;
  let server: FaultServer;
  beforeAll(async () => {
    site = await createSite();
    await site.publish();
    await site.publish();
    server = await serveFiles(site.files);
  });
  afterAll(() => server.close());

  it.each(FILES.flatMap((file) => FAULTS.map((fault) => [file, fault] as const)))(
    '%s: %s',
    async (file, fault) => {
      const before = site.last;
      const { client, heard } = newClient(site, server, { tries: 1 });
      await client.update();
      const older = pathsOf(before.paths, site.files.get('channel.json'));
      const next = await site.publish();
      const now = pathsOf(next.paths, site.files.get('channel.json'));
      const { path } = now[file];
      server.faults.set(path, faultOf(file, fault, older, now));
      if (file === 'root') site.files.set(path, bytesAt('root.1.json'));
      // The whole file is asked for where the delta fails.
      if (file === 'gzip') server.faults.set(now.delta.path, '404');
      const expected = outcomeOf(file, fault);
      const outcome = await client.update().catch((error: unknown) => error);
      if (expected === 'failed')
        expect(outcome).toMatchObject({ code: expect.stringMatching(/^EVERVEC_CLIENT_/) });
      else expect(outcome).toBe(expected === 'had');
      await expectEdition(client, expected === 'had' ? next.sequence : before.sequence);
      const failures = heard.filter(({ name }) => name === 'updateFailed');
      expect(failures).toHaveLength(expected === 'failed' ? 1 : 0);
      server.faults.clear();
      if (file === 'root') site.files.delete(path);
      expect(await client.update()).toBe(expected !== 'had');
      await expectEdition(client, next.sequence);
      await client.close();
    },
  );

  type Paths = Record<File, { path: string; bytes: Uint8Array<ArrayBuffer> }>;

  function bytesAt(path: string): Uint8Array<ArrayBuffer> {
    return site.files.get(path) ?? new Uint8Array();
  }

  function pathsOf(
    { manifest, delta = '', gzip }: Edition['paths'],
    channel: Uint8Array<ArrayBuffer> = new Uint8Array(),
  ): Paths {
    const at = (path: string) => ({ path, bytes: bytesAt(path) });
    return {
      channel: { path: 'channel.json', bytes: channel },
      root: { path: 'root.2.json', bytes: bytesAt('root.1.json') },
      manifest: at(manifest),
      delta: at(delta),
      gzip: at(gzip),
    };
  }

  function faultOf(file: File, fault: Wrong, older: Paths, now: Paths): Fault {
    if (fault === 'bomb') return BOMB;
    if (fault === 'stale') return older[file].bytes;
    if (fault !== 'swapped') return fault;
    const swapped = { channel: 'manifest', manifest: 'channel', delta: 'gzip', gzip: 'delta' };
    return file === 'root' ? now.channel.bytes : now[swapped[file] as File].bytes;
  }
});

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
