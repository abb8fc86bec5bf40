/** Pages in a real browser, of another origin than the server of their releases: told of new ones, and telling how they did. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';

import type { createReleaseClient, openBrowserStore, TrustAnchor } from '../../src/client/index.ts';
import { startReleases } from '../server/releases-fixture.ts';
import { describeOnOneDatabase } from '../setup/each-database.ts';
import { eventually } from '../setup/signal.ts';
import { bundle } from './bundle.ts';

declare const api: {
  createReleaseClient: typeof createReleaseClient;
  openBrowserStore: typeof openBrowserStore;
};

const executablePath = process.env['EVERVEC_TEST_CHROMIUM'] ?? '';
const why = executablePath === '' ? ' (skipped: EVERVEC_TEST_CHROMIUM is not set)' : '';
const ARGS = ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'];

let browser: Browser;
let app: Server;
let origin: string;

beforeAll(async () => {
  if (executablePath === '') return;
  const scripts = new Map([
    [
      '/app.js',
      await bundle(
        `import { createReleaseClient, openBrowserStore } from '../../src/client/index.ts';
         Object.assign(globalThis, { api: { createReleaseClient, openBrowserStore } });`,
      ),
    ],
    ['/index-worker.js', await bundle(`import '../../src/client/search/index-worker.ts';`)],
  ]);
  app = createServer((request, response) => {
    const script = scripts.get(request.url ?? '');
    response.setHeader('Content-Type', script === undefined ? 'text/html' : 'text/javascript');
    response.end(
      script ?? '<!doctype html><title>t</title><script type="module" src="/app.js"></script>',
    );
  });
  await new Promise<void>((resolve) => app.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(app.address() as AddressInfo).port}`;
  browser = await chromium.launch({ executablePath, headless: true, args: ARGS });
});
afterAll(async () => {
  await browser?.close();
  app?.closeAllConnections();
  await new Promise((resolve) => (app === undefined ? resolve(0) : app.close(resolve)));
});

/** When it had which release is noted by the page's own clock. */
async function openPage(page: Page, url: string, rootKeys: TrustAnchor): Promise<void> {
  await page.goto(origin);
  await page.waitForFunction(() => 'api' in globalThis);
  await page.evaluate(
    async ({ url, rootKeys }) => {
      const store = await api.openBrowserStore('told');
      const client = api.createReleaseClient({ url, rootKeys, store, push: true, report: true });
      const had: Record<number, number> = {};
      Object.assign(globalThis, { had, client });
      client.on('updateCompleted', ({ release }) => {
        had[release.sequence] = Date.now();
      });
      await client.start();
      const { active } = client.getStatus();
      if (active !== null) had[active.sequence] = Date.now();
    },
    { url, rootKeys },
  );
}

async function whenHad(page: Page, sequence: number): Promise<number> {
  const found = await page.waitForFunction(
    (sequence) => (Reflect.get(globalThis, 'had') as Record<number, number>)[sequence],
    sequence,
    { timeout: 20_000, polling: 20 },
  );
  return Number(await found.jsonValue());
}

describe.skipIf(executablePath === '')(`pages${why}`, () => {
  describeOnOneDatabase('of another origin', ({ open }) => {
    it('have a new release within a second, by one connection for all tabs, and report it', async () => {
      const { folder, shop, publish, serving, evervec, ask } = await startReleases(await open(), {
        serve: { origins: [origin], reports: true },
      });
      await publish();
      await serving.start();
      const context = await browser.newContext();
      onTestFinished(() => context.close());
      const tabs = [await context.newPage(), await context.newPage(), await context.newPage()];
      for (const page of tabs) await openPage(page, folder, shop.anchor);
      for (const page of tabs) await whenHad(page, 1);
      const connections = async () =>
        ((await (await ask('/v1/releases/guide')).json()) as { open: number }).open;
      await eventually('a connection', async () =>
        (await connections()) === 1 ? true : undefined,
      );

      const times: number[] = [];
      for (const sequence of [2, 3, 4]) {
        await publish();
        const published = Date.now();
        for (const page of tabs) times.push((await whenHad(page, sequence)) - published);
      }
      expect(Math.min(...times)).toBeLessThan(1_000);
      expect(await connections()).toBe(1);

      // The tab that listened is closed: another one does.
      await tabs.shift()?.close();
      await eventually('another one', async () => ((await connections()) === 1 ? true : undefined));
      await publish();
      for (const page of tabs) await whenHad(page, 5);

      for (const page of tabs) await page.goto('about:blank');
      await eventually('nobody', async () => ((await connections()) === 0 ? true : undefined));
      const health = await eventually('the reports', async () => {
        await serving.look();
        const found = await evervec.releases.health('guide', 'stable');
        return found.releases.length >= 4 ? found : undefined;
      });
      expect(health.failures).toEqual([]);
      expect(health.releases.at(-1)).toMatchObject({ sequence: 1, failed: 0 });
    });

    it('are not told and not heard where their origin is not named', async () => {
      const { folder, shop, publish, serving, evervec, url } = await startReleases(await open(), {
        serve: { reports: true },
      });
      await publish();
      await serving.start();
      const context = await browser.newContext();
      onTestFinished(() => context.close());
      const page = await context.newPage();
      await openPage(page, folder, shop.anchor);
      const answer = await page.evaluate(
        async (url) =>
          await fetch(`${url}/v1/releases/guide/reports`, {
            method: 'POST',
            body: JSON.stringify({
              client: '0.1.0',
              channel: 'stable',
              reports: [{ kind: 'checked', sequence: 1 }],
            }),
            mode: 'no-cors',
          }).then(
            () => 'taken',
            () => 'refused',
          ),
        url,
      );
      expect(answer).toBe('refused');
      await serving.look();
      expect((await evervec.releases.health('guide', 'stable')).adoption).toEqual([]);
    });
  });
});
