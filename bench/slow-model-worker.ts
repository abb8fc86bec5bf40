/**
 * A worker in a process of its own whose model takes 20 ms for each call and does nothing else: as a provider far away.
 * Tells its parent when it is at work; ends with it.
 *
 *     node bench/slow-model-worker.ts <database url>
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { EmbeddingModel } from '../src/index.ts';
import { openArticles } from './articles.ts';

const LATENCY_MS = 20;
const PER_CALL = 50;

export const slowModel: EmbeddingModel = {
  provider: 'bench',
  modelId: 'slow',
  id: 'bench/slow@8',
  dimensions: 8,
  maxEmbeddingsPerCall: PER_CALL,
  supportsParallelCalls: false,
  maxInputTokens: undefined,
  maxBatchTokens: undefined,
  maxBatchBytes: undefined,
  fusionWeight: 0.5,
  doEmbed: async ({ values }) => {
    await delay(LATENCY_MS);
    return { embeddings: values.map((text) => Array(8).fill(text.length + 1)), usage: undefined };
  },
};

if (process.send !== undefined) {
  const evervec = await openArticles(process.argv[2] ?? '', { model: slowModel });
  const worker = await evervec.worker(undefined, { concurrency: 1, maxBatch: 200, pollMs: 100 });
  await worker.start();
  process.send('ready');
  process.once('disconnect', async () => {
    await worker.stop();
    await evervec.close();
  });
}
