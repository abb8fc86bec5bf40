/**
 * A model that takes texts of any length. Chunks are cut to what a model takes by an estimate (`tokenBound`), and a
 * query by nothing; what the model refuses as too long all the same is embedded in parts, and its vector is their mean,
 * each weighted by its length. Nothing is cut off. Calls of several texts are halved until the long one stands alone.
 *
 * The chunk stays one: its offsets and its hash come from the text alone, whatever a server refuses on a day.
 */
import { createTextChunker } from '../chunk/index.ts';
import { TextTooLongError } from '../errors/index.ts';
import { unitVectors } from './embed-texts.ts';
import type { EmbedAnswer, EmbedCall, EmbeddingModel } from './model.ts';

/** A text that is refused at this length, in UTF-16 units, is refused for something else. */
const MIN_CHARS = 24;
const MIN_PART_CHARS = 16;
const MAX_PART_CHARS = 100_000;

export function splitLongTexts(model: EmbeddingModel): EmbeddingModel {
  async function doEmbed(call: EmbedCall): Promise<EmbedAnswer> {
    try {
      return await model.doEmbed(call);
    } catch (error) {
      if (!(error instanceof TextTooLongError)) throw error;
      call.abortSignal?.throwIfAborted();
      const [text, another] = call.values;
      if (text === undefined) throw error;
      if (another !== undefined) return await inHalves(call);
      const parts = halve(text);
      if (parts.length < 2) throw error;
      return await asMean(call, parts);
    }
  }

  async function inHalves(call: EmbedCall): Promise<EmbedAnswer> {
    const middle = Math.ceil(call.values.length / 2);
    const first = await doEmbed({ ...call, values: call.values.slice(0, middle) });
    const second = await doEmbed({ ...call, values: call.values.slice(middle) });
    return {
      embeddings: [...first.embeddings, ...second.embeddings],
      usage: sum(first.usage, second.usage),
    };
  }

  async function asMean(call: EmbedCall, parts: readonly string[]): Promise<EmbedAnswer> {
    const { embeddings, usage } = await doEmbed({ ...call, values: parts });
    const vectors = unitVectors(model, embeddings, parts.length);
    const mean = new Float32Array(model.dimensions);
    for (const [i, vector] of vectors.entries()) {
      const weight = parts[i]?.length ?? 0;
      for (let at = 0; at < mean.length; at++)
        mean[at] = (mean[at] ?? 0) + weight * (vector[at] ?? 0);
    }
    return { embeddings: [mean], usage };
  }

  return Object.create(model, { doEmbed: { value: doEmbed } });
}

function halve(text: string): string[] {
  if (text.length < MIN_CHARS) return [];
  const maxChars = Math.min(MAX_PART_CHARS, Math.max(MIN_PART_CHARS, Math.ceil(text.length / 2)));
  return createTextChunker({ maxChars })
    .chunk(text)
    .map((part) => part.text);
}

function sum(a: EmbedAnswer['usage'], b: EmbedAnswer['usage']): EmbedAnswer['usage'] {
  return a === undefined || b === undefined ? undefined : { tokens: a.tokens + b.tokens };
}
