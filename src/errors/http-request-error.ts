import { EvervecError } from './evervec-error.ts';

export type HttpFault =
  | 'BODY'
  | 'QUERY'
  | 'MULTIPART'
  | 'FILE'
  | 'CONFIRM'
  | 'UNAUTHORIZED'
  | 'FORBIDDEN'
  | 'HOST'
  | 'NOT_FOUND'
  | 'METHOD'
  | 'TOO_LARGE'
  | 'CONTENT_TYPE'
  | 'TOO_MANY'
  | 'BUSY'
  | 'TIME_LIMIT';

/** A request that the HTTP interface refuses by itself: the caller is at fault, or it takes too much. */
export class HttpRequestError extends EvervecError {
  override readonly code: `EVERVEC_HTTP_${HttpFault}`;
  readonly status: 400 | 401 | 403 | 404 | 405 | 413 | 415 | 429 | 503;
  /** Headers that belong to the refusal, such as `allow`. */
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    fault: HttpFault,
    status: HttpRequestError['status'],
    message: string,
    options: { remedy: string; headers?: Readonly<Record<string, string>>; cause?: unknown },
  ) {
    super(message, {
      ...options,
      isUsage: status < 500,
      isRetryable: status >= 500 || status === 429,
    });
    this.code = `EVERVEC_HTTP_${fault}`;
    this.status = status;
    this.headers = options.headers ?? {};
  }
}
