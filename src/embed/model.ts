/**
 * The contract between Evervec and whatever turns texts into vectors. It is the Vercel AI SDK's
 * embedding model (`doEmbed`, `maxEmbeddingsPerCall`, `supportsParallelCalls`) with the promises
 * resolved, plus what a store of vectors has to know: a stable id, the width, the limits.
 *
 * Models answer calls; they do not batch, retry, normalise or cache (`embedTexts` and the worker do).
 */
import type { CallPurpose } from './cause.ts';

export interface EmbeddingModel {
  /** Who answers, for logs and the ledger, for example `openai`. */
  readonly provider: string;
  /** The provider's own name of the model, for example `text-embedding-3-small`. */
  readonly modelId: string;
  /**
   * Stamped on a space, and compared before a search: two models share an id only if they give the
   * same vectors for the same texts. So it names provider, model, version, dimensions and anything
   * else that changes a vector (prefix, pooling, quantisation).
   */
  readonly id: string;
  /** Width of every vector, at least 1. */
  readonly dimensions: number;
  /** Texts that one call takes; undefined = unlimited. */
  readonly maxEmbeddingsPerCall: number | undefined;
  /** Whether several calls may be under way at once. */
  readonly supportsParallelCalls: boolean;
  /** Tokens of one text that the model looks at; undefined = all. Chunk sizes are checked against it. */
  readonly maxInputTokens: number | undefined;
  /** Tokens that all texts of one call may have together; undefined = unlimited. */
  readonly maxBatchTokens: number | undefined;
  /** UTF-8 bytes that all texts of one call may have together; undefined = unlimited. */
  readonly maxBatchBytes: number | undefined;
  /**
   * Share of the vector leg in a hybrid search's score, 0 (words only) to 1 (vectors only). It is
   * the model's, not a global constant: a weak model needs little (0.2), equals need about a half.
   */
  readonly fusionWeight: number;
  /** List price in US dollars, where it is known. The configuration's goes before it. */
  readonly pricePerMillionTokens?: number | undefined;

  /**
   * Embeds `values` (string[] (n), n within `maxEmbeddingsPerCall`) into n × `dimensions` numbers, in
   * the same order, of any length: the caller normalises. Rejects when the provider does, and when
   * `abortSignal` aborts.
   */
  doEmbed(call: EmbedCall): Promise<EmbedAnswer>;
}

/** `document` is what gets stored, `query` is what gets asked: some models embed them differently. */
export type EmbedKind = 'document' | 'query';

export interface EmbedCall {
  readonly values: readonly string[];
  readonly kind: EmbedKind;
  readonly abortSignal?: AbortSignal | undefined;
  /** For the ledger and the budget; a model takes no notice of it. */
  readonly purpose?: CallPurpose | undefined;
}

export interface EmbedAnswer {
  /** (n × dimensions), one per value, in the order of the values. */
  readonly embeddings: readonly (Float32Array | readonly number[])[];
  /** What the provider counted (and bills); undefined when it does not say. */
  readonly usage: { readonly tokens: number } | undefined;
}
