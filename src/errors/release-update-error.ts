import { ReleaseClientError } from './release-client-error.ts';

/**
 * Why a release could not be found, fetched, installed or left. `UNREACHABLE`, `TIME_LIMIT`, `DAMAGED` and `TOO_LARGE` are of one file of one server; `REFUSED` is a
 * document that the checks of trust turn down; `CANARY` and `UNUSABLE` a release that is whole but does not do; `QUOTA` and `STORE` the device.
 */
export type ReleaseUpdateReason = keyof typeof REMEDIES;

const REMEDIES = {
  UNREACHABLE: 'What is installed stays in use; it is tried again at the next check.',
  TIME_LIMIT: 'What is installed stays in use; it is tried again at the next check.',
  DAMAGED: 'Publish the file again, or clear the cache that gives it in a damaged form.',
  TOO_LARGE: 'Publish the file again: it is longer than its signed length.',
  REFUSED: 'What is installed stays in use. Publish the channel again, signed by its keys.',
  CANARY:
    'The release does not find what it says it does. Publish another; the one before is in use.',
  UNUSABLE: 'Publish the release again; the one before is in use.',
  QUOTA: 'Free space on the device; what is installed stays in use.',
  STORE: 'Allow this site to store data, or use the memory store.',
  NO_UPDATE: 'Call check() first.',
  NO_PREVIOUS: 'There is nothing to go back to.',
  NO_INDEX: 'Install a release first: update().',
  REQUEST: 'Correct the request.',
  DEFERRED: 'Call update() to have it now.',
  CLOSED: 'Make another client.',
} as const;

const RETRYABLE: ReadonlySet<ReleaseUpdateReason> = new Set([
  'UNREACHABLE',
  'TIME_LIMIT',
  'DAMAGED',
  'TOO_LARGE',
] as const);
const USAGE: ReadonlySet<ReleaseUpdateReason> = new Set([
  'NO_UPDATE',
  'NO_PREVIOUS',
  'NO_INDEX',
  'REQUEST',
  'CLOSED',
] as const);

export class ReleaseUpdateError extends ReleaseClientError {
  readonly reason: ReleaseUpdateReason;
  /** Of `REFUSED`: which check, as `Refusal` names it; else null. */
  readonly refusal: string | null;
  /** What the server answered; null where it did not come to that. */
  readonly status: number | null;

  constructor(
    reason: ReleaseUpdateReason,
    message: string,
    options: { cause?: unknown; refusal?: string; status?: number; isRetryable?: boolean } = {},
  ) {
    super(`EVERVEC_CLIENT_${reason}`, message, {
      remedy: REMEDIES[reason],
      cause: options.cause,
      isRetryable: options.isRetryable ?? RETRYABLE.has(reason),
      isUsage: USAGE.has(reason),
    });
    this.reason = reason;
    this.refusal = options.refusal ?? null;
    this.status = options.status ?? null;
  }
}
