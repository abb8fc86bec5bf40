/**
 * A process of its own that runs Evervec's worker over `articles`, as `evervec worker` does, and tells the benchmark that
 * forked it once a second what it holds in memory and has done. Ends with its parent.
 *
 *     node bench/worker-process.ts <database url> [latency of a model call, ms]
 */
import { limitYoungGeneration } from '../src/worker/index.ts';
import { openArticles } from './articles.ts';
import { distantModel } from './distant-model.ts';

export interface WorkerSample {
  residentBytes: number;
  records: number;
}

limitYoungGeneration();
const [url = '', latencyMs] = process.argv.slice(2);
const evervec = await openArticles(
  url,
  latencyMs === undefined ? {} : { model: distantModel(Number(latencyMs)) },
);
let records = 0;
const worker = await evervec.worker(undefined, {
  ...(latencyMs !== undefined && { concurrency: 1 }),
  onBatch: ({ done }) => {
    records += done;
  },
});
await worker.start();
const timer = setInterval(report, 1_000);
report();
process.once('disconnect', async () => {
  clearInterval(timer);
  await worker.stop();
  await evervec.close();
});

function report(): void {
  const sample: WorkerSample = { residentBytes: process.memoryUsage.rss(), records };
  process.send?.(sample);
}
