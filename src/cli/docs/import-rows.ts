/** Documents out of a file of rows, and into one. */
import { createWriteStream } from 'node:fs';
import { once } from 'node:events';
import { Option, type Command } from 'commander';
import { readCsv, readJsonl } from '../../document/files.ts';
import { type CommonOptions, withCommonOptions, withEvervec } from '../session.ts';
import { type TakeOptions, withTaking } from './fields.ts';
import { report, takeIn, takeItems } from './take.ts';

export function addImportCsv(docs: Command): void {
  withTaking(docs.command('import-csv'))
    .argument('<file>', 'its first line names the columns: title, content, collection, tags …')
    .description('take the rows of a CSV file in')
    .action(async (file: string, options: TakeOptions) => {
      const taken = await withEvervec(options, (evervec) =>
        takeIn(evervec, takeItems(readCsv(file), options), { ...options, total: null }),
      );
      report(taken, options);
    });
}

export function addImportJsonl(docs: Command): void {
  withTaking(docs.command('import-jsonl'))
    .argument('<file>', 'an object per line, as "docs export" writes them; - reads standard input')
    .description('take the lines of a JSONL file in')
    .action(async (file: string, options: TakeOptions) => {
      const lines = readJsonl(file === '-' ? process.stdin : file);
      const taken = await withEvervec(options, (evervec) =>
        takeIn(evervec, takeItems(lines, options), { ...options, total: null }),
      );
      report(taken, options);
    });
}

interface ExportOptions extends CommonOptions {
  collection?: string;
  output?: string;
}

export function addExport(docs: Command): void {
  withCommonOptions(docs.command('export'))
    .addOption(new Option('--collection <name>', 'only this one'))
    .option('--output <file>', 'where to (default: standard output)')
    .description('write documents as JSONL: fields and text, without earlier versions')
    .action(async ({ collection, output, ...options }: ExportOptions) => {
      const to = output === undefined ? process.stdout : createWriteStream(output);
      await withEvervec(options, async ({ documents }) => {
        for await (const line of documents.export({ collection }))
          if (!to.write(line)) await once(to, 'drain');
      });
      if (to === process.stdout) return;
      to.end();
      await once(to, 'finish');
    });
}
