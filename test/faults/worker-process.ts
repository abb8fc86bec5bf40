/**
 * A real worker in a process of its own, over `items`, with its calls to a `ModelServer`. Tells its parent when it runs
 * and when it has reached the step at which it stops. Ends with its parent.
 *
 *     node test/faults/worker-process.ts '<WorkerPlan as JSON>'
 */
import type { EmbedCall, EmbeddingModel } from '../../src/embed/index.ts';
import { openPostgres } from '../../src/database/index.ts';
import { createEvervec } from '../../src/engine/index.ts';
import { itemsConfig } from './items.ts';
import { createRemoteModel } from './remote-model.ts';
import { type Step, stoppingDatabase } from './stopping-database.ts';

export interface WorkerPlan {
  url: string;
  modelUrl: string;
  leaseMs?: number;
  maxBatch?: number;
  concurrency?: number;
  maxConnections?: number;
  timeoutMs?: number;
  pollMs?: number;
  /** Where it stops for good, to be killed there. */
  stopAt?: Step;
  /** How far its wall clock is off. */
  clockShiftMs?: number;
  /** How far its wall clock is set while it runs. */
  clockJumpMs?: number;
  /** A text that ends the process when the model is asked for it. */
  killer?: string;
  probe?: { intervalMs: number; timeoutMs: number };
}

const plan = JSON.parse(process.argv[2] ?? '{}') as WorkerPlan;
if (plan.clockShiftMs !== undefined) shiftClock(plan.clockShiftMs);
const database = await openPostgres({
  url: plan.url,
  maxConnections: plan.maxConnections ?? 4,
  ...(plan.probe && { probe: plan.probe }),
});
const stopped = stoppingDatabase(database, plan.stopAt ?? null, () => {
  process.send?.('reached');
  return new Promise<void>(() => {});
});
const config = itemsConfig(plan.modelUrl, {
  ...(plan.timeoutMs !== undefined && { timeoutMs: plan.timeoutMs }),
});
if (plan.killer !== undefined && typeof config.model === 'object')
  config.model = dyingOf(createRemoteModel(plan.modelUrl), plan.killer);
const evervec = await createEvervec(config, { database: stopped });
const worker = await evervec.worker(undefined, {
  concurrency: plan.concurrency ?? 1,
  leaseMs: plan.leaseMs ?? 1_000,
  pollMs: plan.pollMs ?? 50,
  ...(plan.maxBatch !== undefined && { maxBatch: plan.maxBatch }),
});
await worker.start();
if (plan.clockJumpMs !== undefined) shiftClock(plan.clockJumpMs);
process.send?.('ready');
process.once('disconnect', async () => {
  await worker.stop();
  await database.close();
});

function dyingOf(model: EmbeddingModel, text: string): EmbeddingModel {
  return Object.create(model, {
    doEmbed: {
      value: async (call: EmbedCall) => {
        if (call.values.some((value) => value.includes(text))) process.kill(process.pid, 'SIGKILL');
        return await model.doEmbed(call);
      },
    },
  });
}

function shiftClock(ms: number): void {
  const real = Date.now;
  Date.now = () => real() + ms;
}
