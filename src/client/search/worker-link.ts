/** One worker and what it was asked: answers find their questions, and when it dies none is left without. It owns no index and never starts another. */
import { type ReleaseClientError, SearchRequestError } from '../../errors/index.ts';
import type { QueryEmbedder } from '../index-host.ts';
import { revived } from './carried-error.ts';
import { workerError } from './host-errors.ts';
import type { FromWorker, Method, ToWorker } from './messages.ts';

/** Without a word from a worker that was asked something it is held to be dead. */
const PATIENCE_MS = 30_000;
/** After the device slept, what waited comes at once. */
const GRACE_MS = 2_000;

export class WorkerLink {
  /** Resolves once its module runs; rejects where it can't be loaded. */
  readonly ready: Promise<void>;
  isReady = false;
  readonly #worker: Worker;
  readonly #embedder: QueryEmbedder | undefined;
  readonly #onDeath: (error: ReleaseClientError) => void;
  readonly #started = Promise.withResolvers<void>();
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>();
  #calls = 0;
  #heardAt = 0;
  #watch: ReturnType<typeof setTimeout> | undefined;
  #isOver = false;

  /** @param onDeath told once, of one that was not ended */
  constructor(
    worker: Worker,
    embedder: QueryEmbedder | undefined,
    onDeath: (error: ReleaseClientError) => void,
  ) {
    this.#worker = worker;
    this.#embedder = embedder;
    this.#onDeath = onDeath;
    this.ready = this.#started.promise;
    this.ready.catch(() => undefined);
    worker.addEventListener('message', ({ data }: MessageEvent<FromWorker>) => this.#take(data));
    worker.addEventListener('error', (event) => {
      event.preventDefault();
      // One that can't be loaded is told of by an event without a message.
      this.#die(event.message ?? '');
    });
    worker.addEventListener('messageerror', () => this.#die('a message could not be read'));
    this.#send({ type: 'open', embedder: embedder?.fingerprint ?? null });
    this.#watchOver();
  }

  async call(
    method: Method,
    values: readonly unknown[],
    transfer: Transferable[],
    signal?: AbortSignal,
  ): Promise<unknown> {
    signal?.throwIfAborted();
    const id = this.#calls++;
    const asked = Promise.withResolvers<unknown>();
    const cancel = () => {
      this.#waiting.delete(id);
      this.#send({ type: 'cancel', id });
      asked.reject(signal?.reason);
    };
    signal?.addEventListener('abort', cancel, { once: true });
    this.#waiting.set(id, asked);
    try {
      this.#send({ type: 'call', id, method, values }, transfer);
      this.#watchOver();
      return await asked.promise;
    } catch (error) {
      throw method === 'search' ? asRequestError(error) : error;
    } finally {
      this.#waiting.delete(id);
      signal?.removeEventListener('abort', cancel);
    }
  }

  /** Ends it; what it was asked rejects with `error`. */
  end(error: Error): void {
    this.#isOver = true;
    clearTimeout(this.#watch);
    this.#worker.terminate();
    this.#started.reject(error);
    for (const asked of this.#waiting.values()) asked.reject(error);
    this.#waiting.clear();
  }

  #take(message: FromWorker): void {
    this.#heardAt = performance.now();
    if (message.type === 'ready') {
      this.isReady = true;
      this.#started.resolve();
    } else if (message.type === 'embed') void this.#embed(message);
    else {
      const asked = this.#waiting.get(message.id);
      this.#waiting.delete(message.id);
      if (message.type === 'answer') asked?.resolve(message.value);
      else asked?.reject(revived(message.error));
    }
    if (this.#waiting.size === 0) clearTimeout(this.#watch);
    else this.#watchOver();
  }

  async #embed({ id, query }: FromWorker & { type: 'embed' }): Promise<void> {
    const vector = await this.#embedder?.embed(query).then(
      (made) => Float32Array.from(made),
      () => null,
    );
    this.#send({ type: 'vector', id, vector: vector ?? null });
  }

  #watchOver(): void {
    clearTimeout(this.#watch);
    const asked = performance.now();
    this.#watch = setTimeout(() => {
      this.#watch = setTimeout(() => {
        if (this.#heardAt < asked) this.#die(`it said nothing for ${PATIENCE_MS / 1_000} seconds`);
      }, GRACE_MS);
    }, PATIENCE_MS);
  }

  #die(why: string): void {
    if (this.#isOver) return;
    const error = workerError(why === '' ? 'it could not be loaded' : why);
    this.end(error);
    this.#onDeath(error);
  }

  #send(message: ToWorker, transfer: Transferable[] = []): void {
    if (!this.#isOver) this.#worker.postMessage(message, transfer);
  }
}

/** What can't be copied to a worker is refused there as no JSON. */
function asRequestError(error: unknown): unknown {
  if (!(error instanceof DOMException && error.name === 'DataCloneError')) return error;
  return new SearchRequestError('The request has a value that JSON does not know.', {
    remedy: 'Use strings, finite numbers, booleans or null.',
    isUsage: true,
    cause: error,
  });
}
