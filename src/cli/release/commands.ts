/** All commands below `evervec release`. */
import type { Command } from 'commander';
import { addBuild } from './build.ts';
import { addKeys } from './keys.ts';
import { addList, addShow } from './list.ts';
import { addHalt, addPromote, addPrune, addPublish, addRenew, addYank } from './publish.ts';
import { addPull } from './pull.ts';
import { addWorkflow } from './workflow.ts';

export function addCommands(release: Command): void {
  for (const add of [
    addBuild,
    addKeys,
    addPublish,
    addRenew,
    addPromote,
    addHalt,
    addYank,
    addList,
    addShow,
    addPrune,
    addPull,
    addWorkflow,
  ])
    add(release);
}
