/** Whether a daily budget holds work back: for `queueHealth`. */
import type { QueueStatus } from '../queue/index.ts';
import type { HealthCheck } from './health.ts';

export function checkBudget({ lanes }: QueueStatus): HealthCheck {
  const what = 'budget';
  const paused = Object.keys(lanes).filter((name) => lanes[name]?.budget_paused);
  if (paused.length === 0) return { what, level: 'good', found: 'holds nothing back' };
  return {
    what,
    level: 'warning',
    found: `the daily budget is reached: ${paused.join(', ')} wait until 00:00 UTC`,
    remedy:
      'See "evervec cost". To go on today: "evervec queue resume --all", or raise budget.perDay and resume.',
  };
}
