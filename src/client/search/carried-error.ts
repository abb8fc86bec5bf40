/** Errors on their way out of a worker: what is sent of them, and the same class with the same code on the other side. */
import {
  EvervecError,
  FormatError,
  ReleaseClientError,
  SearchRequestError,
} from '../../errors/index.ts';

/** As `postMessage` copies it. Causes stay where they happened. */
export interface CarriedError {
  /** null for one that is not of Evervec. */
  readonly code: string | null;
  readonly name: string;
  readonly message: string;
  readonly remedy: string;
  readonly isRetryable: boolean;
  readonly isUsage: boolean;
  /** Of a FormatError. */
  readonly part: string;
}

const OF_NO_EVERVEC_ERROR = {
  code: null,
  remedy: '',
  isRetryable: false,
  isUsage: false,
  part: '',
};

export function carried(error: unknown): CarriedError {
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  if (!EvervecError.isInstance(error)) return { ...OF_NO_EVERVEC_ERROR, name, message };
  const { code, remedy, isRetryable, isUsage } = error;
  const part = error instanceof FormatError ? error.part : '';
  return { code, name, message, remedy, isRetryable, isUsage, part };
}

export function revived({ code, name, message, part, ...options }: CarriedError): Error {
  if (code === 'EVERVEC_FORMAT') {
    // The class puts the part before and a full stop behind.
    return new FormatError(part, message.slice(`${part}: `.length, -1), options);
  }
  if (code === 'EVERVEC_SEARCH_REQUEST') return new SearchRequestError(message, options);
  if (code?.startsWith('EVERVEC_CLIENT_') === true)
    return new ReleaseClientError(code as ReleaseClientError['code'], message, options);
  return Object.assign(new Error(message), { name });
}
