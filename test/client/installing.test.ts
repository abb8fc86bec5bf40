/** Installing and updating in Node, over real HTTP: what is fetched, what is in use afterwards, and who hears of it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import { createInlineHost } from '../../src/client/search/inline-host.ts';
import { FolderStore } from '../../src/client/stores/folder-store.ts';
import { ReleaseUpdateError } from '../../src/errors/index.ts';
import { sha256Hex } from '../../src/format/index.ts';
import { closeAll, expectEdition, foundEdition, newClient, setUp } from './client-setup.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'evervec-client-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});
afterEach(closeAll);

describe('a release client', () => {
  it('installs the first release and answers from it', async () => {
    const { site, client, server, heard } = await setUp();
    await site.publish();
    await client.start();
    await expect(client.search({ query: 'edition' })).rejects.toMatchObject({
      code: 'EVERVEC_CLIENT_NO_INDEX',
    });
    expect(await client.update()).toBe(true);
    await expectEdition(client, 1);
    expect(server.asked).toEqual([
      'root.1.json',
      'root.2.json',
      'channel.json',
      'releases/1.json',
      site.last.paths.gzip,
    ]);
    expect(heard.map(({ name }) => name).filter((name) => name !== 'updateProgress')).toEqual([
      'updateAvailable',
      'updateStarted',
      'updateCompleted',
    ]);
  });

  it('takes a delta where there is one, and nothing where nothing is new', async () => {
    const { site, client, server } = await setUp();
    await site.publish();
    await client.update();
    const second = await site.publish();
    server.asked.length = 0;
    expect(await client.update()).toBe(true);
    await expectEdition(client, 2);
    expect(server.asked).toContain(second.paths.delta);
    expect(server.asked).not.toContain(second.paths.gzip);
    server.asked.length = 0;
    expect(await client.update()).toBe(false);
    expect(server.asked).toEqual(['root.2.json', 'channel.json']);
  });
});

describe('a release that brings a model', () => {
  it('fetches it once, keeps it, gives it to the host, and fetches it again when it was lost', async () => {
    const given: number[] = [];
    const host = createInlineHost();
    host.loadModel = async (bytes) => void given.push(bytes.length);
    const { site, client, server, store } = await setUp({ host });
    const bytes = crypto.getRandomValues(new Uint8Array(5_000));
    const sha256 = await sha256Hex(bytes);
    const files = site.put(`m/${sha256}.bin`, bytes);
    const model = { id: 'tests/none@1', fingerprint: 'tests-none' };
    const changes = { model: { ...model, download: { sha256, bytes: bytes.length, files } } };
    await site.publish(changes);
    await client.update();
    await site.publish(changes);
    await client.update();
    await expectEdition(client, 2);
    const asked = () => server.asked.filter((path) => path.startsWith('m/'));
    expect(asked()).toEqual([`m/${sha256}.bin.gz`]);
    expect(given).toEqual([5_000]);
    await client.close();
    await store.removeBlob(sha256);
    const again = newClient(site, server, { store });
    await again.client.start();
    await expectEdition(again.client, 2);
    expect(await again.client.update()).toBe(false);
    expect(asked()).toHaveLength(2);
    expect(await store.listBlobs()).toContain(sha256);
    server.asked.length = 0;
    expect(await again.client.update()).toBe(false);
    expect(server.asked).toEqual(['root.2.json', 'channel.json']);
  });
});

describe('what a client follows', () => {
  it('downloads nothing again when the publisher goes back to what it had', async () => {
    const { site, client, server } = await setUp();
    const first = await site.publish();
    await client.update();
    await site.publish();
    await client.update();
    await site.publish({}, { same: first });
    server.asked.length = 0;
    expect(await client.update()).toBe(true);
    expect(client.getStatus().active?.sequence).toBe(3);
    expect(await foundEdition(client)).toBe(1);
    expect(server.asked.filter((path) => /^[bd]\//.test(path))).toEqual([]);
  });

  it('takes the current release again where another key signs it, and only the manifest', async () => {
    const { site, client, server } = await setUp();
    const first = await site.publish();
    await client.update();
    await site.rotate();
    await site.publish({ sequence: 1 }, { same: first });
    server.asked.length = 0;
    expect(await client.update()).toBe(true);
    expect(client.getStatus().active?.sequence).toBe(1);
    expect(server.asked.filter((path) => /^[bd]\//.test(path))).toEqual([]);
    expect(await client.update()).toBe(false);
  });

  it('keeps another product apart that has the same store', async () => {
    const { site, client, server, store } = await setUp();
    await site.publish();
    await client.update();
    await client.close();
    const rootKeys = { ...site.anchor, product: 'other-guide' };
    const other = newClient(site, server, { store, rootKeys });
    await other.client.start();
    expect(other.client.getStatus().active).toBeNull();
    await expect(other.client.update()).rejects.toMatchObject({ refusal: 'other-product' });
  });

  it('has another floor for another channel', async () => {
    const { site, client, server, store } = await setUp();
    await site.publish({ channels: ['stable', 'beta'] });
    for (let i = 0; i < 3; i++) await site.point({});
    await client.update();
    await client.close();
    await site.point({ channel: 'beta', version: 1 });
    const beta = newClient(site, server, { store, channel: 'beta' });
    expect(await beta.client.update()).toBe(false);
    await expectEdition(beta.client, 1);
  });
});

describe('who asks when', () => {
  it('joins a check that goes on, and refuses what was not prepared', async () => {
    const { site, client, server } = await setUp();
    await site.publish();
    await expect(client.download()).rejects.toMatchObject({ code: 'EVERVEC_CLIENT_NO_UPDATE' });
    await expect(client.activate()).rejects.toMatchObject({ isUsage: true });
    expect(await Promise.all([client.check(), client.check(), client.check()])).toEqual([
      true,
      true,
      true,
    ]);
    expect(server.asked.filter((path) => path === 'channel.json')).toHaveLength(1);
    expect(client.getStatus()).toMatchObject({ phase: 'available', active: null });
    await client.download();
    expect(client.getStatus()).toMatchObject({ phase: 'staged', staged: { sequence: 1 } });
    await client.activate();
    await expectEdition(client, 1);
    expect(client.getStatus()).toMatchObject({ phase: 'idle', staged: null });
  });

  it('activates after a restart what was downloaded before it', async () => {
    const { site, client, server, store } = await setUp();
    await site.publish();
    await client.check();
    await client.download();
    await client.close();
    server.faults.set('channel.json', '500');
    const again = newClient(site, server, { store });
    await again.client.start();
    await again.client.activate();
    await expectEdition(again.client, 1);
  });

  it('ends what goes on when it is closed', async () => {
    const { site, client, server } = await setUp({
      timeouts: { connectMs: 60_000, stallMs: 60_000, totalMs: 60_000 },
    });
    const { paths } = await site.publish();
    server.faults.set(paths.gzip, 'stalled');
    const outcome = client.update().catch((error: unknown) => error);
    await expect.poll(() => server.asked.includes(paths.gzip)).toBe(true);
    await client.close();
    expect(await outcome).toMatchObject({ code: 'EVERVEC_CLIENT_CLOSED' });
    await expect(client.search({ query: 'x' })).rejects.toMatchObject({
      code: 'EVERVEC_CLIENT_CLOSED',
    });
  });

  it('tells another client of the same store', async () => {
    const { site, client, server } = await setUp({ store: new FolderStore(folder) });
    const other = newClient(site, server, { store: new FolderStore(folder) });
    await Promise.all([client.start(), other.client.start()]);
    await site.publish();
    await client.update();
    await expect.poll(() => other.client.getStatus().active?.sequence).toBe(1);
    await expectEdition(other.client, 1);
    expect(other.heard).toMatchObject([
      { name: 'updateCompleted', event: { isElsewhere: true, before: null } },
    ]);
  });

  it('adopts what another client installed while it started', async () => {
    const shared = path.join(folder, 'starting');
    const { site, client, server } = await setUp({ store: new FolderStore(shared) });
    await site.publish();
    const store = new HeldStore(shared);
    const other = newClient(site, server, { store });
    const held = store.hold('readState');
    const starting = other.client.start();
    await held.reached;
    await client.update();
    held.release();
    await starting;
    await expect.poll(() => other.client.getStatus().active?.sequence).toBe(1);
  });

  it('opens a release while it is stored, and lets go of it where it could not be', async () => {
    const store = new HeldStore(path.join(folder, 'opening'));
    const host = createInlineHost();
    const { stage, discard } = host;
    const asked: string[] = [];
    host.stage = async (bytes) => {
      asked.push('stage');
      return await stage.call(host, bytes);
    };
    host.discard = async () => {
      asked.push('discard');
      await discard.call(host);
    };
    const { site, client } = await setUp({ store, host });
    await site.publish();
    const full = store.hold('writeBlob', new ReleaseUpdateError('QUOTA', 'The store is full.'));
    const failing = client.update().catch((error: unknown) => error);
    await full.reached;
    expect(asked).toEqual(['stage']);
    full.release();
    expect(await failing).toMatchObject({ code: 'EVERVEC_CLIENT_QUOTA' });
    expect(asked).toEqual(['stage', 'discard']);
    const held = store.hold('writeBlob');
    const updating = client.update();
    await held.reached;
    expect(client.getStatus()).toMatchObject({ active: null, staged: null });
    held.release();
    expect(await updating).toBe(true);
    expect(asked).toEqual(['stage', 'discard', 'stage']);
    await expectEdition(client, 1);
    await site.publish();
    await client.check();
    await client.download();
    expect(asked).toHaveLength(3);
    await client.activate();
    expect(asked).toHaveLength(4);
    await expectEdition(client, 2);
  });

  it('adopts what another client installed while it adopted', async () => {
    const shared = path.join(folder, 'adopting');
    const { site, client, server } = await setUp({ store: new FolderStore(shared) });
    await site.publish();
    const store = new HeldStore(shared);
    const other = newClient(site, server, { store });
    await other.client.start();
    const held = store.hold('readBlob');
    await client.update();
    await held.reached;
    await site.publish();
    await client.update();
    held.release();
    await expect.poll(() => other.client.getStatus().active?.sequence).toBe(2);
  });
});

type Held = 'readState' | 'readBlob' | 'writeBlob';

/** Stops once before it gives what it read, or says that it wrote. */
class HeldStore extends FolderStore {
  #held: { readonly of: Held; reach(): void; until: Promise<void> } | undefined;

  /** @param failure how it then ends; default well */
  hold(of: Held, failure?: Error) {
    const reached = Promise.withResolvers<void>();
    const until = Promise.withResolvers<void>();
    this.#held = { of, reach: reached.resolve, until: until.promise };
    const release = () => (failure === undefined ? until.resolve() : until.reject(failure));
    return { reached: reached.promise, release };
  }

  override async readState(): Promise<string | undefined> {
    const found = await super.readState();
    await this.#stop('readState');
    return found;
  }

  override async readBlob(name: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const found = await super.readBlob(name);
    await this.#stop('readBlob');
    return found;
  }

  override async writeBlob(name: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    await super.writeBlob(name, bytes);
    await this.#stop('writeBlob');
  }

  async #stop(at: Held): Promise<void> {
    const held = this.#held;
    if (held?.of !== at) return;
    this.#held = undefined;
    held.reach();
    await held.until;
  }
}
