/** The page in a real browser, against a real server with an engine of the test's. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';

import {
  createHandler,
  type HandlerOptions,
  type RunningServer,
  serve,
} from '../../src/server/index.ts';
import { Signal } from '../setup/signal.ts';
import { FakeEngine } from './fake-engine.ts';

const executablePath = process.env['EVERVEC_TEST_CHROMIUM'] ?? '';
const why = executablePath === '' ? ' (skipped: EVERVEC_TEST_CHROMIUM is not set)' : '';

const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-sync',
].concat(['--disable-background-networking', '--disable-component-update']);

let browser: Browser;
const running: RunningServer[] = [];
const contexts: BrowserContext[] = [];
/** What went wrong in the page without anyone looking; the browser's lines about failed loads are not that. */
const faults: string[] = [];

beforeAll(async () => {
  if (executablePath !== '')
    browser = await chromium.launch({ executablePath, headless: true, args: ARGS });
});
afterEach(async () => {
  await Promise.all(contexts.splice(0).map((context) => context.close()));
  await Promise.all(running.splice(0).map((server) => server.close()));
});
afterAll(async () => {
  await browser?.close();
});

const DESKTOP = { width: 1_280, height: 860 };

interface Opening {
  viewport?: { width: number; height: number };
  /** The test moves the page's time itself. */
  clock?: boolean;
}

async function open(at = '/', options: HandlerOptions = {}, opening: Opening = {}) {
  const engine = new FakeEngine();
  const server = await serve(createHandler(engine, options), { port: 0, closeDeadlineMs: 500 });
  running.push(server);
  const context = await browser.newContext({ viewport: opening.viewport ?? DESKTOP });
  contexts.push(context);
  context.setDefaultTimeout(60_000);
  const page = await context.newPage();
  faults.length = 0;
  page.on('pageerror', (error) => faults.push(error.message));
  page.on('console', (message) => {
    if (/Content Security Policy|Refused to/.test(message.text())) faults.push(message.text());
  });
  if (opening.clock) await page.clock.install();
  await page.goto(server.url + at);
  return { engine, page, server };
}

const live = (page: Page) => page.getByText('Live', { exact: true }).waitFor();
const firstHit = (page: Page) => page.locator('.hit').first().waitFor();
const outcome = (page: Page) => page.locator('#outcome');

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

interface AxeResults {
  violations: { id: string; nodes: { html: string; failureSummary: string }[] }[];
}

/** Makes the page believe that it is looked at, which makes it look at once, or not. */
const setVisibility = (page: Page, state: 'hidden' | 'visible') =>
  page.evaluate(`
    Object.defineProperty(document, 'visibilityState', { value: '${state}', configurable: true });
    document.dispatchEvent(new Event('visibilitychange'))`);

/** Rules of axe that the page breaks, with the places. */
async function axe(page: Page): Promise<string[]> {
  const runOnly = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
  await page.evaluate(AXE);
  const run = `axe.run(${JSON.stringify({ runOnly })})`;
  const { violations } = await page.evaluate<AxeResults>(run);
  return violations.flatMap(({ id, nodes }) =>
    nodes.map((node) => `${id}: ${node.html} ${node.failureSummary}`),
  );
}

describe.skipIf(executablePath === '')(`the page${why}`, () => {
  test('shows queue, sources and workers, and follows them', async () => {
    const { page, engine } = await open();
    await live(page);
    const queue = page.getByRole('region', { name: 'Queue' });
    expect(await queue.getByRole('row', { name: /offers/ }).innerText()).toMatch(
      /1,824\s+200\s+12\s+3/,
    );
    expect(await queue.getByRole('row', { name: /airports/ }).innerText()).toContain('paused');
    expect(await queue.innerText()).toContain('The oldest ready job has waited 1 min.');
    const sources = await page.getByRole('region', { name: 'Sources' }).innerText();
    expect(sources).toMatch(/airports\s+exact\s+436 records, 436 chunks/);
    expect(sources).toMatch(/offers\s+filling\s+about 1,280 records, 1,311 chunks/);
    const workers = await page.getByRole('region', { name: 'Workers' }).innerText();
    expect(workers).toMatch(/embedder-2, process 997\s+heard 47 s ago/);
    expect(workers).toContain('The model answered 429');

    engine.state = {
      ...engine.state,
      workers: [],
      counts: { unfolded: 0, ready: 0, leased: 0, waiting: 0, parked: 0 },
      oldest_ready_s: null,
      lanes: {},
    };
    await queue.getByText('Every record is embedded.').waitFor();
    engine.state = {
      ...engine.state,
      stopped: true,
      counts: { ...engine.state.counts, parked: 10_000 },
      at_least: ['parked'],
    };
    await queue.getByText('The queue is stopped').waitFor();
    await queue.getByText('At least 10,000 records parked').waitFor();
    await page.getByText('None is running').waitFor();
    expect(faults).toEqual([]);
  });

  test('searches by keyboard, shows hits and puts the search into the address', async () => {
    const { page, engine } = await open();
    await live(page);
    await page.keyboard.press('/');
    await page.keyboard.type('ski weekend');
    await page.keyboard.press('Enter');
    await firstHit(page);
    expect(engine.requests).toEqual([{ query: 'ski weekend', mode: 'hybrid', limit: 10 }]);
    expect(await outcome(page).innerText()).toBe('2 hits in 12 ms');
    expect(new URL(page.url()).search).toBe('?q=ski+weekend');
    expect(await page.title()).toBe('ski weekend · Evervec');

    const hit = page.locator('.hit').first();
    expect(await hit.getByRole('heading').innerText()).toBe(
      'First lifts in Gstaad: two seats from Stockholm',
    );
    expect(await hit.locator('.passage mark').allInnerTexts()).toEqual(['ski', 'weekend', 'ski']);
    expect(await hit.locator('.meta').innerText()).toMatch(
      /offers\s*key 966\s*meaning 0.41\s*words 0.01/,
    );
    expect(await hit.locator('.bar span').getAttribute('style')).toBe('width: 100%;');
    await hit.getByText('Record').click();
    expect(await hit.locator('dl').innerText()).toMatch(/price_usd\s+3400/);
    expect(faults).toEqual([]);
  });

  test('what a row says is text, never markup', async () => {
    const { page } = await open('/?q=ski');
    await firstHit(page);
    const hit = page.locator('.hit').nth(1);
    await hit.getByText('Record').click();
    expect(await hit.getByRole('heading').innerText()).toContain('<img src=x');
    expect(await hit.locator('.passage').innerText()).toContain('<script>document.title');
    expect(await page.locator('.hit img, .hit script, .hit b').count()).toBe(0);
    expect(await page.title()).toBe('ski · Evervec');
    expect(faults).toEqual([]);
  });

  test('a link brings the whole search back, and going back the one before', async () => {
    const { page, engine } = await open('/?q=alps&mode=text&source=offers&limit=5');
    await firstHit(page);
    expect(engine.requests).toEqual([
      { query: 'alps', mode: 'text', limit: 5, sources: ['offers'] },
    ]);
    expect(await page.getByLabel('Words').isChecked()).toBe(true);
    await live(page);
    expect(await page.getByRole('combobox', { name: 'Source' }).inputValue()).toBe('offers');

    const next = page.waitForResponse('**/v1/search');
    await page.getByRole('radio', { name: 'Meaning' }).check();
    await next;
    expect(engine.requests.at(-1)?.mode).toBe('vector');
    const back = page.waitForResponse('**/v1/search');
    await page.goBack();
    await back;
    expect(engine.requests.at(-1)?.mode).toBe('text');
    expect(await page.getByLabel('Words').isChecked()).toBe(true);
  });

  test('an example is a click away', async () => {
    const { page, engine } = await open('/', { examples: ['quiet & flat beds'] });
    await page.getByRole('link', { name: 'quiet & flat beds' }).click();
    await firstHit(page);
    expect(engine.requests[0]?.query).toBe('quiet & flat beds');
    await page.goBack();
    await page.getByRole('link', { name: 'quiet & flat beds' }).waitFor();
    expect(await page.locator('.hit').count()).toBe(0);
  });

  test('says that it searches, and that nothing was found', async () => {
    const { page, engine } = await open();
    const go = new Signal('the go');
    engine.hits = [];
    engine.beforeSearch = () => go.fired();
    await page.getByRole('searchbox').fill('nothing like it');
    await page.getByRole('button', { name: 'Search' }).click();
    await page.getByText('Searching').waitFor();
    expect(await page.locator('#hits').getAttribute('aria-busy')).toBe('true');
    go.fire();
    await page.getByText('Nothing found in 12 ms.').waitFor();
    expect(await page.locator('#hits').getAttribute('aria-busy')).toBeNull();
  });

  test('shows the newer of two searches, whichever is answered first', async () => {
    const { page, engine } = await open();
    const aborted = new Signal('the abort of the first');
    const begun = new Signal('the first search');
    engine.beforeSearch = (request, signal) => {
      if (request.query !== 'slow') return;
      signal?.addEventListener('abort', () => aborted.fire());
      begun.fire();
      return aborted.fired();
    };
    await page.getByRole('searchbox').fill('slow');
    await page.keyboard.press('Enter');
    await begun.fired();
    await page.getByRole('searchbox').fill('quick');
    await page.keyboard.press('Enter');
    await firstHit(page);
    await aborted.fired();
    expect(await page.title()).toBe('quick · Evervec');
    expect(await page.locator('#fault').isVisible()).toBe(false);
  });

  test('tells a failed search with its remedy and request', async () => {
    const { page, engine } = await open();
    const { SearchRequestError } = await import('../../src/errors/index.ts');
    engine.beforeSearch = () => {
      throw new SearchRequestError('No such column.', { remedy: 'Take another.', isUsage: true });
    };
    await page.getByRole('searchbox').fill('ski');
    await page.keyboard.press('Enter');
    const box = page.locator('#fault');
    await box.getByText('No such column.').waitFor();
    expect(await box.innerText()).toMatch(/Take another\.\s+Request [\da-f-]{36}/);
  });

  test('says when the server is gone, tries again, and comes back', async () => {
    const { page, server } = await open();
    await live(page);
    const port = Number(new URL(server.url).port);
    await server.close();
    await setVisibility(page, 'visible');
    await page.getByText('Not reachable').waitFor();
    await page.getByText(/next try in \d+ s/).waitFor();
    await page.getByText(/This was the state at/).waitFor();
    expect(await axe(page)).toEqual([]);
    running.push(await serve(createHandler(new FakeEngine()), { port, closeDeadlineMs: 500 }));
    await page.getByRole('button', { name: 'Try now' }).click();
    await live(page);
    expect(await page.getByText(/This was the state at/).isVisible()).toBe(false);
  });

  test('rests while nobody looks', async () => {
    const { page, engine } = await open('/', {}, { clock: true });
    await live(page);
    let asked = 0;
    engine.beforeStatus = () => asked++;
    await setVisibility(page, 'hidden');
    await page.clock.runFor(60_000);
    expect(asked).toBe(0);
    const again = page.waitForResponse('**/v1/queue/status');
    await setVisibility(page, 'visible');
    await again;
  });

  test('asks less and less often while the server fails', async () => {
    const { page, engine } = await open('/', {}, { clock: true });
    await live(page);
    let asked = 0;
    engine.beforeStatus = () => {
      asked++;
      throw new Error('broken');
    };
    await page.clock.pauseAt(Date.now() + 60_000);
    for (const [index, seconds] of [2, 4, 8, 16, 30, 30].entries()) {
      await page.getByText(`next try in ${seconds} s`).waitFor();
      expect(asked).toBe(index + 1);
      await page.clock.runFor(seconds * 1_000 - 1);
      expect(asked).toBe(index + 1);
      await page.clock.runFor(1);
    }
    await page.getByText('Failing: Something went wrong on the server.').waitFor();
  });

  test('asks for the token, refuses a wrong one, keeps the right one in the tab', async () => {
    const { page, engine } = await open('/?q=ski', { token: 'the-right-token-1' });
    await page.getByRole('heading', { name: 'This server asks for a token' }).waitFor();
    expect(await page.getByRole('searchbox').isVisible()).toBe(false);
    expect(await axe(page)).toEqual([]);
    await page.getByLabel('Token').fill('wrong');
    await page.keyboard.press('Enter');
    await page.getByText('That token is not the right one.').waitFor();
    await page.getByLabel('Token').fill('the-right-token-1');
    await page.keyboard.press('Enter');
    await live(page);
    await firstHit(page);
    expect(engine.requests.at(-1)?.query).toBe('ski');
    await page.reload();
    await live(page);
    expect(await page.evaluate('[localStorage.length, document.cookie]')).toEqual([0, '']);
  });

  test.each(['light', 'dark'] as const)('has no accessibility fault in %s', async (colorScheme) => {
    const { page } = await open('/?q=ski');
    await page.emulateMedia({ colorScheme });
    await live(page);
    await firstHit(page);
    await page.locator('.hit').first().getByText('Record').click();
    expect(await axe(page)).toEqual([]);
    await page.goto(new URL('/docs', page.url()).href);
    expect(await axe(page)).toEqual([]);
  });

  test('fits a narrow screen', async () => {
    const { page } = await open('/?q=ski', {}, { viewport: { width: 360, height: 740 } });
    await live(page);
    await firstHit(page);
    const overflow = () =>
      page.evaluate<number>('document.documentElement.scrollWidth - innerWidth');
    expect(await overflow()).toBeLessThanOrEqual(0);
    expect(await axe(page)).toEqual([]);
    await page.goto(new URL('/docs', page.url()).href);
    expect(await overflow()).toBeLessThanOrEqual(0);
  });
});
