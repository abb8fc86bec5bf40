/** Search in the thread that asks: in Node, in a service worker, and inside the worker of a page. Counting words takes short turns. */
import { applyDelta } from '../../format/index.ts';
import { checkFilter, checkLimit, checkMode, checkQuery } from '../../search/check-asked.ts';
import type {
  Canary,
  IndexHost,
  IndexSummary,
  PageSearchRequest,
  PageSearchResponse,
  QueryEmbedder,
} from '../index-host.ts';
import { closedError, noIndexError } from './host-errors.ts';
import { OpenIndex, type VectorQuery } from './open-index.ts';
import { builtInModel, isOfFile, openModel } from './query-model.ts';
import { vectorOf } from './query-vector.ts';

const MAX_LIMIT = 100;
const CANARY_HITS = 10;

export interface InlineHostOptions {
  /** For releases whose model no file is offered of. One that `loadModel` gave goes first. */
  readonly embedder?: QueryEmbedder | undefined;
}

export function createInlineHost(options: InlineHostOptions = {}): IndexHost {
  return new InlineHost(options);
}

class InlineHost implements IndexHost {
  readonly #appEmbedder: QueryEmbedder | undefined;
  readonly #closing = new AbortController();
  #active: OpenIndex | undefined;
  #staged: OpenIndex | undefined;
  #model: QueryEmbedder | undefined;

  constructor({ embedder }: InlineHostOptions) {
    this.#appEmbedder = embedder;
  }

  async stage(bytes: Uint8Array<ArrayBuffer>): Promise<IndexSummary> {
    this.#refuseClosed();
    const index = new OpenIndex(bytes);
    this.#staged?.close();
    this.#staged = index;
    return index.summary;
  }

  async checkCanaries(canaries: readonly Canary[]): Promise<string[]> {
    this.#refuseClosed();
    const staged = this.#staged;
    if (staged === undefined) throw noIndexError('Nothing is staged.');
    if (canaries.length === 0) return [];
    const words = await staged.words;
    return canaries
      .filter(({ query, expects }) => {
        const asked = checked({ query, mode: 'text', limit: CANARY_HITS });
        const found = new Set(staged.search(asked, words).map(({ key }) => key));
        return !expects.every((key) => found.has(key));
      })
      .map(({ query }) => query);
  }

  async promote(): Promise<void> {
    this.#refuseClosed();
    if (this.#staged === undefined) throw noIndexError('Nothing is staged.');
    const before = this.#active;
    this.#active = this.#staged;
    this.#staged = undefined;
    before?.close();
  }

  async discard(): Promise<void> {
    this.#staged?.close();
    this.#staged = undefined;
  }

  async patch(delta: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
    this.#refuseClosed();
    if (this.#active === undefined) throw noIndexError('There is no index to patch.');
    return await applyDelta(this.#active.bytes, delta);
  }

  async loadModel(bytes: Uint8Array<ArrayBuffer>, fingerprint: string): Promise<void> {
    this.#refuseClosed();
    this.#model = openModel(bytes, fingerprint);
  }

  async search(request: PageSearchRequest, signal?: AbortSignal): Promise<PageSearchResponse> {
    const began = performance.now();
    this.#refuseClosed();
    const asked = checked(request);
    signal?.throwIfAborted();
    for (;;) {
      const index = this.#active;
      if (index === undefined) throw noIndexError('No release is installed.');
      try {
        const answer = await this.#answer(index, asked);
        signal?.throwIfAborted();
        return { ...answer, milliseconds: performance.now() - began };
      } catch (error) {
        this.#refuseClosed();
        // Another one took its place while its words were waited for: that is asked.
        if (index === this.#active || signal?.aborted === true) throw error;
      }
    }
  }

  async #answer(index: OpenIndex, asked: Asked): Promise<Omit<PageSearchResponse, 'milliseconds'>> {
    const { vector, warning } =
      asked.mode === 'text'
        ? {}
        : await vectorOf(asked.query, index.summary, this.#embedders(index));
    const mode = vector === undefined ? 'text' : asked.mode;
    // A query without a known word is near nothing.
    const isNearNothing = vector !== undefined && isZero(vector);
    if (isNearNothing && mode === 'vector') return { hits: [], mode };
    const hits = index.search(
      isNearNothing ? { ...asked, mode: 'text' } : { ...asked, mode, vector },
      mode === 'vector' ? undefined : await index.words,
    );
    return { hits, mode, ...(warning !== undefined && { warning }) };
  }

  /** In this order. */
  #embedders({ summary }: OpenIndex): QueryEmbedder[] {
    const loaded = isOfFile(summary.model) ? this.#model : undefined;
    return [loaded, builtInModel(summary.model), this.#appEmbedder].filter(
      (embedder) => embedder !== undefined,
    );
  }

  close(): void {
    this.#closing.abort();
    this.#active?.close();
    this.#staged?.close();
    this.#active = this.#staged = this.#model = undefined;
  }

  #refuseClosed(): void {
    if (this.#closing.signal.aborted) throw closedError();
  }
}

type Asked = Omit<VectorQuery, 'vector'>;

/** @throws SearchRequestError */
function checked({ query, mode = 'hybrid', limit = 10, filter = {} }: PageSearchRequest): Asked {
  checkMode(mode);
  checkLimit(limit, MAX_LIMIT);
  checkFilter(filter);
  return { query: checkQuery(query), mode, limit, filter };
}

function isZero(vector: ArrayLike<number>): boolean {
  for (let i = 0; i < vector.length; i++) if (vector[i] !== 0) return false;
  return true;
}
