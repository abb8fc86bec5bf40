import type { Command } from 'commander';
import type { QueueAdmin } from '../../engine/index.ts';
import { QueueRequestError } from '../../errors/index.ts';
import { withCommonOptions } from '../session.ts';
import { actor } from '../actor.ts';
import { type ActOptions, actNow } from './act.ts';

interface Options extends ActOptions {
  all?: boolean;
}

export function addLanes(queue: Command): void {
  addLaneCommand(queue, 'pause', 'take nothing more from lanes; changes are queued as ever');
  addLaneCommand(queue, 'resume', 'take from paused lanes again');
}

function addLaneCommand(queue: Command, action: 'pause' | 'resume', description: string): void {
  withCommonOptions(queue.command(action))
    .argument('[lane...]', 'names of lanes; a source has one of its own name unless configured')
    .option('--all', 'all lanes')
    .description(description)
    .action(async (lanes: string[], options: Options) => {
      const wanted = choose(action, lanes, options.all);
      await actNow(
        options,
        async (admin: QueueAdmin) => {
          const changed = await admin[action](wanted, actor());
          const held = action === 'resume' ? await heldByBudget(admin, changed) : [];
          return { lanes: changed, ...(held.length > 0 && { held_by_budget: held }) };
        },
        (result) => tell(action, result.lanes, result.held_by_budget ?? []),
      );
    });
}

function choose(action: string, lanes: string[], all: boolean | undefined): string[] | 'all' {
  if (all && lanes.length === 0) return 'all';
  if (!all && lanes.length > 0) return lanes;
  throw new QueueRequestError(`It is not clear which lanes to ${action}.`, {
    remedy: 'Give names of lanes, or --all. "evervec queue status" lists them.',
    isUsage: true,
  });
}

/** What an operator's resume did not open: see `resumeLanes`. */
async function heldByBudget(admin: QueueAdmin, resumed: readonly string[]): Promise<string[]> {
  const { lanes } = await admin.status();
  return resumed.filter((name) => lanes[name]?.budget_paused);
}

function tell(
  action: 'pause' | 'resume',
  lanes: readonly string[],
  held: readonly string[],
): string {
  const done = action === 'pause' ? 'paused' : 'resumed';
  if (lanes.length === 0) return `nothing to do: ${action === 'pause' ? 'paused' : 'open'} already`;
  const more =
    held.length === 0
      ? ''
      : `\nthe daily budget still holds ${held.join(', ')}: say it again to go on today`;
  return `${done}: ${lanes.join(', ')}${more}`;
}
