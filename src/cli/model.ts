/** `evervec model`: what models there are, and whether the configured one answers, without a database; migrations with one. */
import type { Command } from 'commander';
import {
  type EmbedKind,
  type EmbeddingModel,
  isSettings,
  KNOWN_MODELS,
  limitTime,
  type ModelChoice,
  priceOf,
  resolveModel,
} from '../embed/index.ts';
import { ConfigError, ModelAnswerError } from '../errors/index.ts';
import { addMigration } from './migrate.ts';
import { formatTable, print, printJson } from './output.ts';
import { type CommonOptions, resolveConfig, withCommonOptions } from './session.ts';

export function addModel(program: Command): void {
  const model = program
    .command('model')
    .description('models: which there are, a call of yours, and from one to another');
  withCommonOptions(model.command('list'))
    .description('providers and models that are known by name; needs no configuration')
    .action(list);
  withCommonOptions(model.command('test'))
    .description('one real call each for a document and a query; exit code 1 when it fails')
    .action(test);
  addMigration(model);
}

interface Line {
  provider: string;
  model: string;
  dimensions: number;
  maxInputTokens: number | null;
  pricePerMillionTokens: number | null;
  isConfigured: boolean;
}

async function list(options: CommonOptions): Promise<void> {
  const choice = await configured(options);
  const said = choice === 'embedded' ? { provider: 'evervec' as const } : choice;
  const lines = KNOWN_MODELS.map((known, at): Line => ({
    provider: known.provider,
    model: known.model,
    dimensions: known.dimensions,
    maxInputTokens: known.maxInputTokens,
    pricePerMillionTokens: known.pricePerMillionTokens,
    isConfigured:
      isSettings(said) &&
      said.provider === known.provider &&
      (said.model === undefined
        ? KNOWN_MODELS.findIndex((one) => one.provider === known.provider) === at
        : said.model === known.model),
  }));
  if (options.json) {
    printJson(lines);
    return;
  }
  const header = ['', 'provider', 'model', 'dimensions', 'tokens/text', '$/million tokens'];
  const rows = lines.map((line) => [
    line.isConfigured ? '*' : '',
    line.provider,
    line.model,
    line.dimensions,
    line.maxInputTokens,
    line.pricePerMillionTokens,
  ]);
  print(formatTable(header, rows));
  print('* is configured. openai-compatible takes any model of a server of yours.');
}

/** What is configured; undefined without a configuration. */
async function configured(options: CommonOptions): Promise<ModelChoice | undefined> {
  const named = options.config !== undefined || options.sample;
  try {
    return (await resolveConfig(options)).model ?? 'embedded';
  } catch (error) {
    if (named || !(error instanceof ConfigError)) throw error;
    return undefined;
  }
}

interface Tried {
  kind: EmbedKind;
  dimensions: number;
  norm: number;
  ms: number;
  tokens: number | null;
}

const TEXTS: Record<EmbedKind, string> = {
  document: 'Evervec keeps embeddings true to the rows they came from.',
  query: 'What keeps embeddings true?',
};

async function test(options: CommonOptions): Promise<void> {
  const config = await resolveConfig(options);
  const resolved = await resolveModel(config.model);
  const model = limitTime(resolved, config.worker?.timeoutMs);
  const calls = [await tryCall(model, 'document'), await tryCall(model, 'query')];
  const pricePerMillionTokens = priceOf(resolved, config.price);
  if (options.json) {
    printJson({ id: model.id, pricePerMillionTokens, calls });
    return;
  }
  print(`${model.id}, price per million tokens: ${pricePerMillionTokens ?? 'not known'}`);
  const rows = calls.map((call) => [call.kind, call.dimensions, call.norm, call.ms, call.tokens]);
  print(formatTable(['text', 'dimensions', 'norm', 'ms', 'tokens'], rows));
}

async function tryCall(model: EmbeddingModel, kind: EmbedKind): Promise<Tried> {
  const started = performance.now();
  const { embeddings, usage } = await model.doEmbed({ values: [TEXTS[kind]], kind });
  const ms = Math.round((performance.now() - started) * 10) / 10;
  const vector = Array.from(embeddings[0] ?? []);
  const norm = Math.round(Math.hypot(...vector) * 10_000) / 10_000;
  const isRight = embeddings.length === 1 && vector.length === model.dimensions;
  if (isRight && Number.isFinite(norm) && norm > 0)
    return { kind, dimensions: vector.length, norm, ms, tokens: usage?.tokens ?? null };
  throw new ModelAnswerError(
    `Model ${model.id} answered ${vector.length} dimensions of norm ${norm} instead of ${model.dimensions}.`,
    { remedy: 'Set the dimensions that it answers with, or another model.' },
  );
}
