import { type Command, InvalidArgumentError } from 'commander';
import type { Evervec } from '../engine/index.ts';
import { ConfigError } from '../errors/index.ts';
import { print, printJson } from './output.ts';
import { type CommonOptions, untilStopped, withCommonOptions, withEvervec } from './session.ts';

interface Options extends CommonOptions {
  once?: boolean;
  continuous?: boolean;
  interval?: number;
  source?: string[];
  concurrency?: number;
}

/** A whole number from `min`, as an option. */
export function wholeNumber(min: number, max = Number.MAX_SAFE_INTEGER) {
  return (text: string): number => {
    const value = Number(text);
    if (!Number.isInteger(value) || value < min || value > max)
      throw new InvalidArgumentError(`${text} is not a whole number from ${min} to ${max}.`);
    return value;
  };
}

/** @throws ConfigError where the queue is switched off */
export function refuseSwitchedOff(evervec: Evervec): void {
  if (evervec.isQueueEnabled) return;
  throw new ConfigError('The queue is switched off: no worker runs.', {
    remedy: 'Set EMBEDDING_QUEUE_ENABLED (queueEnabled) to true, or write with evervec.write().',
    isUsage: true,
  });
}

export function addWorker(program: Command): void {
  withCommonOptions(program.command('worker'))
    .option('--once', 'work until nothing is ready, then end (for cron)')
    .option('--continuous', 'work until stopped (the default)')
    .option('--interval <seconds>', 'look this often when not woken', wholeNumber(1, 86_400))
    .option('--source <names>', 'only these sources, with commas between', (names) =>
      names.split(','),
    )
    .option('--concurrency <n>', 'batches at once', wholeNumber(1, 64))
    .description('embed what the queue holds')
    .action(async (options: Options) => {
      const choices = {
        ...(options.interval !== undefined && { pollMs: options.interval * 1_000 }),
        ...(options.concurrency !== undefined && { concurrency: options.concurrency }),
      };
      await withEvervec(options, async (evervec) => {
        refuseSwitchedOff(evervec);
        const worker = await evervec.worker(options.source, choices);
        const { signal, stopped } = untilStopped();
        if (options.once) {
          signal.addEventListener('abort', () => void worker.stop());
          const done = await worker.drain({ maintains: true });
          const { stopped } = await evervec.queue.status();
          if (options.json) return printJson({ done, stopped });
          return print(`${done} records done${stopped ? '; the queue is stopped' : ''}`);
        }
        await worker.start();
        print(
          options.json ? JSON.stringify({ worker: worker.id }) : `worker ${worker.id} is at work`,
        );
        await stopped;
        await worker.stop();
      });
    });
}
