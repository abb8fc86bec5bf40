import type { Command } from 'commander';
import type { CleanupReport } from '../../queue/index.ts';
import { RETENTION_DAYS } from '../../queue/index.ts';
import { resolveConfig, withCommonOptions } from '../session.ts';
import { wholeNumber } from '../worker.ts';
import { actor } from '../actor.ts';
import { type ActOptions, actConfirmed } from './act.ts';

interface Options extends ActOptions {
  days?: number;
}

export function addCleanup(queue: Command): void {
  withCommonOptions(queue.command('cleanup'))
    .option(
      '--days <n>',
      `keep this many (default: worker.cleanupRetentionDays, else ${RETENTION_DAYS})`,
      wholeNumber(1, 36_500),
    )
    .option('--confirm', 'do not ask')
    .description('drop old history, audit entries and metrics; workers do it daily')
    .action(async (options: Options) => {
      const config = await resolveConfig(options);
      const days = options.days ?? config.worker?.cleanupRetentionDays ?? RETENTION_DAYS;
      await actConfirmed(
        options,
        `Drop history, audit entries and metrics older than ${days} days?`,
        (admin) => admin.cleanup(days, actor()),
        tell,
      );
    });
}

function tell(report: CleanupReport): string {
  const { days, history_days, audit_entries, metrics, workers } = report;
  return `kept ${days} days; dropped ${history_days} days of history, ${audit_entries} audit entries, ${metrics} lines of metrics, ${workers} silent workers`;
}
