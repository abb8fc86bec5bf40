/**
 * Search in a worker of the page: the interface of the inline host over messages. Starts the worker again when it dies, and has the index put
 * back. Where no worker can be started (a page's policy, a file that a bundler left out) it searches in the page's own thread.
 */
import { EvervecError, type ReleaseClientError } from '../../errors/index.ts';
import type {
  Canary,
  IndexHost,
  IndexSummary,
  PageSearchRequest,
  PageSearchResponse,
  QueryEmbedder,
} from '../index-host.ts';
import { closedError, notLoadedError, workerError } from './host-errors.ts';
import type { Method } from './messages.ts';
import { WorkerLink } from './worker-link.ts';

type Bytes = Uint8Array<ArrayBuffer>;

/** After so many deaths within a minute none is started any more: an index may be what kills it. */
const MAX_DEATHS = 3;
const MINUTE_MS = 60_000;

export interface IndexHostOptions {
  /** For releases whose model no file is offered of; asked in the page's thread. */
  readonly embedder?: QueryEmbedder | undefined;
  /** Starts the worker, where a bundler needs that said in the app: its module is `evervec/client/index-worker`. */
  readonly worker?: (() => Worker) | undefined;
  /** Hears of a worker that died, and of one that can't be started, after which searches run in the page's thread. */
  readonly onFault?: ((error: ReleaseClientError) => void) | undefined;
}

/**
 * In a worker where there are workers (a page), else in this thread (Node, a service worker). The part that searches is loaded by itself: in a page it is
 * no part of what the page loads.
 */
export function createIndexHost(options: IndexHostOptions = {}): IndexHost {
  return new WorkerHost(options);
}

function startWorker(): Worker {
  return new Worker(new URL('./index-worker.js', import.meta.url), { type: 'module' });
}

class WorkerHost implements IndexHost {
  readonly #options: IndexHostOptions;
  #link: WorkerLink | undefined;
  /** In this thread, where no worker can be started; opened when it is first asked. */
  #isInline = false;
  #inline: Promise<IndexHost> | undefined;
  /** Until what was lost is put back. */
  #restored: Promise<void> = Promise.resolve();
  #restore: (() => Promise<void>) | undefined;
  #deathsAt: number[] = [];
  #hasIndex = false;
  #isClosed = false;

  constructor(options: IndexHostOptions) {
    this.#options = options;
    if (options.worker !== undefined || typeof Worker === 'function') this.#start();
    else this.#isInline = true;
  }

  onLost(restore: () => Promise<void>): void {
    this.#restore = restore;
  }

  async stage(bytes: Bytes): Promise<IndexSummary> {
    return await this.#ask<IndexSummary>('stage', [bytes], [bytes.buffer]);
  }

  async checkCanaries(canaries: readonly Canary[]): Promise<string[]> {
    return await this.#ask<string[]>('checkCanaries', [canaries]);
  }

  async promote(): Promise<void> {
    await this.#ask('promote', []);
    this.#hasIndex = true;
  }

  async discard(): Promise<void> {
    await this.#ask('discard', []);
  }

  async patch(delta: Bytes): Promise<Bytes> {
    return await this.#ask<Bytes>('patch', [delta], [delta.buffer]);
  }

  async loadModel(bytes: Bytes, fingerprint: string): Promise<void> {
    await this.#ask('loadModel', [bytes, fingerprint], [bytes.buffer]);
  }

  async search(request: PageSearchRequest, signal?: AbortSignal): Promise<PageSearchResponse> {
    const began = performance.now();
    // Not in `#ask`: putting back stages and promotes.
    await this.#restored;
    try {
      const answer = await this.#ask<PageSearchResponse>('search', [request], [], signal);
      return { ...answer, milliseconds: performance.now() - began };
    } catch (error) {
      if (!EvervecError.isInstance(error) || error.code !== 'EVERVEC_CLIENT_WORKER') throw error;
      await this.#restored;
      const answer = await this.#ask<PageSearchResponse>('search', [request], [], signal);
      return { ...answer, milliseconds: performance.now() - began };
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#link?.end(closedError());
    this.#inline?.then((host) => host.close()).catch(() => undefined);
  }

  async #ask<Answer>(
    method: Method,
    values: unknown[],
    transfer: Transferable[] = [],
    signal?: AbortSignal,
  ): Promise<Answer> {
    // Another index may do where one killed worker after worker.
    if (method === 'stage' && this.#link === undefined && !this.#isClosed && !this.#isInline)
      this.#start();
    // What is transferred to a worker that never runs would be gone.
    await this.#link?.ready.catch(() => undefined);
    if (this.#isInline) this.#inline ??= this.#openInline();
    const host = await this.#inline;
    if (this.#isClosed) throw closedError();
    if (host !== undefined) {
      const called = host[method] as (...given: unknown[]) => Promise<Answer>;
      return await called.call(host, ...values, signal);
    }
    if (this.#link === undefined) throw workerError('again and again', false);
    return (await this.#link.call(method, values, transfer, signal)) as Answer;
  }

  #start(): void {
    const { worker = startWorker, embedder } = this.#options;
    try {
      const link = new WorkerLink(worker(), embedder, (error) => this.#bury(link, error));
      this.#link = link;
    } catch (cause) {
      this.#goInline(workerError(cause instanceof Error ? cause.name : 'it was refused'));
    }
  }

  #bury(link: WorkerLink, error: ReleaseClientError): void {
    this.#link = undefined;
    if (this.#isClosed) return;
    const now = performance.now();
    this.#deathsAt = [...this.#deathsAt.filter((at) => now - at < MINUTE_MS), now];
    if (!link.isReady) this.#goInline(error);
    else {
      if (this.#deathsAt.length < MAX_DEATHS) this.#start();
      this.#options.onFault?.(error);
    }
    const isGivenUp = this.#link === undefined && !this.#isInline;
    if (this.#hasIndex && !isGivenUp) this.#putBack();
  }

  #goInline(error: ReleaseClientError): void {
    this.#isInline = true;
    this.#options.onFault?.(error);
  }

  /** A page that is offline may have lost the file: the next call asks for it again. */
  async #openInline(): Promise<IndexHost> {
    try {
      const { createInlineHost } = await import('./inline-host.ts');
      return createInlineHost({ embedder: this.#options.embedder });
    } catch (cause) {
      this.#inline = undefined;
      throw notLoadedError(cause);
    }
  }

  #putBack(): void {
    this.#hasIndex = false;
    // Without it the search says that there is no index.
    this.#restored = this.#restore?.().catch(() => undefined) ?? this.#restored;
  }
}
