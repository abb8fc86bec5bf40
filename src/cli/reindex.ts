import type { Command } from 'commander';
import { actor } from './actor.ts';
import { formatTable, print, printJson } from './output.ts';
import { type CommonOptions, withCommonOptions, withEvervec } from './session.ts';

export function addReindex(program: Command): void {
  withCommonOptions(program.command('reindex'))
    .argument('[source...]', 'default: all that are configured')
    .description('build the index over the vectors anew, as the configuration says')
    .action(async (sources: string[], options: CommonOptions) => {
      const reports = await withEvervec(options, (evervec) =>
        evervec.reindex(sources.length > 0 ? sources : undefined, actor()),
      );
      if (options.json) return printJson({ sources: reports });
      const rows = reports.map(({ source, is_built, took_ms }) => [
        source,
        is_built ? 'built' : 'too small for one',
        took_ms,
      ]);
      print(formatTable(['source', 'index', 'ms'], rows));
    });
}
