/** What this device can do right now: whether it reaches anything, whether the app opens without one, whether the app can be installed. */
import { useEffect, useState, useSyncExternalStore } from 'react';

/** Whether the last one who asked for something got an answer; browsers say that they are online where nothing can be reached. */
let isAnswered = true;
const listeners = new Set<() => void>();

export function tellAnswered(answered: boolean): void {
  if (answered === isAnswered) return;
  isAnswered = answered;
  for (const listener of listeners) listener();
}

export function useOnline(): boolean {
  return useSyncExternalStore(onNetwork, () => navigator.onLine && isAnswered);
}

function onNetwork(listener: () => void): () => void {
  listeners.add(listener);
  addEventListener('online', listener);
  addEventListener('offline', listener);
  return () => {
    listeners.delete(listener);
    removeEventListener('online', listener);
    removeEventListener('offline', listener);
  };
}

/** Whether the service worker has all files of the app. */
export function useIsKept(): boolean {
  const [isKept, setKept] = useState(false);
  useEffect(() => {
    void navigator.serviceWorker?.ready.then(() => setKept(true));
  }, []);
  return isKept;
}

/** Chromium's offer to install a page as an app. */
interface InstallPrompt extends Event {
  prompt(): Promise<unknown>;
}

/** @returns asks the user to install it; null where the browser does not offer that */
export function useInstall(): (() => void) | null {
  const [offer, setOffer] = useState<InstallPrompt | null>(null);
  useEffect(() => {
    const keep = (event: Event) => {
      event.preventDefault();
      setOffer(event as InstallPrompt);
    };
    const forget = () => setOffer(null);
    addEventListener('beforeinstallprompt', keep);
    addEventListener('appinstalled', forget);
    return () => {
      removeEventListener('beforeinstallprompt', keep);
      removeEventListener('appinstalled', forget);
    };
  }, []);
  if (offer === null) return null;
  return () => {
    setOffer(null);
    void offer.prompt();
  };
}
