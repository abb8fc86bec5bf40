/** The client of the guide's release, and the mode that was chosen for it on this device. */
import {
  createReleaseClient,
  type Mode,
  openBrowserStore,
  type ReleaseClient,
} from 'evervec/client';
import { useEffect, useState } from 'react';
import { tellAnswered } from './device.ts';

/** Else hourly; a demonstration should not be waited for. */
const CHECK_INTERVAL_MS = 8_000;
const SILENCE = new Set(['EVERVEC_CLIENT_UNREACHABLE', 'EVERVEC_CLIENT_TIME_LIMIT']);
const MODE = 'guide:mode';

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

/** A client has one mode for its life: another mode is another client, over the same store. */
export function useClient(first: ReleaseClient): [ReleaseClient, (mode: Mode) => void] {
  const [client, setClient] = useState(first);
  const changeMode = (mode: Mode) => {
    if (mode === client.getStatus().mode) return;
    localStorage.setItem(MODE, mode);
    void client.close().then(async () => setClient(await openClient(mode)));
  };
  return [client, changeMode];
}

/** Bytes over the wire of what is available; null while nothing is. */
export function useOfferedBytes(client: ReleaseClient): number | null {
  const [bytes, setBytes] = useState<number | null>(null);
  useEffect(() => client.on('updateAvailable', (event) => setBytes(event.bytes)), [client]);
  return bytes;
}
