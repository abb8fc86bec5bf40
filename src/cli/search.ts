import { type Command, InvalidArgumentError } from 'commander';
import { SearchRequestError } from '../errors/index.ts';
import {
  EXPERT_RANGES,
  type FieldFilter,
  type Filter,
  type SearchExpert,
  type SearchMode,
} from '../search/index.ts';
import { canEmphasize, formatHits } from './hits.ts';
import { formatExplanation, print, printJson } from './output.ts';
import { type CommonOptions, withCommonOptions, withEvervec } from './session.ts';
import { wholeNumber } from './worker.ts';

interface Options extends CommonOptions {
  source?: string[];
  mode?: SearchMode;
  filter?: Filter;
  limit?: number;
  offset?: number;
  explain?: boolean;
  rerank?: boolean;
  highlight?: boolean;
  neighbors?: number;
}

interface ExpertOptions {
  exact?: boolean;
  efSearch?: number;
  probes?: number;
  candidates?: number;
  rrfK?: number;
  weights?: { vector: number; text: number };
}

export function addSearch(program: Command): void {
  const command = withCommonOptions(program.command('search'))
    .argument('<query>', 'what to look for')
    .option('--source <names>', 'only these sources, with commas between', (names) =>
      names.split(','),
    )
    .option('--mode <mode>', 'hybrid, vector or text', 'hybrid');
  withNarrowing(command)
    .option('--rrf-k <n>', 'hybrid by reciprocal ranks, with this constant', range('rrfK'))
    .option('--weights <vector,text>', 'what the legs weigh, each 0 to 1', readWeights)
    .option('--highlight', "tell where the query's words are; on a terminal they are shown anyway")
    .option('--neighbors <n>', 'chunks before and after each hit, 0 to 5', wholeNumber(0, 5))
    .option('--rerank', 'let the configured re-ranker order the best hits')
    .option('--explain', 'say how it was found')
    .description('search by meaning, by words, or both')
    .action(async (query: string, options: Options & ExpertOptions) => {
      const { source, mode, explain, rerank, highlight, neighbors } = options;
      const isShown = options.json !== true && canEmphasize();
      const answer = await withEvervec(options, (evervec) =>
        evervec.search({
          query,
          ...narrowed(options),
          ...(source && { sources: source }),
          ...(mode && { mode }),
          ...(explain && { explain }),
          ...(rerank && { rerank }),
          ...((highlight || isShown) && { highlight: true }),
          ...(neighbors !== undefined && { neighbors }),
        }),
      );
      if (options.json) return printJson(answer);
      if (answer.warning !== undefined) process.stderr.write(`warning: ${answer.warning}\n`);
      print(answer.hits.length > 0 ? formatHits(query, answer) : `"${query}": nothing found`);
      if (answer.explain) print(`\n${formatExplanation(answer.explain)}`);
    });
}

export function addSimilar(program: Command): void {
  const command = withCommonOptions(program.command('similar'))
    .argument('<source>', 'where the record is')
    .argument('<key>', 'its key, as a hit has it');
  withNarrowing(command)
    .description('find the records that are nearest to one of them')
    .action(async (source: string, key: string, options: Options & ExpertOptions) => {
      const answer = await withEvervec(options, (evervec) =>
        evervec.similar({ source, key, ...narrowed(options) }),
      );
      if (options.json) return printJson(answer);
      print(answer.hits.length > 0 ? formatHits(key, answer) : `"${key}": nothing is near it`);
    });
}

function withNarrowing(command: Command): Command {
  return command
    .option(
      '--filter <filter>',
      'column=value, column>=value …, or a JSON object; may be repeated',
      addFilter,
    )
    .option('--limit <n>', 'hits, 1 to 1000', wholeNumber(1, 1_000), 10)
    .option('--offset <n>', 'hits to skip', wholeNumber(0, 10_000), 0)
    .option('--exact', 'look at every vector')
    .option('--ef-search <n>', 'what an HNSW index holds in view', range('efSearch'))
    .option('--probes <n>', 'lists of an IVFFlat index to look at', range('probes'))
    .option('--candidates <n>', 'chunks that each leg gives at first', range('candidates'));
}

function range(name: keyof typeof EXPERT_RANGES) {
  const [least, most] = EXPERT_RANGES[name];
  return wholeNumber(least, most);
}

function readWeights(text: string): { vector: number; text: number } {
  const [vector = Number.NaN, words = Number.NaN, ...others] = text.split(',').map(Number);
  const isFit = [vector, words].every((weight) => weight >= 0 && weight <= 1);
  if (!isFit || vector + words === 0 || others.length > 0)
    throw new InvalidArgumentError(`${text} is not two numbers from 0 to 1, not both 0: 0.5,0.5.`);
  return { vector, text: words };
}

/** What searches of both kinds take. */
function narrowed(options: Options & ExpertOptions) {
  const { filter, limit, offset, exact, efSearch, probes, candidates, rrfK, weights } = options;
  const expert: SearchExpert = {
    ...(exact && { exact }),
    ...(efSearch !== undefined && { efSearch }),
    ...(probes !== undefined && { probes }),
    ...(candidates !== undefined && { candidates }),
    ...(rrfK !== undefined && { rrfK }),
    ...(weights && { weights }),
  };
  return {
    ...(filter && { filter }),
    ...(limit !== undefined && { limit }),
    ...(offset !== undefined && { offset }),
    ...(Object.keys(expert).length > 0 && { expert }),
  };
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
