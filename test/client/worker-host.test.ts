/** The index in a worker of a real page, from the built package: it answers as the page's own thread does, to the bit, and outlives its worker. */
import { cp, writeFile } from 'node:fs/promises';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Browser, chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createInlineHost } from '../../src/client/search/inline-host.ts';
import type { PageSearchResponse } from '../../src/client/index.ts';
import { CHROMIUM, serveFolder } from '../runtimes/everywhere.ts';
import { type Project, projectWithPackage } from '../setup/built-package.ts';
import { encodeBooks, FINGERPRINT, modelBytes, wordVectors } from './books.ts';

const QUERIES = ['brick oven', 'ships in the morning', '"red brick" -oven', 'water', 'lighthuose'];

const why = CHROMIUM === '' ? ' (skipped: EVERVEC_TEST_CHROMIUM is not set)' : '';

describe.skipIf(CHROMIUM === '')(`an index in a worker of Chromium${why}`, () => {
  let project: Project;
  let browser: Browser;
  let server: Server;
  let strict: Server;

  beforeAll(async () => {
    project = await projectWithPackage();
    const here = (name: string) => path.join(project.path, name);
    await cp(fileURLToPath(new URL('worker-host.mjs', import.meta.url)), here('worker-host.mjs'));
    await writeFile(here('books.idx'), encodeBooks(await wordVectors()));
    await writeFile(here('near-words.bin'), await modelBytes());
    await writeFile(here('index.html'), '<!doctype html><title>page</title>');
    server = await serveFolder(project.path);
    strict = await serveFolder(project.path, { 'content-security-policy': "script-src 'self'" });
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    server?.close();
    strict?.close();
    await project?.remove();
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
