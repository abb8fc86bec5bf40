/**
 * pg-boss as its types recommend it for throughput: `insert` for many jobs, several workers that take batches and
 * go on without a pause while batches are full, woken by NOTIFY.
 */
import { peer } from '../peer.ts';
import type { DrainRun, ReadyQueue } from './timed-drain.ts';

interface Boss {
  on(event: 'error', listener: (error: unknown) => void): void;
  start(): Promise<unknown>;
  stop(options: { graceful: boolean; close: boolean }): Promise<void>;
  createQueue(name: string, options: object): Promise<void>;
  insert(name: string, jobs: { data: object }[], options: object): Promise<unknown>;
  work(
    name: string,
    options: object,
    handler: (jobs: readonly unknown[]) => Promise<void>,
  ): Promise<string>;
}

interface PgBossModule {
  PgBoss: new (options: object) => Boss;
}

export interface Settings {
  workers: number;
  batchSize: number;
  /** Jobs in one call of `insert`. */
  perCall: number;
}

const QUEUE = 'noop';

export async function pgBossQueue(
  { url, jobs }: DrainRun,
  settings: Settings,
): Promise<ReadyQueue> {
  const { PgBoss } = peer<PgBossModule>('pg-boss');
  const boss = new PgBoss({
    connectionString: url,
    max: settings.workers + 4,
    useListenNotify: true,
    schedule: false,
    supervise: false,
  });
  boss.on('error', (error) => process.stderr.write(`pg-boss: ${String(error)}\n`));
  await boss.start();
  await boss.createQueue(QUEUE, { notify: true });
  let handled = 0;
  await boss.work(
    QUEUE,
    {
      batchSize: settings.batchSize,
      localConcurrency: settings.workers,
      pollingIntervalSeconds: 0.5,
      notifyPollingIntervalSeconds: 0.5,
      burstWhenBatchFull: true,
    },
    async (batch) => {
      handled += batch.length;
    },
  );
  return {
    write: async () => {
      for (let from = 1; from <= jobs; from += settings.perCall) {
        const count = Math.min(settings.perCall, jobs - from + 1);
        const specs = Array.from({ length: count }, (_, i) => ({ data: { id: from + i } }));
        await boss.insert(QUEUE, specs, { returnId: false });
      }
    },
    handled: () => handled,
    leftSql: `select exists (select from pgboss.job where name = '${QUEUE}' and state < 'completed') as left`,
    stop: () => boss.stop({ graceful: false, close: true }),
  };
}
