/** The demonstration in a real browser, with its own data: installs, searches, goes offline, is updated, goes back; for keyboards and screen readers too. */
import { readFileSync } from 'node:fs';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type BrowserContext, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CHROMIUM } from '../runtimes/everywhere.ts';
import { type Demonstration, refusal, startDemonstration } from './demonstration.ts';

const why = CHROMIUM === '' ? ' (skipped: EVERVEC_TEST_CHROMIUM is not set)' : '';
const ARGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'].concat([
  '--disable-sync',
  '--disable-background-networking',
  '--disable-component-update',
]);
const DESKTOP = { width: 1_280, height: 800 };
const PHONE = { width: 390, height: 844 };
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

let site: Demonstration;
let profile: string;
let context: BrowserContext;
let page: Page;
/** Errors that a page or the browser wrote, and requests to anywhere else. */
const faults: string[] = [];
const strangers: string[] = [];

beforeAll(async () => {
  if (CHROMIUM === '') return;
  // Of its own, since what is private is never offered as an app.
  profile = await mkdtemp(path.join(tmpdir(), 'evervec-pwa-profile-'));
  const options = { executablePath: CHROMIUM, args: ARGS, viewport: DESKTOP };
  [site, context] = await Promise.all([
    startDemonstration(),
    chromium.launchPersistentContext(profile, options),
  ]);
  context.setDefaultTimeout(20_000);
  context.on('request', (request) => {
    if (!request.url().startsWith(site.url)) strangers.push(request.url());
  });
  page = await openTab();
});
afterAll(async () => {
  await context?.close();
  if (profile !== undefined) await rm(profile, { recursive: true, force: true });
  await site?.end();
});

async function openTab(): Promise<Page> {
  const tab = await context.newPage();
  tab.on('pageerror', (error) => faults.push(error.message));
  tab.on('console', (message) => {
    if (message.type() === 'error') faults.push(message.text());
  });
  await tab.goto(site.url);
  return tab;
}

const hits = (tab: Page) => tab.locator('.hit');
const searched = async (tab: Page) => await tab.locator('#searched').textContent();
const banner = (tab: Page, text: string | RegExp) =>
  tab.locator('.banner').filter({ hasText: text });
const state = (tab: Page, text: string) => tab.locator('.offline', { hasText: text }).waitFor();

/** From nothing: hits of the query before stay until the next come. */
async function ask(tab: Page, query: string): Promise<void> {
  await tab.getByRole('searchbox').fill('');
  await hits(tab).first().waitFor({ state: 'detached' });
  await tab.getByRole('searchbox').fill(query);
  await hits(tab).first().waitFor();
}

async function openPanel(tab: Page): Promise<void> {
  if (!(await tab.locator('#release').isVisible()))
    await tab.getByRole('button', { name: /^Release/ }).click();
}

async function lookForUpdate(tab: Page): Promise<void> {
  await openPanel(tab);
  await tab.getByRole('button', { name: 'Look for an update' }).click();
}

async function choose(tab: Page, mode: 'Automatic' | 'Manual'): Promise<void> {
  await openPanel(tab);
  await tab.getByRole('radio', { name: mode }).check();
}

/** Where the keyboard is: a link's address, else an id or a class. */
async function focused(tab: Page): Promise<string> {
  return await tab.evaluate(`(({ activeElement: at }) =>
    at.getAttribute('href') ?? (at.id || at.className))(document)`);
}

async function axe(tab: Page): Promise<string[]> {
  await tab.evaluate(AXE);
  // What comes into view is paler until it is there.
  await tab.evaluate(`Promise.allSettled(document.getAnimations()
    .filter(({ effect }) => Number.isFinite(effect.getComputedTiming().endTime)).map(({ finished }) => finished))`);
  const { violations } = await tab.evaluate<{
    violations: { id: string; nodes: { html: string; failureSummary: string }[] }[];
  }>(`axe.run(${JSON.stringify({ runOnly: RULES })})`);
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`),
  );
}

describe.skipIf(CHROMIUM === '')(`the demonstration${why}`, () => {
  test('makes keys that nobody else can read, and a release', async () => {
    expect(site.said).toMatch(/evervec release publish guide .*\nRelease 1 is published/);
    const keys = path.join(site.folder, 'keys');
    const secrets = (await readdir(keys)).filter((name) => name.endsWith('.secret'));
    expect(secrets).toHaveLength(3);
    for (const name of secrets)
      expect((await stat(path.join(keys, name))).mode & 0o777).toBe(0o600);
  });

  test('installs the release, and lists its pages', async () => {
    await state(page, 'Works offline');
    expect(await searched(page)).toMatch(/^\d{4}\.\d\d\.\d\d-1$/);
    await banner(page, 'is on this device').waitFor();
    await page.locator('.contents').getByRole('link', { name: 'The release client' }).waitFor();
    expect(await page.getByText('Nothing you type leaves this page').isVisible()).toBe(true);
  });

  test('can be installed as an app', async () => {
    const devtools = await context.newCDPSession(page);
    const { installabilityErrors } = await devtools.send('Page.getInstallabilityErrors');
    expect(installabilityErrors).toEqual([]);
    const { errors } = await devtools.send('Page.getAppManifest');
    expect(errors).toEqual([]);
  });

  test('finds as one types, and shows the passage in its page', async () => {
    await page.keyboard.press('/');
    await page.keyboard.type('a worker that dies', { delay: 5 });
    await hits(page).first().waitFor();
    await expect.poll(() => page.locator('#outcome').textContent()).toMatch(/^\d+ pages?$/);
    expect(await page.locator('.hit-path').allTextContents()).toContainEqual(
      expect.stringMatching(/\w/),
    );
    expect((await page.locator('.hit mark').allTextContents()).join(' ')).toMatch(/worker/i);
    // The first hit is read before anybody chose.
    const found = page.locator('.reader .block.found').first();
    await found.waitFor();
    expect(await page.locator('.reader .found mark').count()).toBeGreaterThan(0);
    expect(new URL(page.url()).search).toBe('?q=a+worker+that+dies');
  });

  test('is used by the keyboard alone', async () => {
    await ask(page, 'roll-out');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    expect(await focused(page)).toBe(await hits(page).nth(1).getAttribute('href'));
    await page.keyboard.press('Enter');
    const reader = page.locator('article.reader');
    await expect.poll(() => focused(page)).toBe('reader');
    expect(await reader.locator('.found').first().isVisible()).toBe(true);
    await page.keyboard.press('Escape');
    await expect.poll(() => new URL(page.url()).hash).toBe('');
    expect(await focused(page)).toBe('query');
  });

  test('follows links between pages, and back', async () => {
    await page.getByRole('searchbox').fill('');
    await page.locator('.contents').getByRole('link', { name: 'The release client' }).click();
    await page.getByRole('heading', { name: 'The release client' }).waitFor();
    await page.locator('.reader a', { hasText: 'what a client checks' }).click();
    const heading = page.getByRole('heading', { name: 'What a client checks' });
    // Under the bar with the page's name.
    await expect.poll(async () => (await heading.boundingBox())?.y).toBeLessThan(300);
    await page.goBack();
    await page.getByRole('heading', { name: 'The release client' }).waitFor();
    await page.keyboard.press('Escape');
  });

  test.each(['light', 'dark'] as const)('has no accessibility fault in %s', async (colorScheme) => {
    await page.emulateMedia({ colorScheme });
    expect(await axe(page)).toEqual([]);
    await ask(page, 'keys');
    await openPanel(page);
    expect(await axe(page)).toEqual([]);
    await page.setViewportSize(PHONE);
    expect(await axe(page)).toEqual([]);
    await page.keyboard.press('Escape');
    expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBe(0);
    await hits(page).first().click();
    await page.locator('.reader .found').first().waitFor();
    expect(await axe(page)).toEqual([]);
    await page.getByRole('button', { name: 'Back' }).click();
    await page.setViewportSize(DESKTOP);
    await page.getByRole('searchbox').fill('');
  });

  test('opens and searches without a network', async () => {
    await context.setOffline(true);
    await page.reload();
    await ask(page, 'a worker that dies');
    // By meaning, too: the model is here.
    expect(await page.locator('#outcome').textContent()).not.toContain('by words alone');
    await lookForUpdate(page);
    await state(page, 'Offline, and working');
    await page.locator('.panel').getByText('There is no connection.').waitFor();
    await context.setOffline(false);
    await page.reload();
    await state(page, 'Works offline');
    // That nothing could be fetched is what the browser writes of it.
    expect(faults.filter((text) => !text.includes('ERR_INTERNET_DISCONNECTED'))).toEqual([]);
    faults.length = 0;
  });

  test('tells of an update, installs it when it is told to, in both tabs', async () => {
    await choose(page, 'Manual');
    await expect.poll(() => searched(page)).toMatch(/-1$/);
    await page.keyboard.press('Escape');
    const publishing = site.publishAgain();
    const other = await openTab();
    await expect.poll(() => searched(other)).toMatch(/-1$/);
    expect(await other.locator('input[value=manual]').isChecked()).toBe(true);
    await watchBanners(page);
    expect(await publishing).toContain('Release 2 is published');
    await lookForUpdate(page);
    await page.keyboard.press('Escape');
    const offer = banner(page, /-2 can be installed: a minor change, \d+ kB/);
    await offer.waitFor();
    expect(await searched(page)).toMatch(/-1$/);
    expect(await axe(page)).toEqual([]);
    await offer.getByRole('button', { name: 'Update' }).click();
    await banner(page, /-2 is in place of .*-1\./).waitFor();
    expect(await page.evaluate('seen.join()')).toMatch(/Downloading|Verifying|Trying it out/);
    await banner(other, /-2 was put in place by another tab/).waitFor();
    for (const tab of [page, other]) {
      await ask(tab, 'which release is this');
      await tab.locator('.hit', { hasText: 'release 2 of the guide' }).first().waitFor();
    }
    await other.close();
  });

  test('goes back, and takes the newest again', async () => {
    await openPanel(page);
    await page.getByRole('button', { name: /^Go back to .*-1$/ }).click();
    await banner(page, /-1 is in use again/).waitFor();
    await page.locator('.hit', { hasText: 'release 1 of the guide' }).first().waitFor();
    await openPanel(page);
    await page.getByRole('button', { name: 'Take the newest again' }).click();
    await banner(page, /-2 is in place of/).waitFor();
    await page.locator('.hit', { hasText: 'release 2 of the guide' }).first().waitFor();
  });

  test('asked for nothing from elsewhere, and wrote no error', () => {
    expect(strangers).toEqual([]);
    expect(faults).toEqual([]);
  });
});

test('a demonstration that can not start says why', async () => {
  expect(await refusal(['--port', 'x'])).toEqual({
    code: 2,
    said: expect.stringContaining('--port x is no port.\nusage: npm run example:pwa'),
  });
  const empty = await mkdtemp(path.join(tmpdir(), 'evervec-pwa-empty-'));
  expect(await refusal(['--docs', empty, '--folder', path.join(empty, 'demo')])).toEqual({
    code: 1,
    said: `There is no Markdown in ${empty}.\n`,
  });
  await rm(empty, { recursive: true });
});

/** Keeps what the banner shows: an update over loopback is too quick to be looked for. */
async function watchBanners(tab: Page): Promise<void> {
  await tab.evaluate(`
    globalThis.seen = [];
    new MutationObserver(() => seen.push(document.querySelector('.updates').textContent))
      .observe(document.querySelector('.updates'), { subtree: true, childList: true, characterData: true })`);
}
