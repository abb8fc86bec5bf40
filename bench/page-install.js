/** Runs in the page of the benchmark `install`: a release client that has nothing yet, from the word to the release that is searched. */
import { createReleaseClient, IndexedDbStore } from '../src/client/index.ts';
import { memory, watchBlocks } from './page-watch.js';

/** The browser's own word for blocks of 50 ms and more. */
function watchLongTasks() {
  const found = [];
  const observer = new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) found.push(duration);
  });
  observer.observe({ type: 'longtask' });
  return () => {
    observer.disconnect();
    return found;
  };
}

/** @param options `rootKeys`; `model`: whether the model comes along; `isMeasured`: memory too, which takes a while */
export async function install({ rootKeys, model, isMeasured, bytes }) {
  const store = new IndexedDbStore(crypto.randomUUID());
  const client = createReleaseClient({
    url: './kb/',
    rootKeys,
    store,
    model,
    mode: 'manual',
    checkIntervalMs: 0,
  });
  await client.start();
  const stages = [];
  let began = 0;
  client.on('updateStarted', () => stages.push(['checked', performance.now() - began]));
  client.on('updateProgress', ({ stage, percentage }) => {
    if (percentage === 0 || percentage >= 50)
      stages.push([`${stage} ${percentage}`, performance.now() - began]);
  });
  const before = isMeasured ? await memory() : 0;
  const blocked = watchBlocks();
  const longTasks = watchLongTasks();
  began = performance.now();
  if (!(await client.update())) throw new Error('Nothing was installed.');
  const installed = performance.now() - began;
  const { hits } = await client.search({ query: 'anything', mode: 'text' });
  const block = blocked();
  const tasks = longTasks();
  const share = isMeasured ? ((await memory()) - before) / bytes : 0;
  const { mode } = client.getStatus();
  await client.close();
  await new Promise((resolve) => {
    const request = indexedDB.deleteDatabase(`evervec-${store.name}`);
    request.addEventListener('success', resolve);
    request.addEventListener('error', resolve);
  });
  return { installed, block, tasks, share, hits: hits.length, mode, stages };
}
