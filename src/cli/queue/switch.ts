import type { Command } from 'commander';
import { withCommonOptions } from '../session.ts';
import { actor } from '../actor.ts';
import { type ActOptions, actNow } from './act.ts';

export function addSwitch(queue: Command): void {
  withCommonOptions(queue.command('stop'))
    .description('all workers, on all machines, finish what they hold and take nothing more')
    .action(async (options: ActOptions) => {
      await actNow(
        options,
        async (admin) => ({ stopped: true, changed: await admin.stop(actor()) }),
        ({ changed }) =>
          changed
            ? 'stopped: workers finish what they hold; "evervec queue start" lets them go on'
            : 'it was stopped already',
      );
    });

  withCommonOptions(queue.command('start'))
    .description('let the workers go on')
    .action(async (options: ActOptions) => {
      await actNow(
        options,
        async (admin) => ({ stopped: false, changed: await admin.start(actor()) }),
        ({ changed }) => (changed ? 'started' : 'it was not stopped'),
      );
    });
}
