/** An app with React and a service worker, built from the package by Vite, in Chromium: installs, searches as one types, is updated, works without a network. */
import { cp, readdir, readFile, realpath, symlink } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { build } from 'vite';

import { CHROMIUM } from '../runtimes/everywhere.ts';
import { type Project, projectWithPackage } from '../setup/built-package.ts';
import { createSite, type ReleaseSite } from './release-site.ts';

interface Seen {
  readonly searched: string[];
  readonly progress: string[];
}
declare const seen: Seen;

const why = CHROMIUM === '' ? ' (skipped: EVERVEC_TEST_CHROMIUM is not set)' : '';
const TYPES: Record<string, string> = { '.html': 'text/html', '.js': 'text/javascript' };
const NODE_MODULES = fileURLToPath(new URL('../../node_modules/', import.meta.url));

/** @returns the folder of the app as Vite builds it, its service worker with the list of its files */
async function buildApp(project: Project): Promise<string> {
  const root = path.join(project.path, 'app');
  const out = path.join(project.path, 'built');
  await cp(fileURLToPath(new URL('app', import.meta.url)), root, { recursive: true });
  for (const name of ['react', 'react-dom', 'scheduler'])
    await symlink(
      await realpath(path.join(NODE_MODULES, name)),
      path.join(project.path, 'node_modules', name),
    );
  const options = { root, base: './', logLevel: 'error', configFile: false } as const;
  await build({ ...options, build: { outDir: out, minify: false } });
  const names = await readdir(out, { recursive: true, withFileTypes: true });
  const files = names
    .filter((entry) => entry.isFile() && entry.name !== 'index.html')
    .map((entry) => path.relative(out, path.join(entry.parentPath, entry.name)));
  await build({
    ...options,
    define: { __FILES__: JSON.stringify(['./', ...files]) },
    build: {
      outDir: out,
      emptyOutDir: false,
      rolldownOptions: {
        input: path.join(root, 'service-worker.js'),
        output: { entryFileNames: '[name].js' },
      },
    },
  });
  return out;
}

/** The app, and the releases below `kb/`. */
async function serve(folder: string, site: ReleaseSite): Promise<Server> {
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://x');
    const name = pathname === '/' ? 'index.html' : decodeURIComponent(pathname.slice(1));
    const body = name.startsWith('kb/')
      ? site.files.get(name.slice('kb/'.length))
      : await readFile(path.join(folder, name)).catch(() => undefined);
    const type = TYPES[path.extname(name)] ?? 'application/octet-stream';
    response.writeHead(body === undefined ? 404 : 200, { 'content-type': type }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

async function end(server: Server | undefined): Promise<void> {
  server?.closeAllConnections();
  await new Promise<void>((resolve) =>
    server === undefined ? resolve() : server.close(() => resolve()),
  );
}

describe.skipIf(CHROMIUM === '')(`an app with a release${why}`, () => {
  let project: Project;
  let site: ReleaseSite;
  let server: Server;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;

  beforeAll(async () => {
    project = await projectWithPackage();
    site = await createSite();
    await site.publish();
    server = await serve(await buildApp(project), site);
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
    context = await browser.newContext();
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const value = encodeURIComponent(JSON.stringify(site.anchor));
    await context.addCookies([{ name: 'anchor', value, url }]);
    page = await context.newPage();
    await page.goto(url);
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    await end(server);
    await project?.remove();
  });

  const shows = async (selector: string, text: string) =>
    await page.locator(selector, { hasText: text }).first().waitFor({ timeout: 20_000 });

  test('shows the release, and finds as one types', async () => {
    await shows('#version', 'none');
    await shows('#phase', 'idle');
    await page.fill('input', 'edition');
    await shows('#state', 'EVERVEC_CLIENT_NO_INDEX');
    await page.click('#update');
    await shows('#version', 'edition 1');
    // What is typed is searched again by itself, now that there is something.
    await shows('li', 'edition number 1 ');
    // In the worker that Vite made of the package's module.
    expect(page.workers().map((worker) => worker.url())).toEqual([
      expect.stringContaining('index-worker'),
    ]);
    const stages = await page.evaluate(() => [...new Set(seen.progress)]);
    expect(stages).toEqual(expect.arrayContaining(['download', 'install']));

    const before = await page.evaluate(() => seen.searched.length);
    await page.fill('input', '');
    await expect.poll(() => page.locator('li').count()).toBe(0);
    expect(await page.evaluate(() => seen.searched.length)).toBe(before);
    await page.locator('input').pressSequentially('tide quay rope');
    await shows('#state', 'still');
    await shows('li', 'tide');
    const searched = await page.evaluate((from) => seen.searched.slice(from), before);
    expect(searched.at(-1)).toBe('tide quay rope');
    expect(searched.length).toBeLessThan('tide quay rope'.length);
  });

  test('tells of an update, and shows its hits without being asked', async () => {
    await page.fill('input', 'edition');
    await shows('li', 'edition number 1 ');
    await site.publish();
    await page.click('#check');
    await shows('#available', 'edition 2');
    await shows('#version', 'edition 1');
    await page.click('#update');
    await shows('#version', 'edition 2');
    await shows('li', 'edition number 2 ');
    await expect.poll(() => page.locator('#available').count()).toBe(0);
    await shows('#phase', 'idle');
  });

  test('opens and finds without a network and without its server', async () => {
    await page.evaluate(() => navigator.serviceWorker.ready.then(() => true));
    await end(server);
    await page.reload();
    await shows('#version', 'edition 2');
    await page.fill('input', 'edition');
    await shows('li', 'edition number 2 ');
    // A page that is no file of its own.
    await page.goto(new URL('some/page', page.url()).href).catch(() => {});
    expect(await page.title()).toBe('The harbour guide');
  });
});
