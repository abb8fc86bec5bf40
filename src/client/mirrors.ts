/** A file from whichever server has it right: three tries, the next server before the same again, with pauses that no two clients share. */
import { EvervecError } from '../errors/evervec-error.ts';
import { ReleaseUpdateError } from '../errors/release-update-error.ts';
import type { Random } from '../runtime/random.ts';
import { fetchFile, type Fetching } from './fetch-file.ts';

export interface Web extends Fetching {
  /** Folders that `channel.json` lies in, with a `/` at the end. */
  readonly urls: readonly string[];
  readonly tries: number;
  /** Before the second try of one server; doubles. */
  readonly retryDelayMs: number;
  readonly random: Random;
}

export interface Remote {
  readonly path: string;
  readonly maximumBytes: number;
  readonly maximumGzipBytes: number;
  /** Files that change in place are asked for again, each time. */
  readonly isMutable: boolean;
  readonly onBytes?: ((bytes: number, limit: number) => void) | undefined;
  /** Whether one server's error is an answer, so that no other is asked. */
  readonly isAnswer?: (error: unknown) => boolean;
}

/**
 * @param check of the bytes; what it throws makes the next server be asked, and the same again where it `isRetryable`
 * @throws ReleaseUpdateError of the last try
 */
export async function fromMirrors<T>(
  web: Web,
  remote: Remote,
  check: (bytes: Uint8Array<ArrayBuffer>) => Promise<T>,
): Promise<T> {
  const tries = Math.max(web.tries, web.urls.length);
  let last: unknown;
  for (let attempt = 0; attempt < tries; attempt++) {
    const round = Math.floor(attempt / web.urls.length);
    if (round > 0 && !isWorthAnother(last)) break;
    if (round > 0) await pause(web, round);
    const url = `${web.urls[attempt % web.urls.length] ?? ''}${remote.path}`;
    // What the browser keeps may be what was wrong.
    const cache = attempt > 0 ? 'reload' : remote.isMutable ? 'no-cache' : 'default';
    try {
      return await check(await fetchFile({ ...remote, url, cache }, web));
    } catch (error) {
      if (web.signal.aborted || isFinal(error) || remote.isAnswer?.(error) === true) throw error;
      last = error;
    }
  }
  throw last;
}

async function pause({ clock, random, retryDelayMs, signal }: Web, round: number): Promise<void> {
  await clock.sleep(retryDelayMs * 2 ** (round - 1) * (0.5 + random()), signal);
}

function isWorthAnother(error: unknown): boolean {
  return EvervecError.isInstance(error) && error.isRetryable;
}

/** No server can help. */
function isFinal(error: unknown): boolean {
  if (!EvervecError.isInstance(error)) return true;
  return error instanceof ReleaseUpdateError && error.reason === 'DEFERRED';
}
