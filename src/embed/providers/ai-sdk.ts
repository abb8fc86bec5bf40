/**
 * Any embedding model object of the AI SDK (specification v2 and later) as an `EmbeddingModel`. It neither retries nor
 * believes: order is put right or refused here, count, width and values are `embedTexts`'s. What a library throws
 * carries texts and header fields, so it never leaves this file.
 */
import { tokenBound } from '../../chunk/index.ts';
import { ModelAnswerError, ProviderError, TextTooLongError } from '../../errors/index.ts';
import type { EmbedAnswer, EmbedCall, EmbedKind, EmbeddingModel } from '../model.ts';
import { providerFault } from '../provider-fault.ts';
import { isTooLong } from '../too-long.ts';
import { base64Vector } from './base64.ts';

/** Neither words nor vectors are known to be the better: a model that was not measured here gets half. */
export const FUSION_WEIGHT = 0.5;

type Options = Record<string, Record<string, string | number | boolean>>;

/** The part of the AI SDK's `EmbeddingModelV2` to `V4` that is used; its objects fit in as they are. */
export interface AiSdkModel {
  readonly specificationVersion: string;
  readonly provider: string;
  readonly modelId: string;
  readonly maxEmbeddingsPerCall: number | undefined | PromiseLike<number | undefined>;
  readonly supportsParallelCalls: boolean | PromiseLike<boolean>;
  // A method, so that the SDK's own option types, which are wider, are accepted.
  doEmbed(options: {
    values: string[];
    abortSignal?: AbortSignal;
    providerOptions?: Options;
  }): PromiseLike<AiSdkAnswer>;
}

interface AiSdkAnswer {
  readonly embeddings: readonly (readonly number[])[];
  readonly usage?: { readonly tokens: number } | undefined;
  readonly response?: { readonly body?: unknown } | undefined;
}

export interface AiSdkChoices {
  /** Who answers; default the object's own. */
  readonly provider?: string | undefined;
  /** What is stamped on a space; default `provider/model/dimensions`. */
  readonly id?: string | undefined;
  /** Default found by one call. */
  readonly dimensions?: number | undefined;
  /** Default the object's own. */
  readonly maxEmbeddingsPerCall?: number | undefined;
  /** Of one text; default unknown. */
  readonly maxInputTokens?: number | undefined;
  /** Of one call; default unlimited. */
  readonly maxBatchTokens?: number | undefined;
  /** 0 to 1, default 0.5. */
  readonly fusionWeight?: number | undefined;
  /** US dollars; default unknown. */
  readonly pricePerMillionTokens?: number | undefined;
  /** Put before each text. Changes the vectors, so it belongs into `id`. */
  readonly prefix?: Readonly<Record<EmbedKind, string>> | undefined;
  /** What to do where the provider answers 404; default to check the name. */
  readonly remedyWhenMissing?: string | undefined;
  /** The SDK's provider options, by what is embedded. */
  readonly providerOptions?: Readonly<Record<EmbedKind, Options>> | undefined;
}

/**
 * @throws ProviderError, ModelAnswerError from the call that finds the dimensions, where they are not told
 */
export async function fromAiSdk(
  model: AiSdkModel,
  choices: AiSdkChoices = {},
): Promise<EmbeddingModel> {
  const provider = choices.provider ?? model.provider;
  const ownMost = await model.maxEmbeddingsPerCall;
  const doEmbed = (call: EmbedCall) => callModel(model, provider, choices, call);
  const dimensions = choices.dimensions ?? (await findDimensions(provider, doEmbed));
  return {
    provider,
    modelId: model.modelId,
    id: choices.id ?? `${provider}/${model.modelId}/${dimensions}`,
    dimensions,
    maxEmbeddingsPerCall: choices.maxEmbeddingsPerCall ?? ownMost,
    supportsParallelCalls: await model.supportsParallelCalls,
    maxInputTokens: withoutPrefix(choices),
    maxBatchTokens: choices.maxBatchTokens,
    maxBatchBytes: undefined,
    fusionWeight: choices.fusionWeight ?? FUSION_WEIGHT,
    pricePerMillionTokens: choices.pricePerMillionTokens,
    doEmbed,
  };
}

/** What is left for a document's own text. */
function withoutPrefix({ maxInputTokens, prefix }: AiSdkChoices): number | undefined {
  if (maxInputTokens === undefined) return undefined;
  return maxInputTokens - tokenBound(prefix?.document ?? '');
}

/** How long the call that finds the dimensions may take, ms. */
const FIND_MS = 30_000;

/** @throws ModelAnswerError, or what the call throws */
export async function findDimensions(
  provider: string,
  doEmbed: (call: EmbedCall) => Promise<EmbedAnswer>,
): Promise<number> {
  const abortSignal = AbortSignal.timeout(FIND_MS);
  const { embeddings } = await doEmbed({ values: ['evervec'], kind: 'query', abortSignal });
  const width = embeddings[0]?.length ?? 0;
  if (embeddings.length === 1 && width > 0) return width;
  throw new ModelAnswerError(`${provider} answered no embedding for one text.`, {
    remedy: 'Check the name of the model, and that it is one for embeddings.',
  });
}

async function callModel(
  model: AiSdkModel,
  provider: string,
  { prefix, providerOptions, remedyWhenMissing }: AiSdkChoices,
  { values, kind, abortSignal }: EmbedCall,
): Promise<EmbedAnswer> {
  const before = prefix?.[kind] ?? '';
  try {
    const answer = await model.doEmbed({
      values: values.map((text) => before + text),
      ...(abortSignal && { abortSignal }),
      ...(providerOptions && { providerOptions: providerOptions[kind] }),
    });
    const embeddings = inOrder(answer, provider);
    const tokens = answer.usage?.tokens;
    return { embeddings, usage: Number.isFinite(tokens) ? { tokens: tokens ?? 0 } : undefined };
  } catch (error) {
    // A time limit or a stop: the caller knows its own reason.
    if (abortSignal?.aborted) throw abortSignal.reason;
    throw withoutText(error, provider, remedyWhenMissing);
  }
}

/** OpenAI's wire format numbers the embeddings, and its libraries take them as they come. */
function inOrder(
  { embeddings, response }: AiSdkAnswer,
  provider: string,
): EmbedAnswer['embeddings'] {
  const body = response?.body;
  const data = typeof body === 'object' && body !== null && 'data' in body ? body.data : undefined;
  if (!Array.isArray(data) || data.length !== embeddings.length) return embeddings;
  const given = embeddings.map((numbers, i) => base64Vector(data[i], provider) ?? numbers);
  const places = data.map((one: { index?: unknown } | null) => one?.index);
  if (places.every((place) => place === undefined)) return given;
  const ordered = given.map((_, i) => given[places.indexOf(i)]);
  if (ordered.every((one) => one !== undefined)) return ordered;
  throw new ModelAnswerError(`${provider} answered embeddings that are numbered wrongly.`, {
    remedy: 'Check the server: each embedding needs the index of its text.',
  });
}

/** What went wrong, without what was asked and with which key. */
function withoutText(error: unknown, provider: string, whenMissing: string | undefined): Error {
  if (error instanceof ModelAnswerError) return error;
  const tooLong = tooLongFault(error, provider);
  if (tooLong !== null) return tooLong;
  const fault = providerFault(error, provider);
  if (fault !== null)
    return new ProviderError(fault.message, {
      remedy: (statusOf(error) === 404 ? whenMissing : undefined) ?? fault.remedy,
      retryAfterMs: fault.retryAfterMs,
      isRefusal: fault.isRefusal,
      mayBeBilled: fault.mayBeBilled,
    });
  const status = statusOf(error);
  return status >= 400
    ? new ModelAnswerError(`${provider} refused what it was asked: ${status}.`, {
        remedy: 'Check the name of the model, and that it is one for embeddings.',
        mayBeBilled: false,
      })
    : new ModelAnswerError(`${provider} answered what can't be read as embeddings.`, {
        remedy: 'Check the address, and that the model is one for embeddings.',
      });
}

function statusOf(error: unknown): number {
  const status =
    typeof error === 'object' && error !== null && 'statusCode' in error ? error.statusCode : null;
  return typeof status === 'number' ? status : 0;
}

function tooLongFault(error: unknown, provider: string): TextTooLongError | null {
  if (!(error instanceof Error)) return null;
  const body =
    'responseBody' in error && typeof error.responseBody === 'string' ? error.responseBody : '';
  if (!isTooLong(statusOf(error), `${error.message} ${body}`)) return null;
  return new TextTooLongError(`${provider} takes no text as long as one that it was asked.`, {
    remedy: 'Set a smaller chunk.maxChars for the source.',
  });
}
