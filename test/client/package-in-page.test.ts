/**
 * The built package in Chromium. In a page without a bundler: the index in a worker, which answers as the page's own thread does, to the bit, and outlives its
 * worker. In an app with React and a service worker, built by Vite: it installs, searches as one types, is updated, works without a network.
 */
import { cp, writeFile } from 'node:fs/promises';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { createInlineHost } from '../../src/client/search/inline-host.ts';
import type { PageSearchResponse } from '../../src/client/index.ts';
import { CHROMIUM, serveFolder } from '../runtimes/everywhere.ts';
import { type Project, projectWithPackage } from '../setup/built-package.ts';
import { buildApp, end, serveApp } from './app-build.ts';
import { encodeBooks, FINGERPRINT, modelBytes, wordVectors } from './books.ts';
import { createSite, type ReleaseSite } from './release-site.ts';

interface Seen {
  readonly searched: string[];
  readonly progress: string[];
}
declare const seen: Seen;

const QUERIES = ['brick oven', 'ships in the morning', '"red brick" -oven', 'water', 'lighthuose'];
const why = CHROMIUM === '' ? ' (skipped: EVERVEC_TEST_CHROMIUM is not set)' : '';

let project: Project;
let browser: Browser;
beforeAll(async () => {
  if (CHROMIUM === '') return;
  project = await projectWithPackage();
  browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
}, 120_000);
afterAll(async () => {
  await browser?.close();
  await project?.remove();
});

describe.skipIf(CHROMIUM === '')(`an index in a worker of Chromium${why}`, () => {
  let server: Server;
  let strict: Server;

  beforeAll(async () => {
    const here = (name: string) => path.join(project.path, name);
    await cp(fileURLToPath(new URL('worker-host.mjs', import.meta.url)), here('worker-host.mjs'));
    await writeFile(here('books.idx'), encodeBooks(await wordVectors()));
    await writeFile(here('near-words.bin'), await modelBytes());
    await writeFile(here('index.html'), '<!doctype html><title>page</title>');
    server = await serveFolder(project.path);
    strict = await serveFolder(project.path, { 'content-security-policy': "script-src 'self'" });
  });
  afterAll(() => {
    server?.close();
    strict?.close();
  });

  async function inPage<Result>(name: string, from: Server = server): Promise<Result> {
    const page = await browser.newPage();
    try {
      const { port } = from.address() as AddressInfo;
      await page.goto(`http://127.0.0.1:${port}/index.html`);
      // As a string: the test runner would turn an import in a function into its own.
      return await page.evaluate(`import('/worker-host.mjs').then((module) => module.${name}())`);
    } finally {
      await page.close();
    }
  }

  async function inNode(): Promise<PageSearchResponse[]> {
    const host = createInlineHost();
    await host.stage(encodeBooks(await wordVectors()));
    await host.promote();
    await host.loadModel(await modelBytes(), FINGERPRINT);
    const answers: PageSearchResponse[] = [];
    for (const query of QUERIES)
      for (const mode of ['hybrid', 'vector', 'text'] as const) {
        answers.push({ ...(await host.search({ query, mode })), milliseconds: 0 });
      }
    return answers;
  }

  it('finds what Node finds, with the same numbers, and takes the bytes over', async () => {
    const expected = await inNode();
    const [inWorker, inThread] =
      await inPage<{ opened: object; answers: PageSearchResponse[] }[]>('searched');
    expect(inWorker?.opened).toEqual({ kernel: 'wasm', left: 0, failed: ['soup'] });
    expect(inThread?.opened).toMatchObject({ kernel: 'wasm', failed: ['soup'] });
    expect(inWorker?.answers).toEqual(expected);
    expect(inThread?.answers).toEqual(expected);
  });

  it('fails with the same errors as in the thread', async () => {
    const [inWorker, inThread] =
      await inPage<{ class: string; code: string; message: string }[][]>('failures');
    expect(inWorker).toEqual(inThread);
    expect(inWorker?.map(({ class: name }) => name)).toEqual([
      'ReleaseClientError',
      'FormatError',
      'FormatError',
      'SearchRequestError',
      'SearchRequestError',
      'SearchRequestError',
      'SearchRequestError',
      'SearchRequestError',
      'RangeError',
      'ReleaseClientError',
    ]);
  });

  it('lets go of what is aborted or closed, and asks the app for vectors', async () => {
    expect(await inPage('ended')).toMatchObject({
      asked: ['made by the app', 'never', 'never'],
      mode: 'vector',
      hits: 3,
      aborted: { class: 'RangeError', message: 'not wanted' },
      closed: 'EVERVEC_CLIENT_CLOSED',
    });
  });

  it('is started again when it dies, says so, and has its index put back', async () => {
    expect(await inPage('died')).toEqual({
      workers: 2,
      faults: ['EVERVEC_CLIENT_WORKER'],
      restored: 1,
      before: 'harbour',
      after: 'harbour',
      searches: ['harbour', 'harbour', 'harbour'],
    });
  });

  it('is given up when it dies again and again, until there is another index', async () => {
    expect(await inPage('diedAgain')).toEqual({
      workers: 4,
      found: [1, 1, ['EVERVEC_CLIENT_WORKER', false], 1],
    });
  });

  it('is in the thread of the page where no worker can be started', async () => {
    expect(await inPage('withoutWorker')).toEqual({
      opened: { kernel: 'wasm', left: expect.any(Number), failed: ['soup'] },
      faults: [['EVERVEC_CLIENT_WORKER', expect.stringContaining('could not be loaded')]],
      found: ['harbour'],
    });
  });

  it('is searched in plain JavaScript where a policy refuses WebAssembly, with the same numbers', async () => {
    expect(await inPage('kernel', strict)).toEqual({
      kernel: 'javascript',
      answers: await inNode(),
    });
  });
});

describe.skipIf(CHROMIUM === '')(`an app with a release${why}`, () => {
  let site: ReleaseSite;
  let server: Server;
  let page: Page;

  beforeAll(async () => {
    site = await createSite();
    await site.publish();
    server = await serveApp(await buildApp(project), site);
    const context = await browser.newContext();
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const value = encodeURIComponent(JSON.stringify(site.anchor));
    await context.addCookies([{ name: 'anchor', value, url }]);
    page = await context.newPage();
    await page.goto(url);
  });
  afterAll(async () => {
    await page?.close();
    if (server?.listening) await end(server);
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

  test('has its release back when the worker of the search dies', async () => {
    const [worker] = page.workers();
    await page.fill('input', '');
    await worker?.evaluate(() => {
      setTimeout(() => {
        throw new Error('test');
      }, 0);
    });
    await expect.poll(() => page.workers().includes(worker as never)).toBe(false);
    await page.fill('input', 'edition');
    await shows('li', 'edition number 2 ');
    expect(page.workers()).toHaveLength(1);
    await shows('#version', 'edition 2');
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
