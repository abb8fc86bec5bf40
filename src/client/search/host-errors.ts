/** What a place of search says when it can't answer. */
import { ReleaseClientError } from '../../errors/index.ts';

export function noIndexError(message: string): ReleaseClientError {
  return new ReleaseClientError('EVERVEC_CLIENT_NO_INDEX', message, {
    remedy: 'Install a release first: `update()`, or wait for `updateCompleted`.',
    isUsage: true,
  });
}

export function closedError(): ReleaseClientError {
  return new ReleaseClientError('EVERVEC_CLIENT_CLOSED', 'The search was closed.', {
    remedy: 'Create a new one.',
    isUsage: true,
  });
}

export function workerError(why: string, isRetryable = true): ReleaseClientError {
  return new ReleaseClientError('EVERVEC_CLIENT_WORKER', `The worker of the search died: ${why}.`, {
    remedy: isRetryable ? 'Search again: it is started anew.' : 'Load the page again.',
    isRetryable,
  });
}

/** The part of the client that searches is a file of its own. */
export function notLoadedError(cause: unknown): ReleaseClientError {
  return new ReleaseClientError(
    'EVERVEC_CLIENT_WORKER',
    'The code that searches could not be loaded.',
    {
      remedy: 'Search again with a network; a service worker can keep the file (docs/client.md).',
      isRetryable: true,
      cause,
    },
  );
}
