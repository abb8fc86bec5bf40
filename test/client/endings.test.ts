/** Programs that end in the midst of it, devices that are full, stores that lose things: one whole release is in use afterwards, and it can go on. */
import { afterEach, describe, expect, it } from 'vitest';

import { MemoryStore } from '../../src/client/index.ts';
import { createInlineHost } from '../../src/client/search/inline-host.ts';
import { sha256Hex } from '../../src/format/index.ts';
import { closeAll, expectEdition, foundEdition, newClient, serve, setUp } from './client-setup.ts';
import { DyingStore } from './dying-store.ts';
import { createSite } from './release-site.ts';

afterEach(closeAll);

describe('a program that ends in the midst of it', () => {
  it('has the one release or the other, whichever write was its last', async () => {
    const site = await createSite();
    const server = await serve(site);
    const { pointer } = await site.publish();
    await site.publish();
    const outcomes = new Set<number>();
    let writes = 0;
    for (let last = 0; last <= writes; last++) {
      const place = new MemoryStore(`dying-${last}`);
      await site.point({ current: pointer });
      const first = newClient(site, server, { store: place });
      await first.client.update();
      for (let i = 0; i < 3; i++) await foundEdition(first.client);
      await first.client.close();
      await site.point({ current: site.last.pointer });
      const store = new DyingStore(place);
      store.left = last;
      const { client } = newClient(site, server, { store });
      await client.update().catch(() => {});
      writes = store.writes;
      const edition = client.getStatus().active?.sequence ?? 0;
      if (edition > 0) expect(await foundEdition(client)).toBe(edition);
      await client.close();
      const again = newClient(site, server, { store: place });
      await again.client.start();
      const kept = again.client.getStatus().active?.sequence ?? 0;
      outcomes.add(kept);
      await expectEdition(again.client, kept);
      await again.client.update();
      await expectEdition(again.client, 2);
      expect((await place.listBlobs()).length).toBeLessThanOrEqual(2);
      await again.client.close();
    }
    // It did end before, in and after the change-over.
    expect(writes).toBeGreaterThan(4);
    expect([...outcomes].toSorted()).toEqual([1, 2]);
  });
});

describe('a device that is full', () => {
  it('says so, and keeps what it has', async () => {
    const store = new DyingStore(new MemoryStore('full'));
    const { site, client, heard } = await setUp({ store });
    const { index } = await site.publish();
    await client.update();
    store.space = index.length + 100;
    await site.publish();
    await expect(client.update()).rejects.toMatchObject({ code: 'EVERVEC_CLIENT_QUOTA' });
    expect(heard.at(-1)).toMatchObject({
      name: 'updateFailed',
      event: { stage: 'download', inUse: { sequence: 1 } },
    });
    await expectEdition(client, 1);
    store.space = Infinity;
    expect(await client.update()).toBe(true);
    await expectEdition(client, 2);
  });

  it('gives up the one before where two have room and three have not', async () => {
    const store = new DyingStore(new MemoryStore('for-two'));
    const { site, client } = await setUp({ store });
    const { index } = await site.publish();
    await client.update();
    await site.publish();
    await client.update();
    for (let i = 0; i < 3; i++) await foundEdition(client);
    store.space = index.length * 2.5;
    await site.publish();
    expect(await client.update()).toBe(true);
    await expectEdition(client, 3);
    expect(client.getStatus().previous).toMatchObject({ sequence: 2 });
  });
});

describe('a device that is full, and a release with a model', () => {
  it('does not lose the one to make room for the other', async () => {
    const store = new DyingStore(new MemoryStore('for-two-and-a-model'));
    const { site, client } = await setUp({ store });
    const { index } = await site.publish();
    await client.update();
    await site.publish();
    await client.update();
    for (let i = 0; i < 3; i++) await foundEdition(client);
    const bytes = crypto.getRandomValues(new Uint8Array(1_000));
    const sha256 = await sha256Hex(bytes);
    const files = site.put(`m/${sha256}.bin`, bytes);
    const model = { id: 'tests/none@1', fingerprint: 'tests-none' };
    await site.publish({ model: { ...model, download: { sha256, bytes: 1_000, files } } });
    store.space = index.length * 2 + 2_000;
    expect(await client.update()).toBe(true);
    expect(await store.listBlobs()).toContain(sha256);
    expect(await client.update()).toBe(false);
  });
});

describe('a place of search that fails', () => {
  it('costs no release: the next start has it', async () => {
    const { site, client, server, store } = await setUp();
    await site.publish();
    await client.update();
    await client.close();
    const host = createInlineHost();
    const { stage } = host;
    let fails = true;
    host.stage = async (bytes) => {
      if (fails) throw new RangeError('no memory');
      return await stage.call(host, bytes);
    };
    const again = newClient(site, server, { store, host });
    await expect(again.client.start()).rejects.toMatchObject({ code: 'EVERVEC_CLIENT_STORE' });
    expect(again.client.getStatus()).toMatchObject({ phase: 'new', active: null });
    fails = false;
    await again.client.start();
    await expectEdition(again.client, 1);
  });
});

describe('a store that lost something', () => {
  it('goes back to the release before, and fetches the lost one again', async () => {
    const { site, client, server, store } = await setUp();
    await site.publish();
    await client.update();
    const second = await site.publish();
    await client.update();
    await client.close();
    await store.removeBlob(second.manifest.index.sha256);
    const again = newClient(site, server, { store });
    await again.client.start();
    await expectEdition(again.client, 1);
    expect(again.heard).toMatchObject([
      { name: 'rolledBack', event: { from: { sequence: 2 }, to: { sequence: 1 }, why: 'damaged' } },
    ]);
    expect(await again.client.update()).toBe(true);
    await expectEdition(again.client, 2);
  });

  it('begins anew where everything was evicted, and where the state is no state', async () => {
    const { site, client, server, store } = await setUp();
    await site.publish();
    await client.update();
    await client.close();
    for (const damage of [() => store.clear(), () => store.writeState('{"format":1,')]) {
      await damage();
      const again = newClient(site, server, { store });
      await again.client.start();
      expect(again.client.getStatus().active).toBeNull();
      await again.client.update();
      await expectEdition(again.client, 1);
      await again.client.close();
    }
  });

  it('does not open bytes that are not those that were installed', async () => {
    const { site, client, server, store } = await setUp();
    const first = await site.publish();
    await client.update();
    await client.close();
    const bytes = first.index.slice();
    bytes[bytes.length - 20] = (bytes.at(-20) ?? 0) ^ 1;
    await store.writeBlob(first.manifest.index.sha256, bytes);
    const again = newClient(site, server, { store });
    await again.client.start();
    expect(again.client.getStatus().active).toBeNull();
    expect(await store.listBlobs()).toEqual([]);
  });
});

describe('going back', () => {
  it('is asked for, done at once and kept, until it is forced', async () => {
    const { site, client, server, store, heard } = await setUp();
    await site.publish();
    await client.update();
    await expect(client.rollback()).rejects.toMatchObject({ code: 'EVERVEC_CLIENT_NO_PREVIOUS' });
    await site.publish();
    await client.update();
    await client.rollback();
    await expectEdition(client, 1);
    expect(heard.at(-1)).toMatchObject({ name: 'rolledBack', event: { why: 'asked' } });
    expect(await client.update()).toBe(false);
    await client.close();
    const again = newClient(site, server, { store });
    await again.client.update();
    await expectEdition(again.client, 1);
    expect(await again.client.forceUpdate()).toBe(true);
    await expectEdition(again.client, 2);
  });

  it('happens by itself when the first searches fail, and not when the asker is wrong', async () => {
    const { site, client, heard } = await setUpFailing();
    await site.publish();
    await client.update();
    for (let i = 0; i < 3; i++) await foundEdition(client);
    await site.publish();
    await client.update();
    await expect(client.search({ query: 'edition', limit: 1_000 })).rejects.toMatchObject({
      isUsage: true,
    });
    expect(client.getStatus().active?.sequence).toBe(2);
    expect(await foundEdition(client)).toBe(1);
    await expectEdition(client, 1);
    expect(heard.at(-1)).toMatchObject({ name: 'rolledBack', event: { why: 'search' } });
    expect(await client.update()).toBe(false);
  });

  it('happens at a start when opening it has ended the program three times', async () => {
    const { site, client, server, store } = await setUp();
    await site.publish();
    await client.update();
    await site.publish();
    await client.update();
    await client.close();
    const state = JSON.parse((await store.readState()) ?? '{}');
    state.active.openings = 3;
    await store.writeState(JSON.stringify(state));
    const again = newClient(site, server, { store });
    await again.client.update();
    await expectEdition(again.client, 1);
    expect(again.heard[0]).toMatchObject({ event: { why: 'opening' } });
  });
});

/** The second index that is put to use fails at every search. */
async function setUpFailing() {
  const host = createInlineHost();
  let promoted = 0;
  const { promote, search } = host;
  host.promote = async () => {
    promoted++;
    await promote.call(host);
  };
  host.search = async (request) => {
    const answer = await search.call(host, request);
    if (promoted === 2) throw new RangeError('This index is of no use.');
    return answer;
  };
  return await setUp({ host });
}
