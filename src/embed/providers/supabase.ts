/**
 * The model that Supabase's Edge Functions have in themselves: `new Supabase.ai.Session('gte-small')`. No key, no price, one text
 * at a time. The runtime cuts a text at 512 tokens and says nothing, so what may be longer is refused here.
 */
import { tokenBound } from '../../chunk/index.ts';
import { ProviderError, TextTooLongError } from '../../errors/index.ts';
import type { EmbedAnswer, EmbedCall, EmbeddingModel } from '../model.ts';
import { FUSION_WEIGHT } from './ai-sdk.ts';

/** The part of Supabase's `Session` that is used; its objects fit in as they are. */
export interface SupabaseSession {
  run(prompt: string, options: { mean_pool: boolean; normalize: boolean }): unknown;
}

const PROVIDER = 'supabase';
const MODEL = 'gte-small';
const DIMENSIONS = 384;
const MAX_TOKENS = 512;
/** Before and after a text. */
const AROUND_TOKENS = 2;
/** A call ends in time, also on the smallest function. */
const MAX_TEXTS = 16;

/**
 * @param session `new Supabase.ai.Session('gte-small')`. Without one, as on the machine that sets the sources up, the model
 *   is known and can't be called.
 */
export function supabaseModel(session?: SupabaseSession): EmbeddingModel {
  async function doEmbed({ values, abortSignal }: EmbedCall): Promise<EmbedAnswer> {
    if (session === undefined)
      throw new ProviderError('Model gte-small of Supabase runs in its Edge Functions alone.', {
        remedy: "Call it there: supabaseModel(new Supabase.ai.Session('gte-small')).",
        isRefusal: true,
      });
    if (values.some((text) => tokenBound(text) > MAX_TOKENS - AROUND_TOKENS))
      throw new TextTooLongError('A text may be longer than gte-small takes.', {
        remedy: 'Set a smaller chunk.maxChars for the source.',
      });
    const embeddings: number[][] = [];
    for (const text of values) {
      abortSignal?.throwIfAborted();
      embeddings.push(await runSession(session, text));
    }
    return { embeddings, usage: undefined };
  }
  return {
    provider: PROVIDER,
    modelId: MODEL,
    id: `${PROVIDER}/${MODEL}/${DIMENSIONS}`,
    dimensions: DIMENSIONS,
    maxEmbeddingsPerCall: MAX_TEXTS,
    supportsParallelCalls: false,
    maxInputTokens: MAX_TOKENS,
    maxBatchTokens: undefined,
    maxBatchBytes: undefined,
    fusionWeight: FUSION_WEIGHT,
    pricePerMillionTokens: 0,
    doEmbed,
  };
}

/** Its types say `unknown`: it is a list of numbers. What it throws may quote the text. */
async function runSession(session: SupabaseSession, text: string): Promise<number[]> {
  try {
    return Array.from((await session.run(text, { mean_pool: true, normalize: true })) as number[]);
  } catch {
    throw new ProviderError('The session of gte-small failed.', {
      remedy: 'Nothing if it passes; the function loads the model from the network when it starts.',
    });
  }
}
