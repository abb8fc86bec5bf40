import type { Command } from 'commander';
import { SearchRequestError } from '../errors/index.ts';
import type { FieldFilter, Filter, SearchMode } from '../search/index.ts';
import { canEmphasize, formatHits } from './hits.ts';
import { print, printJson } from './output.ts';
import { type CommonOptions, withCommonOptions, withEvervec } from './session.ts';
import { wholeNumber } from './worker.ts';

interface Options extends CommonOptions {
  source?: string[];
  mode?: SearchMode;
  filter?: Filter;
  limit?: number;
  offset?: number;
  highlight?: boolean;
  neighbors?: number;
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
    .option('--highlight', "tell where the query's words are; on a terminal they are shown anyway")
    .option('--neighbors <n>', 'chunks before and after each hit, 0 to 5', wholeNumber(0, 5))
    .description('search by meaning, by words, or both')
    .action(async (query: string, { source, mode, filter, limit, offset, ...options }: Options) => {
      const { highlight, neighbors, ...common } = options;
      const isShown = options.json !== true && canEmphasize();
      const answer = await withEvervec(common, (evervec) =>
        evervec.search({
          query,
          ...(source && { sources: source }),
          ...(mode && { mode }),
          ...(filter && { filter }),
          ...(limit !== undefined && { limit }),
          ...(offset !== undefined && { offset }),
          ...((highlight || isShown) && { highlight: true }),
          ...(neighbors !== undefined && { neighbors }),
        }),
      );
      if (options.json) return printJson(answer);
      print(answer.hits.length > 0 ? formatHits(query, answer) : `"${query}": nothing found`);
    });
}

const OPERATORS = {
  '=': '$eq',
  '!=': '$ne',
  '>': '$gt',
  '>=': '$gte',
  '<': '$lt',
  '<=': '$lte',
} as const;

/**
 * Narrows `before` by one more `--filter`: all of them must hold.
 * @throws SearchRequestError
 */
export function addFilter(text: string, before: Filter = {}): Filter {
  const next = text.trimStart().startsWith('{') ? parseFilter(text) : comparison(text);
  const [column = ''] = Object.keys(next);
  const [earlier, later] = [before, next].map((one) => (one as FieldFilter)[column]);
  if (isCondition(earlier) && isCondition(later) && Object.keys(next).length === 1) {
    const isTwice = Object.keys(later).some((operator) => operator in earlier);
    if (!isTwice) return { ...before, [column]: { ...earlier, ...later } };
  }
  const overlaps = Object.keys(next).some((name) => Object.hasOwn(before, name));
  return overlaps ? { $and: [before, next] } : { ...before, ...next };
}

function isCondition(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parseFilter(text: string): Filter {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new SearchRequestError(`The filter is not JSON: ${(error as Error).message}.`, {
      remedy: `Write it like '{"status": "open", "seats": {"$gte": 6}}'.`,
      isUsage: true,
    });
  }
}

function comparison(text: string): FieldFilter {
  const match = /^\s*([^=!<>]+?)\s*(!=|>=|<=|=|>|<)\s*(.*)$/s.exec(text);
  const [, column = '', operator = '', value = ''] = match ?? [];
  if (column !== '')
    return { [column]: { [OPERATORS[operator as keyof typeof OPERATORS]]: value } };
  throw new SearchRequestError(`The filter ${JSON.stringify(text)} has no comparison.`, {
    remedy: `Write column=value, or one of ${Object.keys(OPERATORS).join(' ')}.`,
    isUsage: true,
  });
}
