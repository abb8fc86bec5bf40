import type { Command } from 'commander';
import { CLEARABLE_STATES, type Cleared } from '../../queue/index.ts';
import { withCommonOptions } from '../session.ts';
import { actor } from '../actor.ts';
import { type ActOptions, actConfirmed } from './act.ts';
import { splitNames, withSources } from './list.ts';

interface Options extends ActOptions {
  source?: string[];
  state?: string[];
}

export function addClear(queue: Command): void {
  withSources(withCommonOptions(queue.command('clear')))
    .option(
      '--state <states>',
      `only these, with commas between: ${CLEARABLE_STATES.join(', ')}`,
      splitNames,
    )
    .option('--confirm', 'do not ask')
    .description('throw away jobs that wait; their rows are out of date until reconciled')
    .action(async ({ source, state, ...options }: Options) => {
      const states = state ?? CLEARABLE_STATES;
      const whose = source === undefined ? 'all sources' : source.join(', ');
      await actConfirmed(
        options,
        `Throw away the ${states.join(', ')} jobs of ${whose}?`,
        (admin) => admin.clear({ states, ...(source && { sources: source }) }, actor()),
        (cleared) => tell(cleared, source),
      );
    });
}

function tell(cleared: Cleared, sources: readonly string[] | undefined): string {
  const counts = Object.entries(cleared)
    .filter(([, count]) => count > 0)
    .map(([state, count]) => `${count.toLocaleString('en')} ${state}`);
  if (counts.length === 0) return 'there was nothing to clear';
  const command = ['evervec reconcile', ...(sources ?? [])].join(' ');
  return `cleared: ${counts.join(', ')}\nTheir rows are out of date now. To queue them again: ${command}`;
}
