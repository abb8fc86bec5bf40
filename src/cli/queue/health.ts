import type { Command } from 'commander';
import { createEvervec, unhealthy } from '../../engine/index.ts';
import { DatabaseInUseError, DatabaseUnreachableError } from '../../errors/index.ts';
import type { QueueHealth } from '../../operate/index.ts';
import { print, printJson } from '../output.ts';
import { createLogger, resolveConfig } from '../session.ts';
import { formatVerdicts, NOT_HEALTHY } from '../verify.ts';
import { wholeNumber } from '../worker.ts';
import { type ReadOptions, withReadOptions } from './list.ts';

interface Options extends ReadOptions {
  maxAge?: number;
}

export function addHealth(queue: Command): void {
  withReadOptions(queue.command('health'))
    .option('--max-age <seconds>', 'how long a change may wait (default: 300)', wholeNumber(1))
    .description('whether all is well, and why not; exit code 3 when it is not')
    .action(async (options: Options) => {
      const health = await readHealth(options);
      if (options.json) printJson(health);
      else print(formatHealth(health, options.details));
      if (!health.healthy) process.exitCode = NOT_HEALTHY;
    });
}

/** A monitor wants an answer also when there is no database to ask. */
async function readHealth(options: Options): Promise<QueueHealth> {
  const config = await resolveConfig(options);
  const { maxAge } = options;
  try {
    const evervec = await createEvervec(config, { logger: createLogger() });
    try {
      // A worker that cron starts is away for as long as changes may wait.
      return await evervec.queue.health(
        maxAge === undefined ? {} : { maxAgeS: maxAge, withoutWorkerS: maxAge },
      );
    } finally {
      await evervec.close();
    }
  } catch (error) {
    if (error instanceof DatabaseUnreachableError || error instanceof DatabaseInUseError)
      return unhealthy(error);
    throw error;
  }
}

export function formatHealth({ level, checks }: QueueHealth, details = false): string {
  const shown = checks.filter((check) => details || check.level !== 'good');
  const verdict = { good: 'healthy', warning: 'healthy, with warnings', bad: 'not healthy' }[level];
  const lines = shown.length === 0 ? [] : [formatVerdicts(shown)];
  return [...lines, `${verdict} (${checks.length} checks)`].join('\n');
}
