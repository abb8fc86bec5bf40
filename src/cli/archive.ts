import { actor } from './actor.ts';
import type { Command } from 'commander';
import { confirm } from './confirm.ts';
import { print, printJson, Progress } from './output.ts';
import { type CommonOptions, withCommonOptions, withEvervec } from './session.ts';
import { wholeNumber } from './worker.ts';

interface Options extends CommonOptions {
  days?: number;
  dryRun?: boolean;
  confirm?: boolean;
  key?: string[];
}

export function addArchive(program: Command): void {
  withCommonOptions(program.command('archive'))
    .argument('[source...]', 'default: all that have a rule')
    .option('--days <n>', "older than this, in place of the rules' days", wholeNumber(0, 36_500))
    .option('--dry-run', 'count only')
    .option('--confirm', 'do not ask')
    .description('take the vectors of records that are history by rule; words stay searchable')
    .action(async (sources: string[], { days, dryRun, ...options }: Options) => {
      const names = namesOf(sources);
      await withEvervec(options, async (evervec) => {
        const counted = await evervec.archive(names, { days, dryRun: true });
        if (dryRun)
          return tell({ archived: counted, dry_run: true }, counted, options, 'to archive');
        const total = Object.values(counted).reduce((sum, count) => sum + count, 0);
        const question = `Archive ${total.toLocaleString('en')} records?`;
        if (total > 0 && !(await confirm(question, options.confirm)))
          return print('nothing was done');
        const progress = new Progress();
        const archived = await evervec.archive(names, {
          days,
          by: actor(),
          onProgress: (source, count) => progress.count(source, count, counted[source] ?? count),
        });
        progress.end();
        tell({ archived, dry_run: false }, archived, options, 'archived');
      });
    });
}

export function addRestoreArchived(program: Command): void {
  withCommonOptions(program.command('restore-archived'))
    .argument('[source...]', 'default: all that are configured')
    .option('--key <key...>', 'these records of one source only')
    .option('--confirm', 'do not ask')
    .description('bring archived records back through the queue')
    .action(async (sources: string[], { key, ...options }: Options) => {
      const what = key === undefined ? 'all archived records' : `${key.length} archived records`;
      const of = sources.join(', ') || 'all sources';
      if (key === undefined && !(await confirm(`Restore ${what} of ${of}?`, options.confirm)))
        return print('nothing was done');
      const restored = await withEvervec(options, (evervec) =>
        evervec.restoreArchived(namesOf(sources), { keys: key, by: actor() }),
      );
      tell({ restored }, restored, options, 'restored, and queued');
    });
}

export function addReset(program: Command): void {
  withCommonOptions(program.command('reset'))
    .argument('[source...]', 'default: all that are configured')
    .option('--confirm', 'do not ask')
    .description('throw all vectors away and queue every record anew')
    .action(async (sources: string[], options: Options) => {
      const of = sources.join(', ') || 'all sources';
      const question = `Throw all vectors of ${of} away? Until they are embedded anew, search finds less or nothing.`;
      if (!(await confirm(question, options.confirm))) return print('nothing was done');
      const progress = new Progress();
      const queued = await withEvervec(options, (evervec) =>
        evervec.reset(namesOf(sources), {
          by: actor(),
          onProgress: (source, count) =>
            progress.update(`${source}: ${count.toLocaleString('en')} queued`),
        }),
      );
      progress.end();
      tell({ queued }, queued, options, 'queued');
    });
}

function namesOf(sources: string[]): string[] | undefined {
  return sources.length > 0 ? sources : undefined;
}

function tell(
  answer: object,
  counts: Record<string, number>,
  options: CommonOptions,
  what: string,
): void {
  if (options.json) return printJson(answer);
  for (const [source, count] of Object.entries(counts))
    print(`${source}: ${count.toLocaleString('en')} records ${what}`);
  if (Object.keys(counts).length === 0) print('no source has a rule for its archive');
}
