/** A publisher, a server, a device and two tabs of it, for histories that nobody thought of; and what holds in each moment of them. */
import { expect } from 'vitest';

import {
  createReleaseClient,
  type MemoryStore,
  type ReleaseClient,
} from '../../src/client/index.ts';
import { REST } from '../../src/client/machine.ts';
import { createInlineHost } from '../../src/client/search/inline-host.ts';
import { foundEdition, QUICK } from './client-setup.ts';
import { DyingStore } from './dying-store.ts';
import type { ReleaseSite } from './release-site.ts';

export const TABS = [0, 1] as const;
export type Tab = (typeof TABS)[number];

export class World {
  readonly site: ReleaseSite;
  readonly place: MemoryStore;
  readonly good = new Set<number>();
  /** By sequence, the edition whose content it has. */
  readonly contents = new Map<number, number>();
  broken: RegExp | undefined;
  stores: DyingStore[] = [];
  clients: ReleaseClient[] = [];
  /** Of each tab: what it showed last, and whether somebody went back, so that it may show an older one. */
  shown = [0, 0];
  mayFall = [false, false];

  constructor(site: ReleaseSite, place: MemoryStore) {
    this.site = site;
    this.place = place;
  }

  async open(tab: Tab): Promise<void> {
    await this.clients[tab]?.close();
    const store = new DyingStore(this.place);
    const client = createReleaseClient({
      ...QUICK,
      url: 'https://kb.test/',
      rootKeys: this.site.anchor,
      store,
      host: createInlineHost(),
      tries: 1,
      fetch: async (url) => this.answer(String(url)),
    });
    client.on('rolledBack', () => (this.mayFall = [true, true]));
    this.stores[tab] = store;
    this.clients[tab] = client;
    await client.start().catch(() => {});
  }

  answer(url: string): Response {
    const path = url.replace('https://kb.test/', '');
    const bytes = this.site.files.get(path);
    if (bytes === undefined) return new Response('gone', { status: 404 });
    if (this.broken?.test(path) === true) return new Response(bytes.slice(0, bytes.length >> 1));
    return new Response(bytes);
  }
}

/** What a tab does; it may fail, but only as it is written down, and afterwards everything must hold. */
export async function actIn(
  world: World,
  tab: Tab,
  act: (client: ReleaseClient) => Promise<unknown>,
): Promise<void> {
  const client = world.clients[tab];
  if (client === undefined) return;
  await act(client).catch((error: unknown) => {
    expect(error).toMatchObject({ code: expect.stringMatching(/^EVERVEC_/) });
  });
  for (const one of TABS) await expectWhole(world, one);
}

async function expectWhole(world: World, tab: Tab): Promise<void> {
  const client = world.clients[tab];
  if (client === undefined) return;
  const { active, phase, staged } = client.getStatus();
  const sequence = active?.sequence ?? 0;
  if (REST.some((rest) => rest === phase)) expect(phase === 'staged').toBe(staged !== null);
  if (active !== null) {
    expect(world.good).toContain(sequence);
    const found = await foundEdition(client);
    // Another tab may have changed it since.
    if (client.getStatus().active?.sequence === sequence)
      expect(found).toBe(world.contents.get(sequence));
  }
  const isLower = sequence < (world.shown[tab] ?? 0);
  if (isLower) expect(world.mayFall[tab]).toBe(true);
  if (isLower) world.mayFall[tab] = false;
  world.shown[tab] = sequence;
}
