/** The hook that shows what is installed, what there is, and how far an update has come. */
import { useSyncExternalStore } from 'react';
import type { ReleaseClient } from '../client.ts';
import { type ReleaseView, viewsOf } from './release-view.ts';

export type { ReleaseView } from './release-view.ts';

/** Starts the client where nobody has. */
export function useRelease(client: ReleaseClient): ReleaseView {
  const views = viewsOf(client);
  return useSyncExternalStore(views.subscribe, views.snapshot, views.snapshot);
}
