import type { Command } from 'commander';
import { formatTable, print, printJson, Progress } from './output.ts';
import { type CommonOptions, withCommonOptions, withEvervec } from './session.ts';

interface Options extends CommonOptions {
  dryRun?: boolean;
  status?: boolean;
}

export function addReconcile(program: Command): void {
  withCommonOptions(program.command('reconcile'))
    .argument('[source...]', 'default: all that are configured')
    .option('--dry-run', 'report only, queue nothing')
    .option('--status', 'when it was last done, and what it found')
    .description('compare every row with its vectors; queue what is missing, outdated or orphaned')
    .action(async (sources: string[], options: Options) => {
      if (options.status) return await showStatus(sources, options);
      const progress = new Progress();
      const reports = await withEvervec(options, (evervec) =>
        evervec.reconcile(sources.length > 0 ? sources : undefined, {
          dryRun: options.dryRun ?? false,
          onProgress: (source, rows) =>
            progress.update(`${source}: ${rows.toLocaleString('en')} rows compared`),
        }),
      );
      progress.end();
      if (options.json) return printJson({ sources: reports, queued: !options.dryRun });
      print(
        formatTable(
          ['source', 'rows', 'missing', 'outdated', 'orphaned', 'faulty'],
          reports.map((one) => [
            one.source,
            one.rows,
            one.missing,
            one.outdated,
            one.orphaned,
            one.faulty,
          ]),
        ),
      );
      const found = reports.reduce(
        (sum, one) => sum + one.missing + one.outdated + one.orphaned,
        0,
      );
      if (found > 0)
        print(options.dryRun ? '\nNothing was queued.' : `\nQueued ${found} for the worker.`);
    });
}

async function showStatus(sources: string[], options: CommonOptions): Promise<void> {
  const status = await withEvervec(options, (evervec) =>
    evervec.reconcileStatus(sources.length > 0 ? sources : undefined),
  );
  if (options.json) return printJson({ sources: status });
  print(
    formatTable(
      ['source', 'every', 'started', 'finished', 'rows', 'missing', 'outdated', 'orphaned'],
      status.map(({ source, every_minutes, started_at, finished_at, report }) => [
        source,
        every_minutes === null ? 'by hand' : `${every_minutes} min`,
        started_at?.slice(0, 19) ?? 'never',
        finished_at?.slice(0, 19) ?? null,
        report?.rows ?? null,
        report?.missing ?? null,
        report?.outdated ?? null,
        report?.orphaned ?? null,
      ]),
    ),
  );
}
