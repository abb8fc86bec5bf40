import { actor } from './actor.ts';
import { type Command, Option } from 'commander';
import type { Evervec } from '../engine/index.ts';
import { confirm } from './confirm.ts';
import { dollars, formatBudgets } from './cost.ts';
import { formatTable, print, printJson, Progress } from './output.ts';
import { duration } from './queue/list.ts';
import { type CommonOptions, untilStopped, withCommonOptions, withEvervec } from './session.ts';
import { refuseSwitchedOff, wholeNumber } from './worker.ts';

interface Options extends CommonOptions {
  queueOnly?: boolean;
  dryRun?: boolean;
  yes?: boolean;
  restart?: boolean;
  priority?: number;
  batchSize?: number;
}

export function addBackfill(program: Command): void {
  const backfill = withCommonOptions(program.command('backfill'))
    // What follows "rollback" is its own.
    .enablePositionalOptions()
    .argument('[source...]', 'default: all that are configured')
    .option('--dry-run', 'say what it would take and cost, and do nothing')
    .option('--yes', 'do not ask (it asks where the model may cost money)')
    .option('--queue-only', 'queue the records and leave them to running workers')
    .option('--restart', 'begin anew also where a backfill was cut short')
    .addOption(
      new Option('--priority <n>', 'among work in bulk, lower first').argParser(
        wholeNumber(-32_768, 32_767),
      ),
    )
    .addOption(
      new Option('--batch-size <n>', 'most records in one batch').argParser(wholeNumber(1, 10_000)),
    )
    .description('queue every record, and embed until all are done')
    .action(async (sources: string[], options: Options) => {
      const names = sources.length > 0 ? sources : undefined;
      await withEvervec(options, async (evervec) => {
        if (options.queueOnly) refuseSwitchedOff(evervec);
        if (options.dryRun) return await printPlans(evervec, names, options);
        if (evervec.mayCost && !options.yes) {
          await printPlans(evervec, names, options, process.stderr);
          const question = `Embed with ${evervec.model.id}?`;
          if (!(await confirm(question, false, '--yes'))) return print('nothing was done');
        }
        await run(evervec, names, options);
      });
    });
  addRollback(backfill);
}

async function run(
  evervec: Evervec,
  names: readonly string[] | undefined,
  options: Options,
): Promise<void> {
  const progress = new Progress();
  const { priority, restart } = options;
  const reports = await evervec.backfill(names, {
    priority,
    restart,
    by: actor(),
    onProgress: (source, count) =>
      progress.update(`${source}: ${count.toLocaleString('en')} queued`),
  });
  progress.end();
  for (const { source, isResumed } of reports)
    if (isResumed) process.stderr.write(`${source}: going on with the backfill that was begun\n`);
  const started = performance.now();
  const done = options.queueOnly ? 0 : await embedPending(evervec, names, options.batchSize);
  const seconds = (performance.now() - started) / 1_000;
  const pending = await evervec.pending(names);
  const queued = Object.fromEntries(reports.map((one) => [one.source, one.queued]));
  if (options.json) return printJson({ queued, done, pending, seconds });
  const total = reports.reduce((sum, one) => sum + one.queued, 0);
  print(`queued ${total.toLocaleString('en')} records`);
  if (options.queueOnly) return;
  const pace = Math.round(done / seconds).toLocaleString('en');
  print(`embedded ${done.toLocaleString('en')} in ${seconds.toFixed(1)} s, ${pace}/s`);
  if (pending > 0) print(`${pending} still wait: see "evervec queue status"`);
}

function addRollback(backfill: Command): void {
  withCommonOptions(backfill.command('rollback'))
    .argument('[source...]', 'default: all that are configured')
    .option('--confirm', 'do not ask')
    .description('take back what backfills queued and nobody began')
    .action(async (sources: string[], options: CommonOptions & { confirm?: boolean }) => {
      const names = sources.length > 0 ? sources : undefined;
      const of = names?.join(', ') ?? 'all sources';
      if (!(await confirm(`Take back the backfill of ${of}?`, options.confirm)))
        return print('nothing was done');
      const taken = await withEvervec(options, (evervec) =>
        evervec.rollBackBackfill(names, actor()),
      );
      if (options.json) return printJson({ taken_back: taken });
      for (const [source, count] of Object.entries(taken))
        print(`${source}: ${count.toLocaleString('en')} records taken back`);
    });
}

async function printPlans(
  evervec: Evervec,
  names: readonly string[] | undefined,
  options: CommonOptions,
  to: NodeJS.WriteStream = process.stdout,
): Promise<void> {
  const plans = await evervec.planBackfill(names);
  const budgets = await evervec.budgetsLeft();
  if (options.json && to === process.stdout) return printJson({ plans, budgets });
  const rows = plans.map((plan) => [
    plan.source,
    plan.rows,
    plan.records,
    plan.chunks,
    plan.tokens,
    plan.cost === null ? 'unknown' : dollars(String(plan.cost)),
    duration(plan.seconds) ?? 'unknown',
  ]);
  to.write(
    `${formatTable(['source', 'rows', 'to embed', 'texts', 'tokens', 'cost', 'time'], rows)}\n`,
  );
  const sampled = plans.filter((plan) => plan.sampled < plan.rows).map((plan) => plan.sampled);
  if (sampled.length > 0)
    to.write(`\nEstimated from ${Math.min(...sampled)} rows or more of each.\n`);
  if (budgets.length > 0) to.write(`\n${formatBudgets(budgets).join('\n')}\n`);
}

/** Works on the sources until nothing is ready, with a progress line. @returns records done by this process */
export async function embedPending(
  evervec: Evervec,
  names: readonly string[] | undefined,
  batchSize?: number,
): Promise<number> {
  const total = await evervec.pending(names);
  const progress = new Progress();
  let done = 0;
  const worker = await evervec.worker(names, {
    onBatch: (batch) => {
      done += batch.done;
      progress.count('embedding', Math.min(done, total), total);
    },
    ...(batchSize !== undefined && { maxBatch: batchSize }),
  });
  const { signal } = untilStopped();
  signal.addEventListener('abort', () => void worker.stop());
  await worker.drain();
  progress.end();
  return done;
}
