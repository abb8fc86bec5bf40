/** A site, a server that shows it, and clients of it, which all end with the test. */
import { expect } from 'vitest';

import {
  createReleaseClient,
  type EventName,
  MemoryStore,
  type ReleaseClient,
  type ReleaseClientEvents,
  type ReleaseClientOptions,
} from '../../src/client/index.ts';
import { createInlineHost } from '../../src/client/search/inline-host.ts';
import { systemClock } from '../../src/runtime/index.ts';
import { type FaultServer, serveFiles } from './fault-server.ts';
import { createSite, type ReleaseSite } from './release-site.ts';

const open: { close(): Promise<void> }[] = [];
const EVENTS: readonly EventName[] = [
  'updateAvailable',
  'updateStarted',
  'updateProgress',
  'updateCompleted',
  'updateFailed',
  'rolledBack',
];

export type Heard = { [E in EventName]: { name: E; event: ReleaseClientEvents[E] } }[EventName];

/** Quick where a real client is patient; patient enough for a machine that has much else to do. */
export const QUICK = {
  checkIntervalMs: 0,
  retryDelayMs: 1,
  random: () => 0,
  timeouts: { connectMs: 500, stallMs: 500, totalMs: 900 },
} as const;

export async function closeAll(): Promise<void> {
  await Promise.all(open.splice(0).map((one) => one.close()));
}

export async function setUp(options: Partial<ReleaseClientOptions> = {}, records?: number) {
  const site = await createSite(records);
  const server = await serve(site);
  return { site, server, ...newClient(site, server, options) };
}

export async function serve(site: ReleaseSite): Promise<FaultServer> {
  const server = await serveFiles(site.files);
  open.push(server);
  return server;
}

let stores = 0;
export function newClient(
  site: ReleaseSite,
  server: { url: string },
  options: Partial<ReleaseClientOptions> = {},
) {
  const store = options.store ?? new MemoryStore(`test-${++stores}`);
  const client = createReleaseClient({
    url: server.url,
    rootKeys: site.anchor,
    host: createInlineHost(),
    ...QUICK,
    ...options,
    store,
  });
  open.unshift(client);
  const heard: Heard[] = [];
  for (const name of EVENTS) client.on(name, (event) => heard.push({ name, event } as Heard));
  return { client, store, heard };
}

/** A device whose clock is wrong. */
export function clockAhead(ms: number) {
  return { ...systemClock, now: () => Date.now() + ms };
}

/** One whole release answers, and says which it is. */
export async function expectEdition(client: ReleaseClient, edition: number): Promise<void> {
  const { active } = client.getStatus();
  expect(active).toMatchObject({ sequence: edition, version: `edition ${edition}` });
  expect(await foundEdition(client)).toBe(edition);
}

export async function foundEdition(client: ReleaseClient): Promise<number> {
  const { hits } = await client.search({ query: 'edition number', mode: 'text' });
  return Number(/number (\d+)/.exec(hits[0]?.chunk.text ?? '')?.[1] ?? Number.NaN);
}
