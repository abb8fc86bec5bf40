import type { Command } from 'commander';
import type { HistoryEntry } from '../../queue/index.ts';
import { withEvervec } from '../session.ts';
import { type ListOptions, printList, time, withListOptions, withSources } from './list.ts';

interface Options extends ListOptions {
  source?: string[];
  failures?: boolean;
}

export function addRecent(queue: Command): void {
  withSources(withListOptions(queue.command('recent')))
    .option('--failures', 'only failures, without finished batches')
    .description('the last batches and failures')
    .action(async ({ source, failures, limit, ...options }: Options) => {
      const entries = await withEvervec(options, (evervec) =>
        evervec.queue.recent({
          ...(source && { sources: source }),
          ...(limit !== undefined && { limit }),
          ...(failures && { kind: 'failure' }),
        }),
      );
      printList<HistoryEntry>(
        'recent',
        entries,
        {
          'at (UTC)': (one) => time(one.at),
          source: (one) => one.source,
          worker: (one) => one.worker?.slice(0, 8) ?? null,
          what: describe,
        },
        { ...options, empty: 'nothing is recorded yet' },
      );
    });
}

function describe(entry: HistoryEntry): string {
  if (entry.kind === 'failure')
    return `${entry.parked ? 'parked' : 'failed'} ${entry.key}, try ${entry.attempt}: ${entry.error}`;
  const { done, failed, postponed, jobs, took_ms } = entry;
  const unfinished = (jobs ?? 0) - (done ?? 0) - (failed ?? 0) - (postponed ?? 0);
  return [
    `${done} done`,
    ...(failed ? [`${failed} failed`] : []),
    ...(postponed ? [`${postponed} put off`] : []),
    ...(unfinished > 0 ? [`${unfinished} given back or changed meanwhile`] : []),
    `${(took_ms ?? 0).toFixed(0)} ms`,
  ].join(', ');
}
