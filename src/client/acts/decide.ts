/** How an offered release would be had, and whether that waits. Fetches nothing. */
import { connectionOf, waitsFor } from '../network.ts';
import { costOf, type Way, waysTo } from '../plan.ts';
import type { Offer, Session } from '../session.ts';

/** The ways there are now. Those that the store has are hashed when they are taken. */
export async function planOf(session: Session, { manifest }: Offer): Promise<Way[]> {
  const { searched, options } = session;
  return waysTo(manifest, {
    searched: searched?.index.sha256,
    stored: new Set(await options.store.listBlobs()),
    canDecompress: 'DecompressionStream' in globalThis,
  });
}

/** What it waits for when nobody asks for it; null when for nothing. */
export async function waitOf(
  session: Session,
  offer: Offer,
): Promise<'consent' | 'connection' | null> {
  const { mode, conditional, network } = session.options;
  const { change } = offer.manifest;
  const bytes = costOf((await planOf(session, offer))[0]);
  // What the device made itself is better than nothing, not better than a release.
  const hasIndex = session.searched?.origin === 'release';
  const connection = connectionOf();
  return waitsFor({ mode, conditional, network, hasIndex, change, bytes, connection });
}
