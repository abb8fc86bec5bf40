/**
 * ONNX models in this process by Transformers.js (`@huggingface/transformers`), which is installed by whoever wants it. It
 * runs in a thread of its own. Pooling and prefixes are the model's, and part of its id.
 */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { tokenBound } from '../../chunk/index.ts';
import {
  ConfigError,
  ModelAnswerError,
  ProviderError,
  TextTooLongError,
} from '../../errors/index.ts';
import type { EmbedAnswer, EmbedCall, EmbeddingModel } from '../model.ts';
import { findDimensions, FUSION_WEIGHT } from './ai-sdk.ts';
import { chooseModel, type ProviderSettings } from './catalogue.ts';
import type { ThreadAnswer, ThreadCall, ThreadInput } from './transformers-thread.ts';

const PACKAGE = '@huggingface/transformers';
/** Where the weights of the models that are known by name are, as ONNX. */
const REPOSITORIES: Readonly<Record<string, string>> = {
  'gte-small': 'Supabase/gte-small',
  'all-MiniLM-L6-v2': 'Xenova/all-MiniLM-L6-v2',
};
/** Padded to the longest of them, so more take memory and no less time. */
const MAX_TEXTS = 32;
const DEFAULT_MAX_TOKENS = 512;

/**
 * @param from a folder to find the library from first
 * @throws ConfigError when the library is not installed; ProviderError when the call that finds the dimensions of an
 *   unknown model fails
 */
export async function createTransformersModel(
  settings: ProviderSettings,
  from?: string,
): Promise<EmbeddingModel> {
  const { name, dimensions, known } = chooseModel(settings);
  const { folder, pooling = 'mean', dtype = 'fp32', prefix } = settings;
  const maxTokens = settings.maxInputTokens ?? known?.maxInputTokens ?? DEFAULT_MAX_TOKENS;
  const thread = new Thread(name, {
    library: pathToFileURL(findLibrary(from)).href,
    model: folder === undefined ? (REPOSITORIES[name] ?? name) : name,
    folder: folder === undefined ? null : path.join(path.resolve(folder), path.sep),
    dtype,
    pooling,
    maxTokens,
  });
  const doEmbed = ({ values, kind, abortSignal }: EmbedCall) =>
    thread.embed(
      values.map((text) => (prefix?.[kind] ?? '') + text),
      abortSignal,
    );
  const width = dimensions ?? (await findDimensions('transformers', doEmbed));
  const stamps = [
    ...(pooling === 'mean' ? [] : [pooling]),
    ...(dtype === 'fp32' ? [] : [dtype]),
    ...(prefix === undefined ? [] : [JSON.stringify([prefix.document, prefix.query])]),
  ];
  return {
    provider: 'transformers',
    modelId: name,
    id: ['transformers', name, width, ...stamps].join('/'),
    dimensions: width,
    maxEmbeddingsPerCall: MAX_TEXTS,
    supportsParallelCalls: false,
    maxInputTokens: maxTokens - tokenBound(prefix?.document ?? ''),
    maxBatchTokens: undefined,
    maxBatchBytes: undefined,
    fusionWeight: FUSION_WEIGHT,
    pricePerMillionTokens: 0,
    doEmbed,
  };
}

/** Beside this package, else from where the program runs: it may be installed in the one and not seen from the other. */
function findLibrary(from: string | undefined): string {
  const places = [...(from === undefined ? [] : [path.join(from, 'x')]), import.meta.url];
  for (const place of [...places, path.join(process.cwd(), 'x')])
    try {
      return createRequire(place).resolve(PACKAGE);
    } catch {
      // Not seen from there.
    }
  throw new ConfigError(`Provider transformers needs ${PACKAGE}, which is not installed.`, {
    remedy: `Run "npm install ${PACKAGE}".`,
    isUsage: true,
  });
}

interface Waiting {
  resolve(answer: EmbedAnswer): void;
  reject(error: unknown): void;
}

/** Begun with the first call, and anew after it died; it keeps no program from its end unless a call is under way. */
class Thread {
  readonly #name: string;
  readonly #input: ThreadInput;
  readonly #waiting = new Map<number, Waiting>();
  #worker: Worker | undefined;
  #calls = 0;

  constructor(name: string, input: ThreadInput) {
    this.#name = name;
    this.#input = input;
  }

  /** One that is aborted is computed to its end, and its answer dropped. */
  async embed(texts: readonly string[], signal: AbortSignal | undefined): Promise<EmbedAnswer> {
    signal?.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<EmbedAnswer>();
    const worker = (this.#worker ??= this.#begin());
    const id = this.#calls++;
    this.#waiting.set(id, { resolve, reject });
    worker.ref();
    const giveUp = () => reject(signal?.reason);
    signal?.addEventListener('abort', giveUp, { once: true });
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, no window
    worker.postMessage({ id, texts } satisfies ThreadCall);
    try {
      return await promise;
    } finally {
      signal?.removeEventListener('abort', giveUp);
    }
  }

  #begin(): Worker {
    const worker = new Worker(entry(), { workerData: this.#input, execArgv: [] });
    worker.on('message', (answer: ThreadAnswer) => {
      const waiting = this.#waiting.get(answer.id);
      this.#waiting.delete(answer.id);
      if (this.#waiting.size === 0) worker.unref();
      if ('fault' in answer) waiting?.reject(faultOf(answer, this.#name, this.#input));
      else waiting?.resolve({ embeddings: answer.vectors, usage: { tokens: answer.tokens } });
    });
    let reason = 'ended';
    worker.on('error', (error) => {
      reason = error.name;
    });
    worker.on('exit', () => {
      this.#worker = undefined;
      const fault = new ProviderError(`The thread of model ${this.#name} is gone: ${reason}.`, {
        remedy: 'Nothing if it passes; else check that the machine has memory for the model.',
      });
      for (const { reject } of this.#waiting.values()) reject(fault);
      this.#waiting.clear();
    });
    return worker;
  }
}

/** Beside this module, as TypeScript or built. */
function entry(): URL {
  const extension = path.extname(import.meta.url);
  const beside = new URL(`./transformers-thread${extension}`, import.meta.url);
  if (existsSync(beside)) return beside;
  return new URL(`./embed/providers/transformers-thread${extension}`, import.meta.url);
}

function faultOf(
  { fault, name }: Extract<ThreadAnswer, { fault: string }>,
  model: string,
  { folder }: ThreadInput,
): Error {
  if (fault === 'tooLong')
    return new TextTooLongError(`Model ${model} takes no text as long as one that it was asked.`, {
      remedy: 'Set a smaller chunk.maxChars for the source.',
    });
  if (fault === 'run')
    return new ModelAnswerError(`Model ${model} failed on what it was asked: ${name}.`, {
      remedy: 'Check that it is a model for embeddings (feature extraction).',
    });
  const where = folder === null ? 'the network, or set `folder` to have them' : `${folder}${model}`;
  return new ProviderError(`Model ${model} can't be loaded: ${name}.`, {
    remedy: `It needs config.json, tokenizer.json, tokenizer_config.json and onnx/model.onnx from ${where}.`,
    isRefusal: fault === 'missing',
  });
}
