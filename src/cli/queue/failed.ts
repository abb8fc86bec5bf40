import type { Command } from 'commander';
import type { DeadLetter } from '../../queue/index.ts';
import { formatTable, print, printJson } from '../output.ts';
import { withEvervec } from '../session.ts';
import {
  type ListOptions,
  MAX_WIDTH,
  printList,
  time,
  withListOptions,
  withSources,
} from './list.ts';

interface Options extends ListOptions {
  source?: string[];
  error?: string;
}

export function addFailed(queue: Command): void {
  withSources(withListOptions(queue.command('failed')))
    .option('--error <class>', 'only these errors: as listed, or the first word')
    .description('jobs that failed too often and were set aside, and their errors')
    .action(async ({ source, error, limit, ...options }: Options) => {
      const { jobs, errors } = await withEvervec(options, (evervec) =>
        evervec.queue.failed({
          ...(source && { sources: source }),
          ...(error !== undefined && { error }),
          ...(limit !== undefined && { limit }),
        }),
      );
      if (options.json) return printJson({ failed: jobs, errors });
      printList<DeadLetter>(
        'failed',
        jobs,
        {
          id: (one) => one.id,
          source: (one) => one.source,
          key: (one) => one.key,
          error: (one) => one.error,
          tries: (one) => one.attempts,
          crashes: (one) => one.crashes,
          'last failed (UTC)': (one) => time(one.failed_at),
        },
        { ...options, empty: 'nothing was set aside' },
      );
      if (jobs.length === 0) return;
      const rows = errors.map((one) => [one.error, one.count]);
      print(`\n${formatTable(['error', 'jobs'], rows, MAX_WIDTH)}`);
    });
}
