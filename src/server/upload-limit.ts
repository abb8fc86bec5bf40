/** Keeps uploads from taking the whole memory: each so large, and of those beyond what any request may have so many at once. */
import { HttpRequestError } from '../errors/index.ts';
import { MAX_BODY_BYTES } from './body.ts';

export interface UploadLimits {
  /** Of one request's body; default 50 MiB. */
  maxBytes?: number | undefined;
  /** At once, of those over 1 MB or of a length that is not told; default 2. One more is refused: 503. */
  concurrency?: number | undefined;
}

const MAX_BYTES = 50 * 1_048_576;
const CONCURRENCY = 2;

export class Uploads {
  readonly #maxBytes: number;
  readonly #concurrency: number;
  #underWay = 0;

  constructor({ maxBytes = MAX_BYTES, concurrency = CONCURRENCY }: UploadLimits) {
    this.#maxBytes = maxBytes;
    this.#concurrency = concurrency;
  }

  /**
   * Runs what holds an upload in memory.
   * @param work told how many bytes it may read
   * @throws HttpRequestError where as many are under way as may be
   */
  async run<T>(request: Request, work: (maxBytes: number) => Promise<T>): Promise<T> {
    const length = request.headers.get('content-length');
    const small = Math.min(MAX_BODY_BYTES, this.#maxBytes);
    if (length !== null && Number(length) <= small) return await work(small);
    if (this.#underWay >= this.#concurrency) throw this.#busy();
    this.#underWay += 1;
    try {
      return await work(this.#maxBytes);
    } finally {
      this.#underWay -= 1;
    }
  }

  #busy(): HttpRequestError {
    return new HttpRequestError('BUSY', 503, `${this.#concurrency} uploads are under way.`, {
      remedy: 'Send it again after Retry-After, or raise server.uploadConcurrency.',
      // The body is not read, so the connection can't be used again.
      headers: { 'retry-after': '1', connection: 'close' },
    });
  }
}
