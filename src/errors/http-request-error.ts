import { EvervecError } from './evervec-error.ts';

export type HttpFault =
  | 'BODY'
  | 'UNAUTHORIZED'
  | 'HOST'
  | 'NOT_FOUND'
  | 'METHOD'
  | 'TOO_LARGE'
  | 'CONTENT_TYPE';

/** A request that the HTTP interface refuses before anything is asked of the engine. */
export class HttpRequestError extends EvervecError {
  override readonly code: `EVERVEC_HTTP_${HttpFault}`;
  readonly status: 400 | 401 | 403 | 404 | 405 | 413 | 415;
  /** Headers that belong to the refusal, such as `allow`. */
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    fault: HttpFault,
    status: HttpRequestError['status'],
    message: string,
    options: { remedy: string; headers?: Readonly<Record<string, string>>; cause?: unknown },
  ) {
    super(message, { ...options, isUsage: true });
    this.code = `EVERVEC_HTTP_${fault}`;
    this.status = status;
    this.headers = options.headers ?? {};
  }
}
