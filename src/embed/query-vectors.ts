/**
 * Vectors of queries that were asked before in this process, and of those that are being asked: equal queries share one
 * call. Bounded by count, bytes and age; a call that failed leaves nothing behind. Holds texts of queries in memory, so
 * nothing of it is written anywhere.
 */
import { type Clock, systemClock } from '../runtime/index.ts';
import type { CallPurpose } from './cause.ts';
import { embedTexts } from './embed-texts.ts';
import type { EmbeddingModel } from './model.ts';

export interface QueryVectorsOptions {
  /** Vectors that are kept at most; default 2,000. 0 keeps none. */
  maxCount?: number;
  /** Of vectors and texts together; default 16 MiB. */
  maxBytes?: number;
  /** How long one is kept, ms; default an hour. */
  maxAgeMs?: number;
  clock?: Clock;
  /** Told of each query that needed no call of its own. */
  onSaved?: (model: EmbeddingModel, purpose: CallPurpose) => void;
}

interface Kept {
  vector: Float32Array;
  until: number;
}

/** A call under way and those who wait for it. */
interface Call {
  vector: Promise<Float32Array>;
  waiting: number;
  stop: AbortController;
}

export class QueryVectors {
  readonly #maxCount: number;
  readonly #maxBytes: number;
  readonly #maxAgeMs: number;
  readonly #clock: Clock;
  readonly #onSaved: QueryVectorsOptions['onSaved'];
  /** Least recently used first. */
  readonly #kept = new Map<string, Kept>();
  readonly #calls = new Map<string, Call>();
  #bytes = 0;
  #asked = 0;
  #called = 0;

  constructor(options: QueryVectorsOptions = {}) {
    this.#maxCount = options.maxCount ?? 2_000;
    this.#maxBytes = options.maxBytes ?? 16 * 1024 * 1024;
    this.#maxAgeMs = options.maxAgeMs ?? 60 * 60_000;
    this.#clock = options.clock ?? systemClock;
    this.#onSaved = options.onSaved;
  }

  /** Since the start: queries, calls of a model for them, and what is kept now. */
  get stats(): { asked: number; called: number; count: number; bytes: number } {
    return {
      asked: this.#asked,
      called: this.#called,
      count: this.#kept.size,
      bytes: this.#bytes,
    };
  }

  /**
   * The vector of `query` by `model`, of unit length; shared, so treat it as read-only. Blanks around it make no
   * difference.
   * @param purpose for the ledger; of those who share a call, the first one's
   * @throws what the call throws, for all who wait for it; the signal's reason when it aborts, for its own waiter alone
   */
  async of(
    model: EmbeddingModel,
    query: string,
    signal?: AbortSignal,
    purpose?: CallPurpose,
  ): Promise<Float32Array> {
    signal?.throwIfAborted();
    this.#asked += 1;
    const text = query.trim();
    const key = `${model.id}\n${text}`;
    const known = this.#take(key);
    let call = this.#calls.get(key);
    const isSaved = known !== undefined || call !== undefined;
    if (isSaved && purpose !== undefined) this.#onSaved?.(model, purpose);
    if (known !== undefined) return known;
    if (call === undefined) {
      call = this.#begin(key, model, text, purpose);
      this.#calls.set(key, call);
    }
    return await this.#wait(key, call, signal);
  }

  /** Whether `of` would answer at once. */
  isKept(model: EmbeddingModel, query: string): boolean {
    const kept = this.#kept.get(`${model.id}\n${query.trim()}`);
    return kept !== undefined && kept.until > this.#clock.now();
  }

  #begin(key: string, model: EmbeddingModel, text: string, purpose: CallPurpose | undefined): Call {
    this.#called += 1;
    const stop = new AbortController();
    const asked = embedTexts(model, [text], { kind: 'query', signal: stop.signal, purpose });
    const call: Call = {
      waiting: 0,
      stop,
      vector: asked
        .then((vectors) => {
          const vector = vectors[0] as Float32Array;
          this.#keep(key, vector);
          return vector;
        })
        .finally(() => this.#forgetCall(key, call)),
    };
    return call;
  }

  /** Waits for as long as this one's signal allows; the last who gives up ends the call. */
  async #wait(key: string, call: Call, signal: AbortSignal | undefined): Promise<Float32Array> {
    call.waiting += 1;
    const { promise: givenUp, reject } = Promise.withResolvers<never>();
    const giveUp = () => reject(signal?.reason);
    signal?.addEventListener('abort', giveUp, { once: true });
    try {
      return await Promise.race([call.vector, givenUp]);
    } finally {
      signal?.removeEventListener('abort', giveUp);
      call.waiting -= 1;
      if (call.waiting === 0 && signal?.aborted) {
        // First: whoever asks from now on gets a call of its own.
        this.#forgetCall(key, call);
        call.stop.abort(signal.reason);
      }
    }
  }

  #forgetCall(key: string, call: Call): void {
    if (this.#calls.get(key) === call) this.#calls.delete(key);
  }

  #take(key: string): Float32Array | undefined {
    const kept = this.#kept.get(key);
    if (kept === undefined) return undefined;
    this.#drop(key, kept);
    if (kept.until <= this.#clock.now()) return undefined;
    this.#put(key, kept);
    return kept.vector;
  }

  #keep(key: string, vector: Float32Array): void {
    const before = this.#kept.get(key);
    if (before !== undefined) this.#drop(key, before);
    this.#put(key, { vector, until: this.#clock.now() + this.#maxAgeMs });
    for (const [oldest, kept] of this.#kept) {
      if (this.#kept.size <= this.#maxCount && this.#bytes <= this.#maxBytes) break;
      this.#drop(oldest, kept);
    }
  }

  #put(key: string, kept: Kept): void {
    this.#kept.set(key, kept);
    this.#bytes += sizeOf(key, kept);
  }

  #drop(key: string, kept: Kept): void {
    this.#kept.delete(key);
    this.#bytes -= sizeOf(key, kept);
  }
}

function sizeOf(key: string, { vector }: Kept): number {
  return vector.byteLength + 2 * key.length;
}
