import type { Command } from 'commander';
import { SearchRequestError } from '../errors/index.ts';
import type { Filter, SearchMode } from '../search/index.ts';
import { formatHits, print, printJson } from './output.ts';
import { type CommonOptions, withCommonOptions, withEvervec } from './session.ts';
import { wholeNumber } from './worker.ts';

interface Options extends CommonOptions {
  source?: string[];
  mode?: SearchMode;
  filter?: Filter;
  limit?: number;
  offset?: number;
  rerank?: boolean;
}

export function addSearch(program: Command): void {
  withCommonOptions(program.command('search'))
    .argument('<query>', 'what to look for')
    .option('--source <names>', 'only these sources, with commas between', (names) =>
      names.split(','),
    )
    .option('--mode <mode>', 'hybrid, vector or text', 'hybrid')
    .option(
      '--filter <filter>',
      'column=value, column>=value …, or a JSON object; may be repeated',
      addFilter,
    )
    .option('--limit <n>', 'hits, 1 to 1000', wholeNumber(1, 1_000), 10)
    .option('--offset <n>', 'hits to skip', wholeNumber(0, 10_000), 0)
    .option('--rerank', 'let the configured re-ranker order the best hits')
    .description('search by meaning, by words, or both')
    .action(
      async (
        query: string,
        { source, mode, filter, limit, offset, rerank, ...options }: Options,
      ) => {
        const answer = await withEvervec(options, (evervec) =>
          evervec.search({
            query,
            ...(source && { sources: source }),
            ...(mode && { mode }),
            ...(filter && { filter }),
            ...(limit !== undefined && { limit }),
            ...(offset !== undefined && { offset }),
            ...(rerank && { rerank }),
          }),
        );
        if (options.json) return printJson(answer);
        if (answer.warning !== undefined) process.stderr.write(`warning: ${answer.warning}\n`);
        print(answer.hits.length > 0 ? formatHits(query, answer) : `"${query}": nothing found`);
      },
    );
}

const OPERATORS = {
  '=': '$eq',
  '!=': '$ne',
  '>': '$gt',
  '>=': '$gte',
  '<': '$lt',
  '<=': '$lte',
} as const;

/** @throws SearchRequestError */
export function addFilter(text: string, before: Filter = {}): Filter {
  if (text.trimStart().startsWith('{')) {
    try {
      return { ...before, ...JSON.parse(text) };
    } catch (error) {
      throw new SearchRequestError(`The filter is not JSON: ${(error as Error).message}.`, {
        remedy: `Write it like '{"status": "open", "seats": {"$gte": 6}}'.`,
        isUsage: true,
      });
    }
  }
  const match = /^\s*([^=!<>]+?)\s*(!=|>=|<=|=|>|<)\s*(.*)$/s.exec(text);
  const [, column = '', operator = '', value = ''] = match ?? [];
  if (column === '')
    throw new SearchRequestError(`The filter ${JSON.stringify(text)} has no comparison.`, {
      remedy: `Write column=value, or one of ${Object.keys(OPERATORS).join(' ')}.`,
      isUsage: true,
    });
  const earlier = before[column];
  const conditions = typeof earlier === 'object' && earlier !== null ? earlier : {};
  return {
    ...before,
    [column]: { ...conditions, [OPERATORS[operator as keyof typeof OPERATORS]]: value },
  };
}
