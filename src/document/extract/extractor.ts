/** Which file is read when, and by which process. */
import { ExtractionError } from '../../errors/index.ts';
import { DEFAULT_EXTRACT_LIMITS } from './extracted.ts';
import type { Extracted, ExtractInput, ExtractLimits } from './extracted.ts';
import type { ReadResult } from './messages.ts';
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

/**
 * Small files that wait go to the process together: it takes half a millisecond for one, and a busy program several to send the
 * next. Bytes, and files.
 */
const MAX_TOGETHER_BYTES = 256 * 1024;
const MAX_TOGETHER = 32;

/** A file that waits, and who waits for it. */
interface Waiting extends PromiseWithResolvers<Extracted> {
  input: ExtractInput;
  signal: AbortSignal | undefined;
}

class ProcessExtractor implements Extractor {
  readonly #limits: ExtractLimits;
  #free: number;
  readonly #waiting: Waiting[] = [];
  readonly #idle: ReadingProcess[] = [];
  readonly #all = new Set<ReadingProcess>();
  #closings = 0;

  constructor(limits: ExtractLimits, processes: number) {
    this.#limits = limits;
    this.#free = processes;
  }

  async extract(input: ExtractInput, signal?: AbortSignal): Promise<Extracted> {
    signal?.throwIfAborted();
    const { maxBytes } = this.#limits;
    if (input.bytes.length > maxBytes) throw tooManyBytes(input.bytes.length, maxBytes);
    const waiting = { input, signal, ...Promise.withResolvers<Extracted>() };
    this.#waiting.push(waiting);
    // Whoever asks for several in one go is heard first.
    queueMicrotask(() => this.#next());
    return await waiting.promise;
  }

  async close(): Promise<void> {
    this.#closings++;
    const all = [...this.#all];
    this.#all.clear();
    this.#idle.length = 0;
    await Promise.all(all.map((one) => one.stop()));
  }

  #next(): void {
    if (this.#free === 0 || this.#waiting.length === 0) return;
    this.#free--;
    void this.#serve(this.#takeGroup()).finally(() => {
      this.#free++;
      this.#next();
    });
  }

  /** The first that waits, and those after it that go with it. */
  #takeGroup(): Waiting[] {
    const [first] = this.#waiting;
    let bytes = 0;
    const end = this.#waiting.findIndex(({ input, signal }, index) => {
      bytes += input.bytes.length;
      return index > 0 && (bytes > MAX_TOGETHER_BYTES || signal !== first?.signal);
    });
    return this.#waiting.splice(0, Math.min(end === -1 ? MAX_TOGETHER : end, MAX_TOGETHER));
  }

  async #serve(group: readonly Waiting[]): Promise<void> {
    const [first, another] = group;
    if (first === undefined) return;
    const closings = this.#closings;
    try {
      first.signal?.throwIfAborted();
      const results = await this.#read(
        group.map(({ input }) => input),
        first.signal,
      );
      group.forEach((waiting, index) => settle(waiting, results[index]));
    } catch (error) {
      if (another === undefined || first.signal?.aborted || closings !== this.#closings)
        for (const { reject } of group) reject(error);
      // Nobody knows which of them ended the process.
      else for (const one of group) await this.#serve([one]);
    }
  }

  async #read(
    inputs: readonly ExtractInput[],
    signal: AbortSignal | undefined,
  ): Promise<ReadResult[]> {
    const reader = this.#take();
    try {
      return await reader.read(inputs, signal);
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
}

function settle({ resolve, reject }: Waiting, result: ReadResult | undefined): void {
  if (result !== undefined && 'extracted' in result) return resolve(result.extracted);
  const { message = 'The file was not read.', ...options } = result?.fault ?? {
    fault: 'crashed' as const,
    remedy: 'Try it once more.',
  };
  reject(new ExtractionError(message, options));
}
