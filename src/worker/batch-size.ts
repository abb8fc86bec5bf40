/** How many jobs to lease at once: as many as take about a second, so that leases stay short and overhead small. */
export class BatchSize {
  #size: number;
  readonly #max: number;
  readonly #targetMs: number;

  constructor(options: { start?: number; max: number; targetMs?: number }) {
    this.#max = options.max;
    this.#size = Math.min(options.start ?? 100, options.max);
    this.#targetMs = options.targetMs ?? 1_000;
  }

  get value(): number {
    return this.#size;
  }

  /** One at a time from here; grows again as batches go well. */
  restart(): void {
    this.#size = 1;
  }

  /** @param jobs that a finished batch had; a batch smaller than asked for says nothing about larger ones */
  record(jobs: number, tookMs: number): void {
    if (tookMs > this.#targetMs * 2) this.#size = Math.max(1, Math.floor(this.#size / 2));
    else if (tookMs < this.#targetMs / 2 && jobs >= this.#size)
      this.#size = Math.min(this.#max, this.#size * 2);
  }
}
