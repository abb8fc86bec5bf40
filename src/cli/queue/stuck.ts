import type { Command } from 'commander';
import type { StuckJob } from '../../queue/index.ts';
import { withCommonOptions, withEvervec } from '../session.ts';
import { actor } from '../actor.ts';
import { type ActOptions, actConfirmed } from './act.ts';
import { count, duration, type ListOptions, printList, withListOptions } from './list.ts';

export function addStuck(queue: Command): void {
  withListOptions(queue.command('stuck'))
    .description('jobs that are leased though nobody works on them')
    .action(async ({ limit, ...options }: ListOptions) => {
      const stuck = await withEvervec(options, (evervec) =>
        evervec.queue.stuck(limit === undefined ? {} : { limit }),
      );
      printList<StuckJob>(
        'stuck',
        stuck,
        {
          id: (one) => one.id,
          source: (one) => one.source,
          key: (one) => one.key,
          worker: (one) => one.worker?.slice(0, 8) ?? null,
          reason: (one) => one.reason,
          'lease over': (one) => (one.lease_over_s > 0 ? duration(one.lease_over_s) : 'not yet'),
          crashes: (one) => one.crashes,
        },
        { ...options, empty: 'nothing is stuck' },
      );
    });

  withCommonOptions(queue.command('reset-stuck'))
    .option('--confirm', 'do not ask')
    .description('make stuck jobs ready; workers do it by themselves when the lease is over')
    .action(async (options: ActOptions) => {
      await actConfirmed(
        options,
        'Take stuck jobs from their workers?',
        async (queue) => ({ reset: await queue.resetStuck(actor()) }),
        ({ reset }) => (reset === 0 ? 'nothing is stuck' : `${count(reset, 'job')} ready again`),
      );
    });
}
