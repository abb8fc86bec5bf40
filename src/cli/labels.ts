/** Labelled queries: which records answer what, for `evervec evaluate --source`. */
import type { Command } from 'commander';
import { LabelError } from '../errors/index.ts';
import { MAX_GRADE } from '../evaluate/index.ts';
import { actor } from './actor.ts';
import { confirm } from './confirm.ts';
import { formatTable, print, printable, printJson } from './output.ts';
import { type CommonOptions, withCommonOptions, withEvervec } from './session.ts';
import { wholeNumber } from './worker.ts';

export function addLabel(program: Command): void {
  withCommonOptions(program.command('label'))
    .argument('<source>')
    .argument('<query>', 'what was asked')
    .argument('<key>', 'of the record, as in a hit')
    .requiredOption(
      '--grade <n>',
      `0 does not answer it, ${MAX_GRADE} answers it best`,
      wholeNumber(0, MAX_GRADE),
    )
    .description('note how well a record answers a query; one for the same two is replaced')
    .action(
      async (
        source: string,
        query: string,
        key: string,
        { grade, ...options }: CommonOptions & { grade: number },
      ) => {
        const label = { source, query, key, grade };
        await withEvervec(options, (evervec) => evervec.labels.add(label, { by: actor() }));
        if (options.json) printJson(label);
        else print(`${source} ${printable(key)}: grade ${grade}`);
      },
    );
}

export function addLabels(program: Command): void {
  const labels = program.command('labels').description('labelled queries: list, delete');
  withCommonOptions(labels.command('list'))
    .argument('[source]')
    .description('queries and how well records answer them')
    .action(list);
  withCommonOptions(labels.command('delete'))
    .argument('<source>')
    .option('--query <text>', 'of this query alone')
    .option('--key <key>', 'of this record alone')
    .option('--all', 'of the whole source')
    .option('--confirm', 'do not ask')
    .description('delete labels')
    .action(remove);
}

async function list(source: string | undefined, options: CommonOptions): Promise<void> {
  const labels = await withEvervec(options, (evervec) => evervec.labels.list(source));
  if (options.json) return printJson({ labels });
  if (labels.length === 0) return print('nothing is labelled');
  const lines = labels.map((label) => [
    label.source,
    label.query,
    label.key,
    label.grade,
    label.by,
    label.at.slice(0, 16).replace('T', ' '),
  ]);
  const header = ['source', 'query', 'key', 'grade', 'by', 'when (UTC)'];
  print(formatTable(header, lines, process.stdout.columns));
}

interface Which extends CommonOptions {
  query?: string;
  key?: string;
  all?: boolean;
  confirm?: boolean;
}

async function remove(
  source: string,
  { query, key, all, confirm: isConfirmed, ...options }: Which,
): Promise<void> {
  const isPart = query !== undefined || key !== undefined;
  if (isPart === (all === true))
    throw new LabelError('Which labels is not said, or said twice.', {
      remedy: 'Name --query, --key or both, or --all.',
      isUsage: true,
    });
  const what = isPart ? 'these labels' : `all labels of ${printable(source)}`;
  if (!(await confirm(`Delete ${what}?`, isConfirmed))) return print('nothing was deleted');
  const deleted = await withEvervec(options, (evervec) =>
    evervec.labels.delete({ source, query, key }, actor()),
  );
  if (options.json) return printJson({ deleted });
  print(`${deleted} deleted`);
}
