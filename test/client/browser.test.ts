/** The client in a real browser: stores, tabs, reloads, ends in the midst of it, no network. One browser for all. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';

import { bundle } from './bundle.ts';
import { type FaultServer, serveFiles } from './fault-server.ts';
import type { TestPage } from './page-entry.ts';
import { createSite, type ReleaseSite } from './release-site.ts';

declare const evervec: TestPage;

const executablePath = process.env['EVERVEC_TEST_CHROMIUM'] ?? '';
const why = executablePath === '' ? ' (skipped: EVERVEC_TEST_CHROMIUM is not set)' : '';
const ARGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'].concat([
  '--disable-sync',
  '--disable-background-networking',
  '--disable-component-update',
]);
const KINDS = ['indexeddb', 'opfs'] as const;
/** Below it, page and worker have a policy that allows the app's scripts and no WebAssembly. */
const STRICT = 'strict/';

let browser: Browser;
let app: Server;
let appUrl: string;
let context: BrowserContext;
let site: ReleaseSite;
let server: FaultServer;

beforeAll(async () => {
  if (executablePath === '') return;
  const scripts = new Map([
    ['/app.js', await bundle(`import { expose } from './page-entry.ts'; expose();`)],
    ['/index-worker.js', await bundle(`import '../../src/client/search/index-worker.ts';`)],
  ]);
  app = createServer((request, response) => {
    const [, strict, path = ''] = /^\/(strict\/)?(.*)$/.exec(request.url ?? '') ?? [];
    const script = scripts.get(`/${path}`);
    if (strict !== undefined)
      response.setHeader('Content-Security-Policy', "script-src 'self'; worker-src 'self'");
    // For frames that have no origin.
    response.setHeader('Access-Control-Allow-Origin', '*');
    response.setHeader('Content-Type', script === undefined ? 'text/html' : 'text/javascript');
    response.end(
      script ?? '<!doctype html><title>t</title><script type="module" src="app.js"></script>',
    );
  });
  await new Promise<void>((resolve) => app.listen(0, '127.0.0.1', resolve));
  appUrl = `http://127.0.0.1:${(app.address() as AddressInfo).port}/`;
  browser = await chromium.launch({ executablePath, headless: true, args: ARGS });
});
afterEach(async () => {
  await context?.close();
  await server?.close();
});
afterAll(async () => {
  await browser?.close();
  app?.closeAllConnections();
  await new Promise((resolve) => (app === undefined ? resolve(0) : app.close(resolve)));
});

/** A profile of its own, and a site of its own. */
async function setUp(): Promise<void> {
  site = await createSite();
  server = await serveFiles(site.files);
  context = await browser.newContext();
  context.setDefaultTimeout(20_000);
}

type Kind = 'indexeddb' | 'opfs' | 'memory';
interface How {
  readonly stallMs?: number;
  readonly hangAt?: string;
  /** Where the app lies. */
  readonly below?: string;
}

async function openTab(kind: Kind, how: How = {}): Promise<Page> {
  const page = await context.newPage();
  await startIn(page, kind, how);
  return page;
}

async function startIn(page: Page, kind: Kind, { below = '', ...how }: How = {}): Promise<void> {
  await page.goto(appUrl + below);
  await page.waitForFunction(() => 'evervec' in globalThis);
  const options = { url: server.url, rootKeys: site.anchor, kind, ...how };
  await page.evaluate((options) => evervec.start(options), options);
}

const update = async (page: Page) => await page.evaluate(() => evervec.update());

async function expectEdition(page: Page, edition: number): Promise<void> {
  expect(await page.evaluate(() => evervec.edition())).toMatchObject({
    sequence: edition,
    text: `This is edition number ${edition} of the harbour guide.`,
  });
}

describe.skipIf(executablePath === '')(`a release client in a page${why}`, () => {
  test.each(KINDS)('%s does what every store must', async (kind) => {
    await setUp();
    const page = await openTab('memory');
    expect(await page.evaluate((kind) => evervec.storeCases(kind), kind)).toEqual([]);
  });

  test.each(KINDS)(
    'installs, updates by a delta and whole, and has it after a reload without a network: %s',
    async (kind) => {
      await setUp();
      await site.publish();
      const page = await openTab(kind);
      expect(await update(page)).toBe('updated');
      await expectEdition(page, 1);
      const second = await site.publish();
      expect(await update(page)).toBe('updated');
      await expectEdition(page, 2);
      expect(server.asked).not.toContain(second.paths.gzip);
      const third = await site.publish();
      server.faults.set(third.paths.delta ?? '', 'flip');
      expect(await update(page)).toBe('updated');
      await expectEdition(page, 3);
      expect(server.asked).toContain(third.paths.gzip);
      for (const { paths } of site.editions) server.faults.set(paths.manifest, 'cut');
      for (const path of site.files.keys()) server.faults.set(path, 'cut');
      await startIn(page, kind);
      await expectEdition(page, 3);
      expect(await update(page)).toBe('EVERVEC_CLIENT_UNREACHABLE');
      await expectEdition(page, 3);
    },
  );

  test('installs and searches where a policy forbids WebAssembly', async () => {
    await setUp();
    await site.publish();
    const page = await openTab('indexeddb', { below: STRICT });
    expect(await update(page)).toBe('updated');
    await expectEdition(page, 1);
    const [worker] = page.workers();
    const refusal = await worker?.evaluate(() => {
      try {
        const header = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);
        return typeof Reflect.construct(Reflect.get(WebAssembly, 'Module'), [header]);
      } catch (error) {
        return String(error);
      }
    });
    expect(refusal).toContain('CompileError');
  });

  test('two tabs install once, and both search the new one', async () => {
    await setUp();
    const { paths } = await site.publish();
    const tabs = [await openTab('indexeddb'), await openTab('indexeddb')];
    const outcomes = await Promise.all(tabs.map(update));
    expect(outcomes).toContain('updated');
    for (const tab of tabs) await expectEdition(tab, 1);
    expect(server.asked.filter((path) => path === paths.gzip)).toHaveLength(1);
    await site.publish();
    const [one, other] = tabs as [Page, Page];
    await update(one);
    await other.waitForFunction(() => evervec.heard.includes('completed 2 elsewhere'));
    await expectEdition(other, 2);
  });

  test('a tab that is killed while it installs leaves the other free to', async () => {
    await setUp();
    await site.publish();
    const killed = await openTab('indexeddb', { stallMs: 60_000 });
    await update(killed);
    const { paths } = await site.publish();
    server.faults.set(paths.delta ?? '', 'stalled');
    void update(killed).catch(() => {});
    await expect.poll(() => server.asked.includes(paths.delta ?? '')).toBe(true);
    const other = await openTab('indexeddb');
    await expectEdition(other, 1);
    server.faults.clear();
    const waiting = update(other);
    await killed.close();
    expect(await waiting).toBe('updated');
    await expectEdition(other, 2);
  });

  test.each([
    ['install 0', 1],
    ['install 50', 1],
    ['install 100', 2],
  ])('a tab that dies at %s has edition %i afterwards', async (hangAt, kept) => {
    await setUp();
    await site.publish();
    const first = await openTab('indexeddb');
    await update(first);
    await first.close();
    await site.publish();
    const dying = await context.newPage();
    const { promise: reached, resolve } = Promise.withResolvers<void>();
    await dying.exposeFunction('reached', resolve);
    await startIn(dying, 'indexeddb', { hangAt });
    void update(dying).catch(() => {});
    await reached;
    await dying.close();
    const next = await openTab('indexeddb');
    await expectEdition(next, kept);
    await update(next);
    await expectEdition(next, 2);
  });

  test('a device without space says so and keeps what it has; after an eviction it installs again', async () => {
    await setUp();
    await site.publish();
    const page = await openTab('opfs');
    await update(page);
    const devtools = await context.newCDPSession(page);
    const { origin } = new URL(appUrl);
    await devtools.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 1_000 });
    await site.publish();
    expect(await update(page)).toBe('EVERVEC_CLIENT_QUOTA');
    await expectEdition(page, 1);
    await devtools.send('Storage.overrideQuotaForOrigin', { origin });
    expect(await update(page)).toBe('updated');
    await devtools.send('Storage.clearDataForOrigin', { origin, storageTypes: 'all' });
    await startIn(page, 'opfs');
    expect((await page.evaluate(() => evervec.edition())).sequence).toBeNull();
    expect(await update(page)).toBe('updated');
    await expectEdition(page, 2);
  });

  test('a database without space says so too', async () => {
    await setUp();
    await site.publish();
    const page = await openTab('memory');
    const devtools = await context.newCDPSession(page);
    const { origin } = new URL(appUrl);
    // Chromium looks at the space again only after a while, so there is none from the first write on.
    await devtools.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 1_000 });
    await startIn(page, 'indexeddb');
    expect(await update(page)).toBe('EVERVEC_CLIENT_QUOTA');
    expect((await page.evaluate(() => evervec.edition())).sequence).toBeNull();
  });

  test('a frame that may store nothing has it in memory', async () => {
    await setUp();
    await site.publish();
    const page = await context.newPage();
    await page.goto(appUrl);
    await page.setContent('<iframe sandbox="allow-scripts" src="/"></iframe>');
    const frame = page.frames()[1];
    await frame?.waitForFunction(() => 'evervec' in globalThis);
    const options = { url: server.url, rootKeys: site.anchor, kind: 'best' as const };
    await frame?.evaluate((options) => evervec.start(options), options);
    expect(await frame?.evaluate(() => evervec.update())).toBe('updated');
    expect(await frame?.evaluate(() => evervec.edition())).toMatchObject({
      sequence: 1,
      text: 'This is edition number 1 of the harbour guide.',
      store: 'memory',
    });
  });
});
