/** Keeps uploads from taking the whole memory: each so large, so many at once. */
import { HttpRequestError } from '../errors/index.ts';

export interface UploadLimits {
  /** Of one request's body; default 50 MiB. */
  maxBytes?: number | undefined;
  /** At once; default 2. One more is refused: 503. */
  concurrency?: number | undefined;
}

const MAX_BYTES = 50 * 1_048_576;
const CONCURRENCY = 2;

export class Uploads {
  readonly maxBytes: number;
  readonly #concurrency: number;
  #underWay = 0;

  constructor({ maxBytes = MAX_BYTES, concurrency = CONCURRENCY }: UploadLimits) {
    this.maxBytes = maxBytes;
    this.#concurrency = concurrency;
  }

  /**
   * Runs what holds an upload in memory.
   * @throws HttpRequestError where as many are under way as may be
   */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#underWay >= this.#concurrency)
      throw new HttpRequestError('BUSY', 503, `${this.#concurrency} uploads are under way.`, {
        remedy: 'Send it again after Retry-After, or raise server.uploadConcurrency.',
        // The body is not read, so the connection can't be used again.
        headers: { 'retry-after': '1', connection: 'close' },
      });
    this.#underWay += 1;
    try {
      return await work();
    } finally {
      this.#underWay -= 1;
    }
  }
}
