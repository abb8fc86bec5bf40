import type { Command } from 'commander';
import type { Evervec } from '../engine/index.ts';
import { print, printJson, Progress } from './output.ts';
import { type CommonOptions, untilStopped, withCommonOptions, withEvervec } from './session.ts';

interface Options extends CommonOptions {
  queueOnly?: boolean;
}

export function addBackfill(program: Command): void {
  withCommonOptions(program.command('backfill'))
    .argument('[source...]', 'default: all that are configured')
    .option('--queue-only', 'queue the records and leave them to running workers')
    .description('queue every record, and embed until all are done')
    .action(async (sources: string[], options: Options) => {
      const names = sources.length > 0 ? sources : undefined;
      await withEvervec(options, async (evervec) => {
        const progress = new Progress();
        const queued = await evervec.backfill(names, (source, count) =>
          progress.update(`${source}: ${count.toLocaleString('en')} queued`),
        );
        const total = Object.values(queued).reduce((sum, count) => sum + count, 0);
        const started = performance.now();
        const done = options.queueOnly ? 0 : await embedPending(evervec, names);
        const seconds = (performance.now() - started) / 1_000;
        progress.end();
        const pending = await evervec.pending(names);
        if (options.json) return printJson({ queued, done, pending, seconds });
        print(`queued ${total.toLocaleString('en')} records`);
        if (!options.queueOnly)
          print(
            `embedded ${done.toLocaleString('en')} in ${seconds.toFixed(1)} s, ${Math.round(done / seconds).toLocaleString('en')}/s`,
          );
        if (pending > 0 && !options.queueOnly)
          print(`${pending} still wait: see "evervec queue status"`);
      });
    });
}

/** Works on the sources until nothing is ready, with a progress line. @returns records done by this process */
export async function embedPending(
  evervec: Evervec,
  names: readonly string[] | undefined,
): Promise<number> {
  const total = await evervec.pending(names);
  const progress = new Progress();
  let done = 0;
  const worker = await evervec.worker(names, {
    onBatch: (batch) => {
      done += batch.done;
      progress.count('embedding', Math.min(done, total), total);
    },
  });
  const { signal } = untilStopped();
  signal.addEventListener('abort', () => void worker.stop());
  await worker.drain();
  progress.end();
  return done;
}
