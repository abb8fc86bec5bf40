/** `evervec evaluate`: how well searches rank, on collections with judged queries or on a source's labelled ones. */
import path from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import type { Config } from '../engine/index.ts';
import { EVALUATED_MODES, evaluate, type EvaluateOptions } from '../engine/evaluate.ts';
import { ConfigError, EvaluationError } from '../errors/index.ts';
import { type JudgedQueries, readQueries, type Run } from '../evaluate/index.ts';
import type { SearchMode } from '../search/index.ts';
import { keepRuns, type Row, showHistory, tableOf } from './evaluate-runs.ts';
import { confirm } from './confirm.ts';
import { applyEnvironment, readEnvironment } from './environment.ts';
import { findConfig } from './load-config.ts';
import { print, printJson, Progress } from './output.ts';
import {
  type CommonOptions,
  createLogger,
  environmentOf,
  resolveConfig,
  untilStopped,
  withCommonOptions,
  withEvervec,
} from './session.ts';
import { wholeNumber } from './worker.ts';

interface Options extends CommonOptions {
  mode?: SearchMode[];
  split?: string;
  limitQueries?: number;
  maxChars?: number;
  model?: string;
  source?: string[];
  rerank?: boolean;
  history?: boolean;
  yes?: boolean;
}

export function addEvaluate(program: Command): void {
  withCommonOptions(program.command('evaluate'))
    .argument('[folder...]', 'in BEIR shape: corpus.jsonl, queries.jsonl, qrels/*.tsv')
    .option(
      '--source <names>',
      'on queries that are labelled (evervec label), as they are now',
      (names) => names.split(','),
    )
    .option('--mode <modes>', 'text, vector, hybrid, with commas between (default: all)', modesOf)
    .option('--split <name>', 'of the judgements (default: the only one, or test)')
    .option('--limit-queries <n>', 'the first judged queries only', wholeNumber(1))
    .option('--max-chars <n>', 'of a chunk (default: whole documents)', wholeNumber(16, 100_000))
    .option('--model <provider/model>', 'in place of the configured one, or "embedded"')
    .option('--rerank', 'each mode also with the configured re-ranker')
    .option('--history', 'what evaluations found so far, each beside the one before it')
    .option('--yes', 'do not ask (it asks where the model may cost money)')
    .description('measure how well searches rank: nDCG@10, MRR@10 and recall@100 on judged queries')
    .action(run);
}

async function run(folders: string[], options: Options): Promise<void> {
  const { source = [], history } = options;
  if (history) return await showHistory([...folders, ...source], options);
  if (folders.length > 0 && source.length === 0) return await evaluateFolders(folders, options);
  if (source.length > 0 && folders.length === 0) return await evaluateSources(source, options);
  throw new EvaluationError(
    folders.length > 0 ? 'A folder and a source are not measured at once.' : 'Nothing is named.',
    { remedy: 'Name a folder with a collection, or --source NAME.', isUsage: true },
  );
}

/** Against the space that is searched, with its model; nothing but the figures is written. */
async function evaluateSources(sources: readonly string[], options: Options): Promise<void> {
  const { mode, rerank, limitQueries, json } = options;
  for (const name of ['split', 'maxChars', 'model'] as const)
    if (options[name] !== undefined)
      throw new EvaluationError(`A source is measured as it is: ${name} says nothing of it.`, {
        remedy: 'Leave it out, or name a folder.',
        isUsage: true,
      });
  const { signal } = untilStopped();
  const progress = new Progress();
  const rows = await withEvervec(options, async ({ labels }) => {
    const found: Row[] = [];
    for (const source of sources) {
      const warned = new Set<string>();
      const evaluation = await labels.evaluate(source, {
        modes: mode,
        rerank,
        limitQueries,
        signal,
        onProgress: (done, total) => progress.count(`${source}: searching`, done, total),
        onWarning: (text) => {
          if (warned.size < warned.add(text).size) progress.end(`warning: ${source}: ${text}`);
        },
      });
      progress.end();
      const settings = limitQueries === undefined ? {} : { limitQueries };
      const { model, queries, modes } = evaluation;
      const subject = { subject: 'source' as const, name: source, split: null, documents: null };
      await labels.keep({ ...subject, model, queries, settings, modes });
      found.push({ name: source, ...evaluation });
    }
    return found;
  });
  if (!json) return print(tableOf('source', rows));
  const shown = rows.map(({ name: _, ...row }) => row);
  printJson(shown.length === 1 ? shown[0] : { sources: shown });
}

async function evaluateFolders(folders: readonly string[], options: Options): Promise<void> {
  const config = await configOf(options);
  // All of them first: a mistake in the last one is told before the first one is embedded.
  const collections: { folder: string; judged: JudgedQueries }[] = [];
  for (const folder of folders)
    collections.push({ folder, judged: await judgedOf(folder, options) });
  const { signal } = untilStopped();
  const progress = new Progress();
  const rows: Row[] = [];
  const runs: Omit<Run, 'version'>[] = [];
  for (const { folder, judged } of collections) {
    const evaluation = await evaluate(config, folder, judged, {
      ...(options.mode && { modes: options.mode }),
      ...(options.maxChars !== undefined && { maxChars: options.maxChars }),
      ...(options.rerank && { rerank: true }),
      logger: createLogger(),
      signal,
      ...tellers(folder, progress),
      confirm: (estimate) => ask(estimate, progress, options),
    });
    progress.end();
    if (evaluation === null) return print('nothing was done');
    rows.push({ name: folder, ...evaluation });
    const { limitQueries, maxChars } = options;
    const settings = {
      ...(limitQueries !== undefined && { limitQueries }),
      ...(maxChars !== undefined && { maxChars }),
    };
    const name = path.basename(path.resolve(folder));
    runs.push({ ...evaluation, subject: 'folder', name, settings });
  }
  await keepRuns(config, runs);
  if (!options.json) return print(tableOf('folder', rows));
  const shown = rows.map(({ name, ...row }) => ({ folder: name, ...row }));
  printJson(shown.length === 1 ? shown[0] : { folders: shown });
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
