/**
 * From texts to unit vectors through any `EmbeddingModel`: equal texts once (I5), calls within the
 * model's limits, answers checked before anyone believes them.
 *
 * It does not retry, wait for quotas or cache: a fault comes out as it is, for the caller to judge.
 */
import { BudgetReachedError, ModelAnswerError } from '../errors/index.ts';
import type { CallPurpose } from './cause.ts';
import type { EmbedKind, EmbeddingModel } from './model.ts';
import { planCalls } from './plan-calls.ts';

/** Enough to hide a provider's latency, few enough not to meet its rate limit on the first minute. */
const DEFAULT_PARALLEL_CALLS = 4;
/** A vector this near to length 1 is left as it is, so that its bytes are the model's own. */
const UNIT_TOLERANCE = 1e-6;

/** A `Map` is one. */
export interface KnownVectors {
  get(text: string): Float32Array | undefined;
  set(text: string, vector: Float32Array): unknown;
}

export interface EmbedTextsOptions {
  /** Default `document`. */
  readonly kind?: EmbedKind | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Calls under way at once where the model supports it, at least 1. Default 4. */
  readonly parallelCalls?: number | undefined;
  /**
   * Vectors by text that earlier calls gave. They are not asked for again, and those of this call are added as they
   * come, also when another part of it fails: what is tried again in halves pays for nothing twice (I5).
   */
  readonly paid?: KnownVectors | undefined;
  /** For the ledger and the budget. */
  readonly purpose?: CallPurpose | undefined;
  /** Told of each call that was answered: how many texts it had. */
  readonly onCall?: ((texts: number) => void) | undefined;
}

/**
 * Embeds `texts` (string[] (n)) into Float32Array[] (n × `model.dimensions`), in order, of length 1;
 * a zero vector stays zero. Equal texts share one array, so treat the arrays as read-only.
 *
 * When a call fails, no further call starts, those under way are aborted, and the first fault is
 * thrown once they have ended. Where it is the budget that is reached, those under way are paid for and may end.
 * @throws ModelAnswerError when an answer's count, width or values are wrong; the signal's reason when
 *   it aborts; whatever the model throws.
 */
export async function embedTexts(
  model: EmbeddingModel,
  texts: readonly string[],
  options: EmbedTextsOptions = {},
): Promise<Float32Array[]> {
  const { kind = 'document', signal, parallelCalls = DEFAULT_PARALLEL_CALLS } = options;
  signal?.throwIfAborted();
  const { paid, purpose, onCall } = options;
  // A map of this call's own: others may empty theirs while calls are under way.
  const vectorOf = new Map<string, Float32Array>();
  for (const text of texts) {
    const known = paid?.get(text);
    if (known !== undefined) vectorOf.set(text, known);
  }
  const distinct = [...new Set(texts)].filter((text) => !vectorOf.has(text));
  const calls = planCalls(distinct, model);
  const stop = new AbortController();
  const abortSignal = signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal]);

  let next = 0;
  async function runCalls(): Promise<void> {
    for (let call = calls[next++]; call !== undefined; call = calls[next++]) {
      abortSignal.throwIfAborted();
      const values = distinct.slice(call.from, call.to);
      const answer = await model.doEmbed({ values, kind, abortSignal, purpose });
      onCall?.(values.length);
      const vectors = unitVectors(model, answer.embeddings, values.length);
      for (const [i, vector] of vectors.entries()) {
        vectorOf.set(values[i] ?? '', vector);
        paid?.set(values[i] ?? '', vector);
      }
    }
  }
  const runners = model.supportsParallelCalls ? Math.min(parallelCalls, calls.length) : 1;
  const faults: unknown[] = [];
  await Promise.all(
    Array.from({ length: Math.max(1, runners) }, () =>
      runCalls().catch((fault: unknown) => {
        faults.push(fault);
        next = calls.length;
        if (!(fault instanceof BudgetReachedError)) stop.abort();
      }),
    ),
  );
  signal?.throwIfAborted();
  if (faults.length > 0) throw faults[0];
  // The calls cover every distinct text, and each answer was counted.
  return texts.map((text) => vectorOf.get(text) as Float32Array);
}

/** Whether an answer can be had as vectors at all: what `embedTexts` refuses was paid for in vain. */
export function isUsable(
  model: EmbeddingModel,
  embeddings: readonly (Float32Array | readonly number[])[],
  expected: number,
): boolean {
  const isVector = (one: Float32Array | readonly number[]) =>
    one.length === model.dimensions && one.every((value) => Number.isFinite(value));
  return embeddings.length === expected && embeddings.every(isVector);
}

/**
 * Checks one answer and gives its vectors (count × dimensions) at unit length.
 * @throws ModelAnswerError when its count, width or values are wrong
 */
export function unitVectors(
  model: EmbeddingModel,
  embeddings: readonly (Float32Array | readonly number[])[],
  expected: number,
): Float32Array[] {
  if (embeddings.length !== expected)
    throw wrongAnswer(
      model,
      `${embeddings.length} embeddings for ${expected} texts`,
      'Check that the provider answers one embedding per text, in order.',
    );
  return embeddings.map((embedding, i) => unitVector(model, embedding, i));
}

function unitVector(
  model: EmbeddingModel,
  embedding: Float32Array | readonly number[],
  position: number,
): Float32Array {
  if (embedding.length !== model.dimensions)
    throw wrongAnswer(
      model,
      `${embedding.length} dimensions instead of ${model.dimensions} in embedding ${position}`,
      "Set the model's dimensions to what it answers; a space of another width is needed then.",
    );
  // Index loops here and below: this runs over every number that is ever stored.
  let largest = 0;
  for (let i = 0; i < embedding.length; i++) {
    const value = embedding[i];
    if (typeof value !== 'number' || !Number.isFinite(value))
      throw wrongAnswer(
        model,
        `${typeof value === 'number' ? value : typeof value} at dimension ${i} of embedding ${position}, not a finite number`,
        'Check the provider: such a vector cannot be compared with any other.',
      );
    largest = Math.max(largest, Math.abs(value));
  }
  return normalised(embedding, largest);
}

/** `largest` is the largest absolute value: dividing by it first keeps the squares from overflowing. */
function normalised(embedding: Float32Array | readonly number[], largest: number): Float32Array {
  const vector = Float32Array.from(embedding);
  if (largest === 0) return vector;
  let squares = 0;
  for (let i = 0; i < embedding.length; i++) {
    const part = (embedding[i] ?? 0) / largest;
    squares += part * part;
  }
  const relative = Math.sqrt(squares);
  if (Math.abs(relative * largest - 1) <= UNIT_TOLERANCE) return vector;
  // Divided twice: the length itself may be infinite, or too small to divide by.
  for (let i = 0; i < embedding.length; i++) vector[i] = (embedding[i] ?? 0) / largest / relative;
  return vector;
}

function wrongAnswer(model: EmbeddingModel, found: string, remedy: string): ModelAnswerError {
  return new ModelAnswerError(`Model ${model.id} answered ${found}.`, { remedy });
}
