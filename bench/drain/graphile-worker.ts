/**
 * graphile-worker with the settings of its own benchmark (worker.graphile.org/docs/performance): 24 jobs at once on 25
 * connections, completions in batches; the size of its local queue is a setting. Jobs through SQL `add_jobs`, its fastest way in.
 */
import { withClient } from '../scratch-databases.ts';
import { peer } from '../peer.ts';
import type { DrainRun, ReadyQueue } from './timed-drain.ts';

interface GraphileWorker {
  run(options: {
    preset: { worker: object };
    taskList: Record<string, () => void>;
    noHandleSignals: boolean;
  }): Promise<{ stop(): Promise<void> }>;
  Logger: new (factory: () => () => void) => unknown;
}

export interface Settings {
  concurrentJobs: number;
  localQueue: number;
  /** Jobs in one call of `add_jobs`. */
  perCall: number;
}

const ADD_JOBS = `
select count(*) from graphile_worker.add_jobs(array(
  select row('noop', json_build_object('id', id), null, null, null, null, null, null)::graphile_worker.job_spec
  from generate_series($1::integer, $2::integer) id))`;

export async function graphileQueue(
  { url, jobs }: DrainRun,
  settings: Settings,
): Promise<ReadyQueue> {
  const { run, Logger } = peer<GraphileWorker>('graphile-worker');
  let handled = 0;
  const runner = await run({
    preset: {
      worker: {
        connectionString: url,
        concurrentJobs: settings.concurrentJobs,
        maxPoolSize: settings.concurrentJobs + 1,
        localQueue: { size: settings.localQueue },
        completeJobBatchDelay: 0,
        failJobBatchDelay: 0,
        logger: new Logger(() => () => {}),
      },
    },
    taskList: {
      noop: () => {
        handled += 1;
      },
    },
    noHandleSignals: true,
  });
  return {
    write: () =>
      withClient(url, async (client) => {
        for (let from = 1; from <= jobs; from += settings.perCall)
          await client.query(ADD_JOBS, [from, Math.min(jobs, from + settings.perCall - 1)]);
      }),
    handled: () => handled,
    leftSql: 'select exists (select from graphile_worker._private_jobs) as left',
    stop: () => runner.stop(),
  };
}
