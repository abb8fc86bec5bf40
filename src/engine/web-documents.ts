/**
 * Documents that come from URLs: fetched when they are added, and again when their time has come. What was known about
 * them stays; their text follows the page. The guard, the limits and the turns are the fetcher's.
 */
import type { Database } from '../database/index.ts';
import {
  databaseTime,
  DEFAULT_REFRESH,
  type FetchedDocument,
  type FetchStatus,
  firstState,
  type ImportItem,
  listFetches,
  nextRefresh,
  olderThan,
  type RefreshReport,
  type RefreshState,
  saveFetch,
  takeDue,
  takeNamed,
} from '../document/index.ts';
import type { Fetched, Fetcher, FetchOptions } from '../document/fetch/index.ts';
import { DocumentError, ExtractionError, FetchError } from '../errors/index.ts';
import { systemRandom } from '../runtime/index.ts';
import type { Config } from './config.ts';
import type { Documents } from './documents.ts';
import type { ImportOptions, ImportResult } from './import-documents.ts';

export interface WebDocumentsParts {
  database: Database;
  config: Config;
  documents: Documents;
}

export interface RefreshResult {
  id: string;
  url: string;
  title: string;
  /** `version`: it is another now. `paused`: it failed so often that nobody tries any more. */
  outcome: 'version' | 'unchanged' | Exclude<RefreshReport, 'changed' | 'unchanged'>;
  version: number | null;
  error: { code: string; message: string; remedy: string } | null;
}

export interface RefreshOptions {
  /** Ids; default those whose time has come. Named ones are fetched in any case, paused ones too. */
  ids?: readonly string[] | undefined;
  by?: string | undefined;
  signal?: AbortSignal | undefined;
  onResult?: ((result: RefreshResult) => void) | undefined;
}

/** Taken at once: each is held from then on, and a host gets one request a second. */
const PAGE = 20;

export class WebDocuments {
  readonly #parts: WebDocumentsParts;
  #fetcher: Promise<Fetcher> | null = null;

  constructor(parts: WebDocumentsParts) {
    this.#parts = parts;
  }

  /**
   * Fetches URLs and takes in what they answer, each for itself.
   * @throws what concerns all of them
   */
  async add(urls: readonly string[], options: ImportOptions & Told): Promise<void> {
    const { documents, database } = this.#parts;
    await documents.prepare();
    for (const url of urls) {
      if (options.signal?.aborted) return;
      let answer: Fetched | null = null;
      const item = urlItem(url, options.told ?? {}, async () => {
        answer = await (await this.#open()).fetch(url, undefined, options.signal);
        return answer;
      });
      const results: ImportResult[] = [];
      const onResult = (result: ImportResult) => void results.push(result);
      await documents.import([item], { ...options, onResult });
      const [result] = results;
      if (result === undefined) continue;
      if (answer !== null && result.id !== null)
        await this.#note(result.id, url, await firstState(database), answer);
      options.onResult?.(result);
    }
  }

  /** Fetches documents again. @returns how many of each outcome */
  async refresh(options: RefreshOptions = {}): Promise<Record<RefreshResult['outcome'], number>> {
    const { database } = this.#parts;
    const counts = { version: 0, unchanged: 0, failed: 0, paused: 0, postponed: 0 };
    const { ids } = options;
    for (let from = 0; ; from += PAGE) {
      const page =
        ids === undefined
          ? await takeDue(database, PAGE)
          : await takeNamed(database, ids.slice(from, from + PAGE));
      // Of one host one after the other, which the fetcher sees to.
      const results = await Promise.all(page.map((one) => this.#refreshOne(one, options)));
      for (const { outcome } of results) counts[outcome]++;
      const isLast = ids === undefined ? page.length < PAGE : from + PAGE >= ids.length;
      if (isLast || options.signal?.aborted) return counts;
    }
  }

  async #refreshOne(document: FetchedDocument, options: RefreshOptions): Promise<RefreshResult> {
    const result = await this.#fetchAgain(document, options).catch((error: unknown) =>
      this.#noteFailure(document, error, options.signal),
    );
    options.onResult?.(result);
    return result;
  }

  /** @throws what is nobody's fault who could be fetched: a database that does not answer */
  async #noteFailure(
    document: FetchedDocument,
    error: unknown,
    signal: AbortSignal | undefined,
  ): Promise<RefreshResult> {
    const { database } = this.#parts;
    const { state, now, url, id, title } = document;
    const told = { id, url, title, version: null };
    if (signal?.aborted) {
      await saveFetch(database, document, state, null);
      return { ...told, outcome: 'postponed', error: null };
    }
    if (!isOfDocument(error)) throw error;
    const step = nextRefresh(state, error, now, systemRandom, this.#rules);
    await saveFetch(database, document, step.state, error.code);
    const { code, message, remedy } = error;
    return { ...told, outcome: failureOutcome(step.report), error: { code, message, remedy } };
  }

  async #fetchAgain(
    document: FetchedDocument,
    { by = 'worker', signal }: RefreshOptions,
  ): Promise<RefreshResult> {
    const { id, url, title, collection, origin, tier, state } = document;
    const known = { etag: state.etag, lastModified: state.lastModified };
    const answer = await (await this.#open()).fetch(url, known, signal);
    const told = { id, url, title, error: null };
    if (answer.status === 'unchanged') {
      await this.#note(id, url, state, answer);
      return { ...told, outcome: 'unchanged', version: null };
    }
    const content = await this.#parts.documents.extract(answer, signal);
    const summary = 'The page is another now';
    const { outcome, version } = await this.#parts.documents.add(
      { collection, origin, title, tier, content },
      { by, summary, onDuplicate: 'version' },
    );
    await this.#note(id, url, state, answer);
    return { ...told, outcome: outcome === 'version' ? 'version' : 'unchanged', version };
  }

  async #note(id: string, url: string, before: RefreshState, answer: Fetched): Promise<void> {
    const { database } = this.#parts;
    const now = await databaseTime(database);
    const { state } = nextRefresh(before, answer, now, systemRandom, this.#rules);
    await saveFetch(database, { id, url }, state, null);
  }

  /** Ids of documents that were not fetched for so long. */
  async olderThan(days: number): Promise<string[]> {
    return await olderThan(this.#parts.database, days);
  }

  /** Documents from URLs and when each is fetched again: paused ones first. */
  async status(): Promise<FetchStatus[]> {
    return (await this.#parts.documents.isThere()) ? await listFetches(this.#parts.database) : [];
  }

  get #rules() {
    const { refresh } = this.#parts.config.documents || {};
    const { everyDays, maxFailures } = refresh || {};
    return {
      everyDays: everyDays ?? DEFAULT_REFRESH.everyDays,
      maxFailures: maxFailures ?? DEFAULT_REFRESH.maxFailures,
    };
  }

  /** Whether workers fetch documents again by themselves. */
  get isRefreshed(): boolean {
    const { documents } = this.#parts.config;
    return documents !== false && documents?.refresh !== false;
  }

  /** Loaded when it is needed first: most processes fetch nothing. */
  async #open(): Promise<Fetcher> {
    const { fetch = {} } = this.#parts.config.documents || {};
    // What zod types as `| undefined` is there or absent.
    this.#fetcher ??= import('../document/fetch/index.ts').then(({ createFetcher }) =>
      createFetcher(fetch as FetchOptions),
    );
    return await this.#fetcher;
  }

  async close(): Promise<void> {
    const fetcher = await this.#fetcher;
    this.#fetcher = null;
    await fetcher?.close();
  }
}

interface Told {
  /** Fields that somebody tells about these very documents. */
  told?: Record<string, unknown> | undefined;
}

function urlItem(
  url: string,
  told: Record<string, unknown>,
  fetch: () => Promise<Fetched>,
): ImportItem {
  const load = async () => {
    const answer = await fetch();
    if (answer.status === 'unchanged')
      throw new TypeError('a server says unchanged to who knows nothing');
    return { bytes: answer.bytes, name: answer.name, mediaType: withCharset(answer) };
  };
  return { label: url, collection: null, origin: url, fields: {}, told, fallbackTitle: url, load };
}

function withCharset({ mediaType, charset }: Extract<Fetched, { status: 'changed' }>) {
  return mediaType !== null && charset !== undefined
    ? `${mediaType}; charset=${charset}`
    : mediaType;
}

/** What can't be read is as much of a failure as what can't be fetched. */
function isOfDocument(error: unknown): error is FetchError | DocumentError | ExtractionError {
  return [FetchError, DocumentError, ExtractionError].some((kind) => error instanceof kind);
}

function failureOutcome(report: RefreshReport): RefreshResult['outcome'] {
  return report === 'changed' ? 'version' : report;
}
