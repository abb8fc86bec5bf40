/**
 * Where the heavy work on an index is done: in a worker of the page, or in the same thread where there is none (Node, a service worker). It has at
 * most two indexes: the one that is searched, and one that is staged beside it until it has proved itself. It trusts its caller that bytes were
 * verified, and must not fetch or store.
 */
import type { Filter } from '../search/filter.ts';

export interface IndexSummary {
  readonly source: string;
  readonly model: { readonly id: string; readonly fingerprint: string };
  readonly records: number;
  readonly chunks: number;
  readonly dimensions: number;
  /** What multiplies vectors: `javascript`, eight times as slow, where WebAssembly is refused (a page's policy without `wasm-unsafe-eval`). */
  readonly kernel: 'wasm' | 'javascript';
}

/** One query that a release says it must answer, by words, with all of these keys among the first ten. */
export interface Canary {
  readonly query: string;
  readonly expects: readonly string[];
}

export type SearchMode = 'hybrid' | 'vector' | 'text';

export interface PageSearchRequest {
  readonly query: string;
  /** Default `hybrid`; `text` where no query can be embedded. */
  readonly mode?: SearchMode;
  /** 1 to 100; default 10. */
  readonly limit?: number;
  /**
   * The operators that the server takes, on the record's own columns, and on `key`, `title`, `url`, `publishedAt` (also as `published`) and `tags`
   * where no column has that name.
   */
  readonly filter?: Filter | undefined;
}

export interface PageHit {
  readonly key: string;
  readonly title: string | null;
  readonly url: string | null;
  readonly publishedAt: string | null;
  readonly tags: readonly string[];
  readonly columns: Readonly<Record<string, unknown>> | null;
  /** Of the best chunk. */
  readonly chunk: {
    readonly index: number;
    /** How many chunks the record has. */
    readonly of: number;
    readonly text: string;
    readonly start: number;
    readonly end: number;
    readonly section: string | null;
    readonly page: number | null;
  };
  readonly score: number;
  /** Cosine, where the query was embedded. */
  readonly similarity?: number;
  /** BM25, where the words were looked for. */
  readonly rank?: number;
}

export interface PageSearchResponse {
  readonly hits: readonly PageHit[];
  /** What was done: `text` also where `hybrid` was asked for and no vector could be made. */
  readonly mode: SearchMode;
  readonly milliseconds: number;
  /** Why it is not what was asked for. */
  readonly warning?: SearchWarning;
}

export interface SearchWarning {
  /**
   * `no-model`: nothing here embeds queries. `other-model`: what is here is not what made the release's vectors. `model-failed`: it gave no
   * vector of this release's dimensions, or failed.
   */
  readonly name: 'no-model' | 'other-model' | 'model-failed';
  readonly message: string;
}

/** Makes vectors of queries. */
export interface QueryEmbedder {
  /** Has to be the release's; else it is not asked. */
  readonly fingerprint: string;
  /** @returns as many numbers as the index has dimensions */
  embed(query: string): Promise<ArrayLike<number>>;
}

export interface IndexHost {
  /**
   * Opens a verified index beside the one that is searched. Takes the bytes over: they may be transferred, and are then gone for the caller.
   * @throws FormatError
   */
  stage(bytes: Uint8Array<ArrayBuffer>): Promise<IndexSummary>;
  /** @returns the queries of canaries that the staged index does not answer as it should; none is an empty list */
  checkCanaries(canaries: readonly Canary[]): Promise<string[]>;
  /** The staged index is searched from now on, the other is dropped; in one step, so that no search sees neither. */
  promote(): Promise<void>;
  /** Drops the staged index; nothing where there is none. */
  discard(): Promise<void>;
  /**
   * The searched index with a delta applied, as new bytes; it is searched on meanwhile.
   * @throws FormatError
   */
  patch(delta: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>>;
  /** The model's file that embeds queries, verified. Without one a search is by words alone. @throws FormatError */
  loadModel(bytes: Uint8Array<ArrayBuffer>, fingerprint: string): Promise<void>;
  /**
   * Vectors are searched as soon as an index is open; a search by words (`text`, `hybrid`) that comes before its words are counted waits for that.
   * @param signal aborted, it rejects with the signal's reason
   * @throws ReleaseClientError `EVERVEC_CLIENT_NO_INDEX` while nothing is installed; SearchRequestError of bad requests with the value and the limit
   */
  search(request: PageSearchRequest, signal?: AbortSignal): Promise<PageSearchResponse>;
  /**
   * Where the place of search can die apart from the page (a worker), it is started again and is empty then: `restore` stages and promotes what is
   * installed, and loads the model; searches wait for it.
   */
  onLost?(restore: () => Promise<void>): void;
  /** Drops all that is open; what is still asked, and all that is asked later, rejects with `EVERVEC_CLIENT_CLOSED`. */
  close(): void;
}
