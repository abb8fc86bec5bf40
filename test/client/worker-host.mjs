/** Run in a page with the built package: the index in a worker, and what becomes of it when that dies. */
import { createIndexHost } from './node_modules/evervec/dist/client/index.js';
import { createInlineHost } from './node_modules/evervec/dist/client/search/inline-host.js';

const WORKER = new URL(
  './node_modules/evervec/dist/client/search/index-worker.js',
  import.meta.url,
);
const QUERIES = ['brick oven', 'ships in the morning', '"red brick" -oven', 'water', 'lighthuose'];
const FINGERPRINT = '2c822c44d0cbb881ff0321b8aa079293ab293e2982c0dfffe741ccdce41f851b';

async function bytesOf(name) {
  return new Uint8Array(await (await fetch(new URL(name, import.meta.url))).arrayBuffer());
}

async function open(host) {
  const bytes = await bytesOf('books.idx');
  const summary = await host.stage(bytes);
  const failed = await host.checkCanaries([
    { query: 'boats', expects: ['harbour'] },
    { query: 'soup', expects: ['harbour'] },
  ]);
  await host.promote();
  return { kernel: summary.kernel, left: bytes.length, failed };
}

async function answers(host) {
  const found = [];
  for (const query of QUERIES)
    for (const mode of ['hybrid', 'vector', 'text']) {
      const answer = await host.search({ query, mode });
      found.push({ ...answer, milliseconds: 0 });
    }
  return found;
}

/** All that is found, in the worker and in the page's own thread. */
export async function searched() {
  const found = [];
  for (const host of [createIndexHost(), createInlineHost()]) {
    const opened = await open(host);
    await host.loadModel(await bytesOf('near-words.bin'), FINGERPRINT);
    found.push({ opened, answers: await answers(host) });
    host.close();
  }
  return found;
}

async function failure(promise) {
  try {
    return await promise;
  } catch (error) {
    const { name, code, message, remedy, isRetryable, isUsage, part } = error;
    return {
      class: error.constructor.name,
      name,
      code,
      message,
      remedy,
      isRetryable,
      isUsage,
      part,
    };
  }
}

export async function failures() {
  const both = [];
  for (const host of [createIndexHost(), createInlineHost()]) {
    const told = [
      await failure(host.search({ query: 'boats' })),
      await failure(host.stage(new Uint8Array(200))),
      await failure(host.loadModel(new Uint8Array(200), 'x')),
    ];
    await open(host);
    for (const request of [
      { query: '' },
      { query: 'x', limit: 1_000 },
      { query: 'x', filter: { year: { $near: 1 } } },
      { query: 'x', filter: { nowhere: 1 } },
    ])
      told.push(await failure(host.search(request)));
    const uncopied = await failure(host.search({ query: 'x', filter: { year: () => 1 } }));
    told.push({ class: uncopied.class, isUsage: uncopied.isUsage });
    told.push(await failure(host.search({ query: 'x' }, AbortSignal.abort(new RangeError('no')))));
    host.close();
    told.push(await failure(host.search({ query: 'boats' })));
    both.push(told);
  }
  return both;
}

/** What waits is told when it is aborted and when all is closed; the app's model is asked in the page. */
export async function ended() {
  const asked = [];
  const waited = Promise.withResolvers();
  const embed = (query) => {
    asked.push(query);
    if (asked.length === 3) waited.resolve();
    if (query === 'never') return new Promise(() => {});
    return Promise.resolve(Float32Array.from({ length: 384 }, (_, i) => (i === 7 ? 1 : 0)));
  };
  const host = createIndexHost({ embedder: { fingerprint: FINGERPRINT, embed } });
  await open(host);
  const { mode, hits } = await host.search({ query: 'made by the app', mode: 'vector' });
  const controller = new AbortController();
  const aborted = failure(host.search({ query: 'never' }, controller.signal));
  const closed = failure(host.search({ query: 'never' }));
  await waited.promise;
  controller.abort(new RangeError('not wanted'));
  host.close();
  return { asked, mode, hits: hits.length, aborted: await aborted, closed: (await closed).code };
}

/** The worker throws where nobody catches it, while it is searched. */
export async function died() {
  const workers = [];
  const faults = [];
  const host = createIndexHost({
    worker() {
      const worker = new Worker(WORKER, { type: 'module' });
      workers.push(worker);
      return worker;
    },
    onFault: (error) => faults.push(error.code),
  });
  let restored = 0;
  host.onLost?.(async () => {
    restored += 1;
    await open(host);
  });
  await open(host);
  const before = await host.search({ query: 'boats' });
  workers[0].postMessage(null, []);
  const searches = await Promise.all([1, 2, 3].map(() => host.search({ query: 'boats' })));
  // One of them may have been answered before it died: one more comes after.
  while (faults.length === 0) await host.search({ query: 'boats' });
  const after = await host.search({ query: 'boats' });
  host.close();
  const keysOf = ({ hits }) => hits.map(({ key }) => key).join();
  return {
    workers: workers.length,
    faults,
    restored,
    before: keysOf(before),
    after: keysOf(after),
    searches: searches.map(keysOf),
  };
}

/** Three times within a minute: none is started any more, until there is another index to try. */
export async function diedAgain() {
  const workers = [];
  const host = createIndexHost({
    worker() {
      const worker = new Worker(WORKER, { type: 'module' });
      workers.push(worker);
      return worker;
    },
  });
  host.onLost(async () => {
    await open(host);
  });
  await open(host);
  const found = [];
  for (let deaths = 1; deaths <= 3; deaths++) {
    const died = new Promise((resolve) => workers.at(-1).addEventListener('error', resolve));
    workers.at(-1).postMessage(null, []);
    await died;
    found.push(await failure(host.search({ query: 'boats' })));
  }
  await open(host);
  found.push(await host.search({ query: 'boats' }));
  host.close();
  return {
    workers: workers.length,
    found: found.map((one) => one.hits?.length ?? [one.code, one.isRetryable]),
  };
}

/** Its module is not there: the page's thread searches, and the app hears of it. */
export async function withoutWorker() {
  const faults = [];
  const host = createIndexHost({
    worker: () => new Worker(new URL('./no-such-file.js', import.meta.url), { type: 'module' }),
    onFault: ({ code, message }) => faults.push([code, message]),
  });
  const opened = await open(host);
  const { hits } = await host.search({ query: 'boats' });
  host.close();
  return { opened, faults, found: hits.map(({ key }) => key) };
}

/** A page's policy without `wasm-unsafe-eval`. */
export async function kernel() {
  const host = createIndexHost();
  const opened = await open(host);
  await host.loadModel(await bytesOf('near-words.bin'), FINGERPRINT);
  return { kernel: opened.kernel, answers: await answers(host) };
}
