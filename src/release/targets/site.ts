/** A published folder as a web site shows it: read only, by path. */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { ReleaseTargetError } from '../../errors/index.ts';
import type { Site } from '../pull.ts';
import { checkPath } from './path.ts';

const TIMEOUT_MS = 300_000;
const TRIES = 3;
const PAUSE_MS = 500;

/**
 * @param url of the folder that `channel.json` is in
 * @throws ReleaseTargetError for what is no http address
 */
export function webSite(url: string): Site {
  const base = URL.parse(url.endsWith('/') ? url : `${url}/`);
  if (base === null || !/^https?:$/.test(base.protocol))
    throw new ReleaseTargetError('That is no http or https address.', {
      remedy: 'Give the address of the folder that channel.json is in.',
      isUsage: true,
    });
  const name = `site ${base.host}${base.pathname}`;
  return {
    name,
    get: async (path) => {
      const at = new URL(checkPath(path, name), base);
      // What changes in place must not come from a cache on the way: the next release would take a number that is taken.
      if (!path.includes('/')) at.searchParams.set('fresh', randomUUID());
      return await request(at, `${name}: ${path}`);
    },
  };
}

async function request(url: URL, shown: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
  for (let tries = 1; ; tries++) {
    const answer = await ask(url);
    if (answer instanceof Uint8Array) return answer;
    if (answer === 404 || answer === 410) return undefined;
    const isRetryable = typeof answer !== 'number' || answer >= 500 || answer === 429;
    if (!isRetryable || tries >= TRIES)
      throw new ReleaseTargetError(
        typeof answer === 'number'
          ? `${shown} is answered ${answer}.`
          : `${shown} can't be fetched.`,
        {
          remedy: 'Check the address and the network, then run this again.',
          isRetryable,
          ...(typeof answer === 'object' && { cause: answer }),
        },
      );
    await delay(PAUSE_MS * 2 ** tries);
  }
}

/** @returns the bytes, the status of another answer, or what went wrong on the way */
async function ask(url: URL): Promise<Uint8Array<ArrayBuffer> | number | Error> {
  try {
    const response = await fetch(url, {
      headers: { 'cache-control': 'no-cache' },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (response.ok) return new Uint8Array(await response.arrayBuffer());
    await response.body?.cancel();
    return response.status;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}
