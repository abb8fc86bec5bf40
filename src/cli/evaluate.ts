/** `evervec evaluate`: how well searches rank, on collections with judged queries. */
import { type Command, InvalidArgumentError } from 'commander';
import type { Config } from '../engine/index.ts';
import { EVALUATED_MODES, evaluate, type EvaluateOptions } from '../engine/evaluate.ts';
import { ConfigError } from '../errors/index.ts';
import { type JudgedQueries, readQueries } from '../evaluate/index.ts';
import type { SearchMode } from '../search/index.ts';
import { confirm } from './confirm.ts';
import { applyEnvironment, readEnvironment } from './environment.ts';
import { findConfig } from './load-config.ts';
import { formatTable, print, printJson, Progress } from './output.ts';
import {
  type CommonOptions,
  createLogger,
  environmentOf,
  resolveConfig,
  untilStopped,
  withCommonOptions,
} from './session.ts';
import { wholeNumber } from './worker.ts';

interface Options extends CommonOptions {
  mode?: SearchMode[];
  split?: string;
  limitQueries?: number;
  maxChars?: number;
  model?: string;
  yes?: boolean;
}

export function addEvaluate(program: Command): void {
  withCommonOptions(program.command('evaluate'))
    .argument('<folder...>', 'in BEIR shape: corpus.jsonl, queries.jsonl, qrels/*.tsv')
    .option('--mode <modes>', 'text, vector, hybrid, with commas between (default: all)', modesOf)
    .option('--split <name>', 'of the judgements (default: the only one, or test)')
    .option('--limit-queries <n>', 'the first judged queries only', wholeNumber(1))
    .option('--max-chars <n>', 'of a chunk (default: whole documents)', wholeNumber(16, 100_000))
    .option('--model <provider/model>', 'in place of the configured one, or "embedded"')
    .option('--yes', 'do not ask (it asks where the model may cost money)')
    .description('measure how well searches rank: nDCG@10 and recall@100 on judged queries')
    .action(run);
}

interface Row extends Record<string, unknown> {
  folder: string;
  modes: Partial<Record<SearchMode, { ndcg10: number; recall100: number }>>;
}

async function run(folders: string[], options: Options): Promise<void> {
  const config = await configOf(options);
  // All of them first: a mistake in the last one is told before the first one is embedded.
  const collections: { folder: string; judged: JudgedQueries }[] = [];
  for (const folder of folders)
    collections.push({ folder, judged: await judgedOf(folder, options) });
  const { signal } = untilStopped();
  const progress = new Progress();
  const rows: Row[] = [];
  for (const { folder, judged } of collections) {
    const evaluation = await evaluate(config, folder, judged, {
      ...(options.mode && { modes: options.mode }),
      ...(options.maxChars !== undefined && { maxChars: options.maxChars }),
      logger: createLogger(),
      signal,
      ...tellers(folder, progress),
      confirm: (estimate) => ask(estimate, progress, options),
    });
    progress.end();
    if (evaluation === null) return print('nothing was done');
    rows.push({ folder, ...evaluation });
  }
  if (!options.json) return print(tableOf(rows));
  printJson(rows.length === 1 ? rows[0] : { folders: rows });
}

async function judgedOf(folder: string, { split, limitQueries }: Options): Promise<JudgedQueries> {
  const judged = await readQueries(folder, split);
  return { ...judged, queries: judged.queries.slice(0, limitQueries) };
}

function tellers(
  folder: string,
  progress: Progress,
): Required<Pick<EvaluateOptions, 'onProgress' | 'onWarning'>> {
  return {
    onProgress: (step, done, total) => {
      if (total === null) progress.update(`${folder}: ${step}: ${done.toLocaleString('en')}`);
      else progress.count(`${folder}: ${step}`, done, total);
    },
    onWarning: (text) => progress.end(`warning: ${folder}: ${text}`),
  };
}

async function ask(
  { model, tokens, cost }: Parameters<NonNullable<EvaluateOptions['confirm']>>[0],
  progress: Progress,
  options: Options,
): Promise<boolean> {
  if (options.yes) return true;
  progress.end();
  const price = cost === null ? 'price unknown' : `about ${cost.toFixed(2)}`;
  const question = `Embed ${tokens.toLocaleString('en')} tokens with ${model} (${price})?`;
  return await confirm(question, false, '--yes');
}

function tableOf(rows: readonly Row[]): string {
  const lines = rows.flatMap((row) =>
    Object.entries(row.modes).map(([mode, { ndcg10, recall100 }]) => [
      row.folder,
      mode,
      ndcg10.toFixed(4),
      recall100.toFixed(4),
      Number(row['queries']),
      Number(row['documents']),
      String(row['model']),
    ]),
  );
  const header = ['folder', 'mode', 'nDCG@10', 'recall@100', 'queries', 'documents', 'model'];
  return formatTable(header, lines);
}

/** Works without a configuration too, then in memory. */
async function configOf(options: Options): Promise<Config> {
  const isTold = options.config !== undefined || options.sample === true;
  const config =
    isTold || findConfig(process.cwd()) !== null
      ? await resolveConfig(options)
      : bareConfig(options);
  return options.model === undefined ? config : withModel(config, options.model);
}

function bareConfig({ database }: Options): Config {
  const config = applyEnvironment({ sources: {} }, environmentOf());
  return { ...config, database: database ?? config.database ?? ':memory:' };
}

/** As if the environment named it: addresses and keys come from where they do otherwise. */
function withModel(config: Config, reference: string): Config {
  const slash = reference.indexOf('/');
  const [provider, name] =
    slash < 0 ? [reference, ''] : [reference.slice(0, slash), reference.slice(slash + 1)];
  if (provider === '' || (slash >= 0 && name === ''))
    throw new ConfigError(`--model ${reference} is not a provider and a model.`, {
      remedy: 'Write it as openai/text-embedding-3-small; see "evervec model list".',
      isUsage: true,
    });
  const variables = { ...process.env, EMBEDDING_PROVIDER: provider, EMBEDDING_MODEL: name };
  const { database } = config;
  return { ...applyEnvironment(config, readEnvironment(variables)), database };
}

function modesOf(text: string): SearchMode[] {
  const wanted = new Set(text.split(','));
  const modes = EVALUATED_MODES.filter((mode) => wanted.delete(mode));
  if (wanted.size > 0)
    throw new InvalidArgumentError(`${text} is not of ${EVALUATED_MODES.join(', ')}.`);
  return modes;
}
