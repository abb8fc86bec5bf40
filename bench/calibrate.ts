import { evervecQueue } from './drain/evervec.ts';
import { graphileQueue } from './drain/graphile-worker.ts';
import { pgBossQueue } from './drain/pg-boss.ts';
import { timeDrain } from './drain/timed-drain.ts';
import { alternate } from './bench.ts';
import { ScratchDatabases, withClient } from './scratch-databases.ts';
const jobs = 100_000;
const databases = await ScratchDatabases.open();
const rate = (open: any) => () =>
  databases.use((url) => withClient(url, async (client) => {
    const queue = await open({ url, jobs });
    try { await client.query('checkpoint'); return jobs / (await timeDrain(queue, client, jobs)); } finally { await queue.stop(); }
  }));
const all: Record<string, any> = {
  'g 24 500 1x': (r: any) => graphileQueue(r, { concurrentJobs: 24, localQueue: 500, perCall: 100_000 }),
  'g 24 500 10x': (r: any) => graphileQueue(r, { concurrentJobs: 24, localQueue: 500, perCall: 10_000 }),
  'g 10 500 1x': (r: any) => graphileQueue(r, { concurrentJobs: 10, localQueue: 500, perCall: 100_000 }),
  'g 4 500 1x': (r: any) => graphileQueue(r, { concurrentJobs: 4, localQueue: 500, perCall: 100_000 }),
  'g 24 2000 1x': (r: any) => graphileQueue(r, { concurrentJobs: 24, localQueue: 2000, perCall: 100_000 }),
  'b 4 500 1x': (r: any) => pgBossQueue(r, { workers: 4, batchSize: 500, perCall: 100_000 }),
  'b 4 500 10x': (r: any) => pgBossQueue(r, { workers: 4, batchSize: 500, perCall: 10_000 }),
  'b 2 1000 10x': (r: any) => pgBossQueue(r, { workers: 2, batchSize: 1000, perCall: 10_000 }),
  'b 2 2000 1x': (r: any) => pgBossQueue(r, { workers: 2, batchSize: 2000, perCall: 100_000 }),
  'e 2 1000': (r: any) => evervecQueue(r, { concurrency: 2, maxBatch: 1000 }),
  'e 2 2000': (r: any) => evervecQueue(r, { concurrency: 2, maxBatch: 2000 }),
  'e 3 1000': (r: any) => evervecQueue(r, { concurrency: 3, maxBatch: 1000 }),
  'e 4 500': (r: any) => evervecQueue(r, { concurrency: 4, maxBatch: 500 }),
  'e 2 5000': (r: any) => evervecQueue(r, { concurrency: 2, maxBatch: 5000 }),
  'e 1 5000': (r: any) => evervecQueue(r, { concurrency: 1, maxBatch: 5000 }),
};
const wanted = process.argv.slice(2);
const chosen = Object.fromEntries(Object.entries(all).filter(([k]) => wanted.length === 0 || wanted.some((w) => k.startsWith(w))).map(([k, v]) => [k, rate(v)]));
try { const t = await alternate(Number(process.env['N'] ?? 2), chosen, () => {}, { warmUp: false });
  for (const [k, v] of Object.entries(t)) console.log(k.padEnd(16), v.map((x: any) => Math.round(x)).join(' '));
} finally { await databases.close(); }
