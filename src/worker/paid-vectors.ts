/**
 * Vectors that calls of a model gave, by text, for as long as memory is kept for them: what is tried again, what another
 * record has too, and what another loop of this worker asks for right now is paid for once (I5).
 */
const MAX_BYTES = 64 * 1024 * 1024;

export class PaidVectors {
  readonly #maxBytes: number;
  /** In the order they came: the oldest go first. */
  readonly #vectors = new Map<string, Float32Array>();
  /** Texts that a call under way is for, and its end. */
  readonly #asked = new Map<string, Promise<void>>();
  #bytes = 0;

  constructor(maxBytes: number = MAX_BYTES) {
    this.#maxBytes = maxBytes;
  }

  get(text: string): Float32Array | undefined {
    return this.#vectors.get(text);
  }

  set(text: string, vector: Float32Array): void {
    if (this.#vectors.has(text)) return;
    this.#vectors.set(text, vector);
    this.#bytes += sizeOf(text, vector);
    for (const oldest of this.#vectors.keys()) {
      if (this.#bytes <= this.#maxBytes) break;
      this.forget([oldest]);
    }
  }

  forget(texts: Iterable<string>): void {
    for (const text of texts) {
      const vector = this.#vectors.get(text);
      if (vector === undefined || !this.#vectors.delete(text)) continue;
      this.#bytes -= sizeOf(text, vector);
    }
  }

  /**
   * Has `embed` called for those of `texts` that nobody has asked for yet, then waits for the others' answers, come what
   * may of them. Nobody waits for others before his own call has ended, so two never wait for each other.
   */
  async share(texts: readonly string[], embed: (own: string[]) => Promise<unknown>): Promise<void> {
    const others: Promise<void>[] = [];
    const own: string[] = [];
    const { promise, resolve } = Promise.withResolvers<void>();
    for (const text of new Set(texts)) {
      const asked = this.#asked.get(text);
      if (asked !== undefined) others.push(asked);
      else if (!this.#vectors.has(text)) own.push(text);
    }
    for (const text of own) this.#asked.set(text, promise);
    try {
      if (own.length > 0) await embed(own);
    } finally {
      for (const text of own) this.#asked.delete(text);
      resolve();
    }
    await Promise.all(others);
  }
}

function sizeOf(text: string, vector: Float32Array): number {
  return vector.byteLength + 2 * text.length;
}
