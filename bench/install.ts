/**
 * Installs a release of 10,000 chunks × 384 in a page of Chromium from a server on the same machine, into IndexedDB: keys, channel, manifest and files
 * fetched and verified, the index opened in the worker and asked its canary queries, the store changed over.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium, type Page } from 'playwright-core';
import { rolldown } from 'rolldown';
import { createEmbeddedModel } from '../src/embed/index.ts';
import { NEAR_WORDS_FINGERPRINT } from '../src/embed/embedded/near-words-fingerprint.ts';
import type { TrustAnchor } from '../src/format/index.ts';
import {
  buildRelease,
  createKeys,
  folderTarget,
  keysOf,
  publishDraft,
  readDraft,
  readTrust,
  writeDraft,
} from '../src/release/index.ts';
import { VERSION } from '../src/runtime/version.ts';
import { type Bench, single, spreadOf } from './bench.ts';
import { ABOUT, DIMENSIONS, sampleRecords } from './release-sample.ts';

const CHUNKS = 10_000;
const RUNS = 5;
const MAX_MS = 500;
const MAX_BLOCK_MS = 50;
const MAX_MEMORY = 2.5;
/** Memory is measured, and time finely, in pages that are apart from all others. */
const APART = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
  'cache-control': 'no-store',
};
const TYPES: Record<string, string> = { '.html': 'text/html', '.js': 'text/javascript' };

interface Installed {
  readonly installed: number;
  readonly block: number;
  /** Of 50 ms and more, by the browser's own count. */
  readonly tasks: readonly number[];
  readonly share: number;
  readonly hits: number;
  readonly stages: readonly [stage: string, ms: number][];
}

interface Published {
  readonly folder: string;
  readonly anchor: TrustAnchor;
  /** Of the plain index. */
  readonly bytes: number;
}

export const bench: Bench = {
  name: 'install',
  claim: `ms to install a release of 10,000 chunks × 384 in a page of Chromium ÷ ${MAX_MS}`,
  aim: {
    text: `≤ 1 (${MAX_MS} ms); block of the page ≤ ${MAX_BLOCK_MS} ms, memory ≤ ${MAX_MEMORY} × the index (the ratio shown is the worst of all, as shares of their aims)`,
    ratio: 1,
    bound: 'at most',
  },

  async run({ rows: chunks = CHUNKS, runs = RUNS, note }) {
    const executablePath = process.env['EVERVEC_TEST_CHROMIUM'];
    if (executablePath === undefined) throw new Error('Say in EVERVEC_TEST_CHROMIUM where it is.');
    const published = await publish(chunks);
    const server = await serve(published.folder);
    const browser = await chromium.launch({
      executablePath,
      args: ['--no-sandbox', '--enable-blink-features=ForceEagerMeasureMemory'],
    });
    try {
      const page = await browser.newPage();
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
      return await measure(page, url, published, runs, note);
    } finally {
      await browser.close();
      server.close();
      await rm(published.folder, { recursive: true, force: true });
    }
  },
};

async function measure(
  page: Page,
  url: string,
  { anchor, bytes }: Published,
  runs: number,
  note: (line: string) => void,
) {
  /** In a new page: nothing is warm, and nothing is left of the one before. */
  const install = async (model: boolean, isMeasured: boolean): Promise<Installed> => {
    await page.goto(url);
    const options = JSON.stringify({ rootKeys: anchor, model, isMeasured, bytes });
    // As text: the function that it calls is the page's.
    const found = (await page.evaluate(
      `import('/page.js').then((page) => page.install(${options}))`,
    )) as Installed;
    if (found.hits === 0) throw new Error('What was installed finds nothing.');
    note(`${model ? 'with' : 'without'} the model: ${JSON.stringify(found)}`);
    return found;
  };
  const found: { bare: Installed[]; whole: Installed[] } = { bare: [], whole: [] };
  for (let run = 0; run <= runs; run++) {
    const bare = await install(false, false);
    const whole = await install(true, false);
    // The first loads what the browser itself needs.
    if (run === 0) continue;
    found.bare.push(bare);
    found.whole.push(whole);
  }
  const memory = (await install(false, true)).share;
  const all = [...found.bare, ...found.whole];
  const blocks = all.map(({ block }) => block);
  const times = (of: readonly Installed[]) => of.map(({ installed }) => installed);
  return {
    figures: {
      [`ms to install, aim ≤ ${MAX_MS}`]: spreadOf(times(found.bare)),
      'ms to install, the model of 4 MB too': spreadOf(times(found.whole)),
      [`ms, longest block of the page's thread, aim ≤ ${MAX_BLOCK_MS}`]: spreadOf(blocks),
      'tasks of 50 ms and more': all.reduce((sum, { tasks }) => sum + tasks.length, 0),
      [`memory ÷ index, aim ≤ ${MAX_MEMORY}`]: single(memory),
    },
    // Each figure as a share of its aim; the worst of a round stands for it.
    ratio: spreadOf(
      found.bare.map(({ installed, block }) =>
        Math.max(installed / MAX_MS, block / MAX_BLOCK_MS, memory / MAX_MEMORY),
      ),
    ),
  };
}

async function publish(chunks: number): Promise<Published> {
  const folder = await mkdtemp(path.join(tmpdir(), 'evervec-bench-install-'));
  const at = (name: string) => path.join(folder, name);
  const records = await sampleRecords(chunks);
  const about = {
    ...ABOUT,
    model: { id: createEmbeddedModel().id, fingerprint: NEAR_WORDS_FINGERPRINT },
  };
  const built = await buildRelease({
    name: 'bench',
    about,
    dimensions: DIMENSIONS,
    records: records.map((record) => ({ ...record, updatedAt: null })),
    bases: [],
    hasModel: true,
    knowledge: null,
  });
  if ('unchanged' in built) throw new Error('Nothing was built.');
  await writeDraft(at('draft'), built.draft, built.contents);
  const expires = Date.now() + 86_400_000;
  const anchor = await createKeys({ folder: at('keys'), product: 'bench', expires });
  const trust = await readTrust(at('keys'));
  const publisher = {
    target: folderTarget(at('kb')),
    trust,
    keys: keysOf(trust),
    client: VERSION,
  };
  await publishDraft(publisher, { draft: await readDraft(at('draft')), folder: at('draft') });
  return { folder, anchor, bytes: built.draft.manifest.index.bytes };
}

/** The page, and the release below `kb/`. */
async function serve(folder: string): Promise<Server> {
  const own = new Map<string, string>([
    ['/', '<!doctype html><title>page</title>'],
    ['/page.js', await bundled('page-install.js')],
    ['/index-worker.js', await bundled('../src/client/search/index-worker.ts')],
  ]);
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://x');
    const type = pathname === '/' ? 'text/html' : (TYPES[path.extname(pathname)] ?? 'x/bytes');
    const script = own.get(pathname);
    const body = script ?? readFile(path.join(folder, pathname));
    Promise.resolve(body).then(
      (bytes) => response.writeHead(200, { ...APART, 'content-type': type }).end(bytes),
      () => response.writeHead(404, APART).end(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

async function bundled(entry: string): Promise<string> {
  const build = await rolldown({
    input: fileURLToPath(new URL(entry, import.meta.url)),
    platform: 'browser',
  });
  const { output } = await build.generate({ format: 'esm', codeSplitting: false });
  await build.close();
  return output[0].code;
}
