/** `evervec queue …`: looking at the queue and acting on it. */
import type { Command } from 'commander';
import { addAudit } from './audit.ts';
import { addCleanup } from './cleanup.ts';
import { addClear } from './clear.ts';
import { addFailed } from './failed.ts';
import { addHealth } from './health.ts';
import { addLanes } from './lanes.ts';
import { addMetrics } from './metrics.ts';
import { addRecent } from './recent.ts';
import { addRetry } from './retry.ts';
import { addStats } from './stats.ts';
import { addStatus } from './status.ts';
import { addStuck } from './stuck.ts';
import { addSwitch } from './switch.ts';

export function addQueue(program: Command): void {
  const queue = program.command('queue').description('look at the queue and act on it');
  for (const add of [
    addStatus,
    addStats,
    addHealth,
    addMetrics,
    addRecent,
    addFailed,
    addStuck,
    addRetry,
    addLanes,
    addSwitch,
    addClear,
    addCleanup,
    addAudit,
  ])
    add(queue);
}
