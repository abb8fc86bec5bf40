/** `evervec/client`: releases on a device, kept up to date and searched there. For browsers, service workers and Node; no dependency. */
export { ReleaseClientError } from '../errors/release-client-error.ts';
export { ReleaseUpdateError, type ReleaseUpdateReason } from '../errors/release-update-error.ts';
export { EvervecError } from '../errors/evervec-error.ts';
export type { Role, TrustAnchor } from '../format/index.ts';
export { createReleaseClient, type ReleaseClient } from './client.ts';
export type { EventName, ReleaseClientEvents, ReleaseInfo, Stage } from './events.ts';
export type {
  Canary,
  IndexHost,
  IndexSummary,
  PageHit,
  PageSearchRequest,
  PageSearchResponse,
  QueryEmbedder,
  SearchMode,
  SearchWarning,
} from './index-host.ts';
export type { Mode, NetworkPolicy, ReleaseClientOptions, ReleaseReport } from './options.ts';
export type { ReleaseStatus } from './status.ts';
export type { ReleaseStore } from './store.ts';
export { MemoryStore } from './stores/memory-store.ts';
export { openBrowserStore } from './stores/browser-store.ts';
export { IndexedDbStore } from './stores/indexeddb-store.ts';
export { OpfsStore } from './stores/opfs-store.ts';
export { createIndexHost, type IndexHostOptions } from './search/worker-host.ts';
