/** The client of the guide's release, and the mode that was chosen for it on this device. */
import {
  createReleaseClient,
  EvervecError,
  type Mode,
  openBrowserStore,
  type ReleaseClient,
} from 'evervec/client';
import { useEffect, useState } from 'react';
import { tellAnswered } from './device.ts';

/** Else hourly; a demonstration should not be waited for. */
const CHECK_INTERVAL_MS = 8_000;
/** Codes of errors that say that nobody answered. */
const SILENCE = new Set(['EVERVEC_CLIENT_UNREACHABLE', 'EVERVEC_CLIENT_TIME_LIMIT']);
const MODE = 'guide:mode';

/** What an act that failed is told as where it was asked for; its event tells the rest. */
export function sayFault(error: unknown): string {
  if (!EvervecError.isInstance(error)) throw error;
  return SILENCE.has(error.code) ? 'There is no connection.' : error.message;
}

export function savedMode(): Mode {
  return localStorage.getItem(MODE) === 'manual' ? 'manual' : 'automatic';
}

export async function openClient(mode: Mode): Promise<ReleaseClient> {
  return createReleaseClient({
    url: './kb/',
    rootKeys: ROOT_KEYS,
    store: await openBrowserStore('guide'),
    mode,
    checkIntervalMs: CHECK_INTERVAL_MS,
    // Nothing is sent anywhere: it tells whether there was anybody to ask.
    report: ({ what, code = '' }) => tellAnswered(what !== 'failed' || !SILENCE.has(code)),
  });
}

export interface ChosenClient {
  readonly client: ReleaseClient;
  readonly mode: Mode;
  readonly choose: (mode: Mode) => void;
}

/** A client has one mode for its life: another mode is another client, over the same store, in a moment. */
export function useClient(first: ReleaseClient): ChosenClient {
  const [client, setClient] = useState(first);
  const [mode, setMode] = useState(() => first.getStatus().mode);
  useEffect(() => {
    const now = client.getStatus();
    // One that is being closed is of no use, whatever its mode.
    if (now.mode === mode && now.phase !== 'closed') return undefined;
    const ending = new AbortController();
    void replace(client, mode, setClient, ending.signal);
    return () => ending.abort();
  }, [client, mode]);
  const choose = (chosen: Mode) => {
    localStorage.setItem(MODE, chosen);
    setMode(chosen);
  };
  return { client, mode, choose };
}

async function replace(
  before: ReleaseClient,
  mode: Mode,
  show: (client: ReleaseClient) => void,
  ended: AbortSignal,
): Promise<void> {
  await before.close();
  const next = await openClient(mode);
  if (ended.aborted) await next.close();
  else show(next);
}

/** Bytes over the wire of what is available; null while nothing is. */
export function useOfferedBytes(client: ReleaseClient): number | null {
  const [bytes, setBytes] = useState<number | null>(null);
  useEffect(() => client.on('updateAvailable', (event) => setBytes(event.bytes)), [client]);
  return bytes;
}
