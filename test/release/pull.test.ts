/** What a site publishes comes back whole, so that the next release can be published beside it; what nobody needs goes. */
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { utimes } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import {
  folderTarget,
  prune,
  publishDraft,
  pull,
  readPublished,
  type ReleaseTarget,
  rotateKeys,
  renew,
  webSite,
} from '../../src/release/index.ts';
import { type ClientState, DAY_MS, openWorkshop, readAsClient, type Workshop } from './workshop.ts';

let shop: Workshop;
let server: Server;
let site: string;
beforeEach(async () => {
  shop = await openWorkshop();
  server = createServer((request, response) => {
    const url = new URL(request.url ?? '', 'http://site');
    void answer(url.pathname.slice('/kb/'.length), response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  site = `http://127.0.0.1:${(server.address() as AddressInfo).port}/kb`;
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await shop[Symbol.asyncDispose]();
});

async function answer(at: string, response: ServerResponse): Promise<void> {
  const bytes = await shop.target.get(at);
  response.statusCode = bytes ? 200 : 404;
  response.end(bytes);
}

const paths = async (target: ReleaseTarget) => (await target.list('')).map((file) => file.path);
const copy = (name: string) => folderTarget(path.join(shop.folder, name));
const trusted = () => ({ anchor: shop.anchor });

it('brings back all that clients may ask for, and the next release goes on from it', async () => {
  await publishDraft(
    await shop.publisher(),
    await shop.draft('one', { fixed: { 'kb.json': '1' } }),
  );
  await rotateKeys({ folder: shop.keys, role: 'release', expires: shop.now + 300 * DAY_MS });
  await renew(await shop.publisher());
  await publishDraft(
    await shop.publisher(),
    await shop.draft('two', { from: 'one', fixed: { 'kb.json': '2' } }),
  );
  await publishDraft(await shop.publisher(), await shop.draft('three'), { rollout: 100 });
  const target = copy('pulled');
  const outcome = await pull(webSite(site), target, trusted());
  expect(outcome).toMatchObject({ isPublished: true, sequences: [3, 2, 1] });
  const there = await paths(target);
  // What was signed again is found by the channel alone, which names it no more.
  expect(there).toEqual((await paths(shop.target)).filter((one) => one !== 'releases/1.2.json'));
  for (const one of there) expect(await target.get(one)).toEqual(await shop.target.get(one));
  const state: ClientState = {};
  expect(await readAsClient(shop.target, shop.anchor, shop.now, state)).toBe('two');
  const publisher = await shop.publisher(target);
  await publishDraft(publisher, await shop.draft('four', { from: 'two' }));
  expect(await readAsClient(target, shop.anchor, shop.now, state)).toBe('four');
  expect(state.sequence).toBe(4);
});

it('is nothing where nothing is published, and nothing where it is another’s', async () => {
  const target = copy('pulled');
  expect(await pull(webSite(site), target, trusted())).toMatchObject({ isPublished: false });
  expect(await paths(target)).toEqual([]);
  await publishDraft(await shop.publisher(), await shop.draft('one'));
  const other = await openWorkshop();
  const wrong = pull(webSite(site), target, { anchor: other.anchor });
  await expect(wrong).rejects.toMatchObject({ fault: 'published' });
  await other[Symbol.asyncDispose]();
  expect(await paths(target)).toEqual([]);
});

it('a site without a file of the current release is refused, and the pointer does not come', async () => {
  await publishDraft(await shop.publisher(), await shop.draft('one'));
  const [index] = await shop.target.list('b');
  await shop.target.remove(index?.path ?? '');
  const target = copy('pulled');
  const pulling = pull(webSite(site), target, trusted());
  await expect(pulling).rejects.toMatchObject({
    code: 'EVERVEC_RELEASE_TARGET',
    message: expect.stringContaining(index?.path ?? ''),
  });
  expect(await target.get('channel.json')).toBeUndefined();
  expect(() => webSite('ftp://site/kb')).toThrow(/no http/);
  expect(() => webSite('kb')).toThrow(/no http/);
});

it('prunes what is behind the last eight and was not offered lately, and nothing it does not know', async () => {
  const publisher = await shop.publisher();
  const count = 12;
  for (let i = 1; i <= count; i++) {
    const from = i > 1 ? { from: `text ${i - 1}` } : {};
    await publishDraft(
      publisher,
      await shop.draft(`text ${i}`, { ...from, fixed: { 'kb.json': `${i}` } }),
    );
    shop.now += DAY_MS;
  }
  await shop.target.put('unknown/file.txt', new Uint8Array(3));
  await shop.target.put('robots.txt', new Uint8Array(3));
  await shop.target.put('b/left-over.idx', new Uint8Array(3));
  const dated = async (days: number) => {
    for (const file of await paths(shop.target)) {
      const at = (shop.now - days * DAY_MS) / 1_000;
      await utimes(path.join(shop.folder, 'public', file), at, at);
    }
  };
  await dated(3);
  expect((await prune(publisher)).removed).toEqual([]);
  await dated(100);
  // All but the first two were offered within ten days.
  const tenDays = { graceMs: 10 * DAY_MS };
  const rehearsed = await prune(publisher, { ...tenDays, isDryRun: true });
  const before = await paths(shop.target);
  const { removed, bytes } = await prune(publisher, tenDays);
  expect(rehearsed.removed).toEqual(removed);
  expect(bytes).toBeGreaterThan(0);
  expect(await paths(shop.target)).toEqual(before.filter((file) => !removed.includes(file)));
  const gone = removed.filter((file) => file.startsWith('releases/'));
  expect(gone).toEqual(['releases/1.json']);
  await prune(publisher, { graceMs: 0 });
  const published = await readPublished(shop.target, trusted());
  expect(published.releases.map(({ pointer }) => pointer.sequence)).toEqual([
    12, 11, 10, 9, 8, 7, 6, 5,
  ]);
  for (const base of published.recent) await base.load();
  const left = await paths(shop.target);
  expect(left).toContain('unknown/file.txt');
  expect(left).toContain('robots.txt');
  expect(left).toContain('fixed/5/kb.json');
  expect(left).not.toContain('fixed/4/kb.json');
  expect(left).not.toContain('b/left-over.idx');
  expect(await readAsClient(shop.target, shop.anchor, shop.now)).toBe('text 12');
});
