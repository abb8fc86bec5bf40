/** `evervec context`: passages for a prompt. */
import type { Command } from 'commander';
import type { Filter, SearchMode } from '../search/index.ts';
import { print, printable, printJson } from './output.ts';
import { addFilter } from './search.ts';
import { type CommonOptions, withCommonOptions, withEvervec } from './session.ts';
import { wholeNumber } from './worker.ts';

interface Options extends CommonOptions {
  tokens: number;
  source?: string[];
  mode: SearchMode;
  filter?: Filter;
  limit: number;
  neighbors: number;
  rerank?: boolean;
}

export function addContext(program: Command): void {
  withCommonOptions(program.command('context'))
    .argument('<query>', 'what to look for')
    .option('--tokens <n>', 'that the text may have, 1 to 200000', wholeNumber(1, 200_000), 2_000)
    .option('--source <names>', 'only these sources, with commas between', (names) =>
      names.split(','),
    )
    .option('--mode <mode>', 'hybrid, vector or text', 'hybrid')
    .option('--filter <filter>', 'as of search; may be repeated', addFilter)
    .option('--limit <n>', 'records that are looked at, 1 to 100', wholeNumber(1, 100), 20)
    .option('--neighbors <n>', 'chunks either side of the best, 0 to 5', wholeNumber(0, 5), 1)
    .option('--rerank', 'let the configured re-ranker order the best hits')
    .description('passages for a prompt, within a number of tokens, with where they are from')
    .action(run);
}

async function run(
  query: string,
  { tokens, source, mode, filter, limit, neighbors, rerank, ...options }: Options,
): Promise<void> {
  const answer = await withEvervec(options, (evervec) =>
    evervec.context({
      query,
      tokens,
      mode,
      limit,
      neighbors,
      ...(rerank && { rerank }),
      ...(source && { sources: source }),
      ...(filter && { filter }),
    }),
  );
  if (options.json) return printJson(answer);
  if (answer.warning !== undefined) process.stderr.write(`warning: ${answer.warning}\n`);
  if (answer.reason !== undefined) return print(`"${query}": ${answer.reason}`);
  // Its line ends are its own; what else controls a terminal comes from users' tables.
  print(answer.text.split('\n').map(printable).join('\n'));
}
