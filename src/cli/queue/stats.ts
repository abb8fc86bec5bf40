import type { Command } from 'commander';
import type { SourceStats } from '../../queue/index.ts';
import { withEvervec } from '../session.ts';
import { printList, type ReadOptions, rounded, withReadOptions, withSources } from './list.ts';

export function addStats(queue: Command): void {
  withSources(withReadOptions(queue.command('stats')))
    .description('totals per source of the last hour, day and week')
    .action(async ({ source, ...options }: ReadOptions & { source?: string[] }) => {
      const stats = await withEvervec(options, (evervec) =>
        evervec.queue.stats(source && { sources: source }),
      );
      printList<SourceStats>(
        'stats',
        stats,
        {
          source: (one) => one.source,
          last: (one) => one.window,
          batches: (one) => one.batches,
          done: (one) => one.done,
          retried: (one) => one.retried,
          parked: (one) => one.parked,
          'put off': (one) => one.postponed,
          'records/s': (one) => rounded(one.rate_s),
          'ms/batch': (one) => rounded(one.mean_ms, 1),
          'longest ms': (one) => rounded(one.max_ms, 1),
        },
        { ...options, empty: 'nothing was worked on in the last week' },
      );
    });
}
