/** Which file is read when, and by which process. */
import { DEFAULT_EXTRACT_LIMITS } from './extracted.ts';
import type { Extracted, ExtractInput, ExtractLimits } from './extracted.ts';
import { tooManyBytes } from './read-faults.ts';
import { ReadingProcess } from './reading-process.ts';

export interface Extractor {
  /**
   * Text and structure of a file. Several at once wait for one another.
   * @throws ExtractionError when there is no text, with the reason in `fault`
   * @throws the signal's reason
   */
  extract(input: ExtractInput, signal?: AbortSignal): Promise<Extracted>;
  /** Ends its processes; what is being read fails. It can be used again. */
  close(): Promise<void>;
}

/**
 * @param limits those of DEFAULT_EXTRACT_LIMITS where not given
 * @param processes at once; each is started when it is needed and kept for the next file
 */
export function createExtractor(
  limits: Partial<ExtractLimits> = {},
  { processes = 1 }: { processes?: number } = {},
): Extractor {
  return new ProcessExtractor({ ...DEFAULT_EXTRACT_LIMITS, ...limits }, processes);
}

class ProcessExtractor implements Extractor {
  readonly #limits: ExtractLimits;
  #free: number;
  readonly #waiting: (() => void)[] = [];
  readonly #idle: ReadingProcess[] = [];
  readonly #all = new Set<ReadingProcess>();

  constructor(limits: ExtractLimits, processes: number) {
    this.#limits = limits;
    this.#free = processes;
  }

  async extract(input: ExtractInput, signal?: AbortSignal): Promise<Extracted> {
    signal?.throwIfAborted();
    const { maxBytes } = this.#limits;
    if (input.bytes.length > maxBytes) throw tooManyBytes(input.bytes.length, maxBytes);
    await this.#acquire();
    try {
      signal?.throwIfAborted();
      return await this.#read(input, signal);
    } finally {
      this.#releaseTurn();
    }
  }

  async close(): Promise<void> {
    const all = [...this.#all];
    this.#all.clear();
    this.#idle.length = 0;
    await Promise.all(all.map((one) => one.stop()));
  }

  async #read(input: ExtractInput, signal: AbortSignal | undefined): Promise<Extracted> {
    const reader = this.#take();
    try {
      return await reader.read(input, signal);
    } finally {
      if (this.#all.has(reader) && reader.isAlive && !reader.isWorn) this.#idle.push(reader);
      else {
        this.#all.delete(reader);
        await reader.stop();
      }
    }
  }

  #take(): ReadingProcess {
    for (let one = this.#idle.pop(); one !== undefined; one = this.#idle.pop()) {
      if (one.isAlive) return one;
      this.#all.delete(one);
    }
    const started = new ReadingProcess(this.#limits);
    this.#all.add(started);
    return started;
  }

  async #acquire(): Promise<void> {
    if (this.#free > 0) {
      this.#free--;
      return;
    }
    await new Promise<void>((start) => this.#waiting.push(start));
  }

  #releaseTurn(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free++;
    else next();
  }
}
