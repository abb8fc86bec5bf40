import type { Command } from 'commander';
import { formatTable, print, printJson } from './output.ts';
import { type CommonOptions, withCommonOptions, withEvervec } from './session.ts';

export function addSetup(program: Command): void {
  withCommonOptions(program.command('setup'))
    .argument('[source...]', 'default: all that are configured')
    .description('create schema, sidecars and triggers; run again, it changes nothing')
    .action(async (sources: string[], options: CommonOptions) => {
      const reports = await withEvervec(options, (evervec) =>
        evervec.setup(sources.length > 0 ? sources : undefined),
      );
      if (options.json) return printJson({ sources: reports });
      print(
        formatTable(
          ['source', 'table', 'outcome'],
          reports.map((report) => [report.source, report.table, report.outcome]),
        ),
      );
      for (const { source, differs } of reports)
        if (differs.length > 0)
          print(
            `\n${source}: ${differs.join(', ')}. It stays so until: evervec model migrate ${source}`,
          );
      const waiting = reports.filter((report) => report.needsBackfill).map(({ source }) => source);
      if (waiting.length > 0)
        print(
          `\nNext: evervec backfill ${waiting.join(' ')}   (embeds the records that are there)`,
        );
    });
}
