import type { Command } from 'commander';
import type { MetricBucket } from '../../queue/index.ts';
import { withEvervec } from '../session.ts';
import { wholeNumber } from '../worker.ts';
import {
  type ListOptions,
  printList,
  rounded,
  time,
  withListOptions,
  withSources,
} from './list.ts';

interface Options extends ListOptions {
  source?: string[];
  step: number;
  minutes: number;
}

export function addMetrics(queue: Command): void {
  withSources(withListOptions(queue.command('metrics')))
    .option('--minutes <n>', 'how far back', wholeNumber(1, 527_040), 60)
    .option('--step <n>', 'minutes in a line', wholeNumber(1, 10_080), 1)
    .description('what was done minute by minute, the latest first')
    .action(async ({ source, step, minutes, limit, ...options }: Options) => {
      const buckets = await withEvervec(options, (evervec) =>
        evervec.queue.metrics({
          ...(source && { sources: source }),
          ...(limit !== undefined && { limit }),
          stepMinutes: step,
          spanMinutes: minutes,
        }),
      );
      printList<MetricBucket>(
        'metrics',
        buckets,
        {
          'from (UTC)': (one) => time(one.bucket),
          source: (one) => one.source,
          batches: (one) => one.batches,
          done: (one) => one.done,
          retried: (one) => one.retried,
          parked: (one) => one.parked,
          'put off': (one) => one.postponed,
          'records/s': (one) => rounded(one.rate_s),
          'longest ms': (one) => rounded(one.max_ms, 1),
        },
        { ...options, empty: `nothing was worked on in the last ${minutes} minutes` },
      );
    });
}
