export { raiseAlert } from './alerts.ts';
export { commit, type Intent, type Offer } from './commit.ts';
export {
  buildRelease,
  type BuildStage,
  type BuiltRelease,
  type OnBuildProgress,
} from './build-release.ts';
export { type ContentRecord, readContent } from './content.ts';
export type { LeftOut, ReleaseBase } from './deltas.ts';
export type { DraftManifest, ReleaseDraft } from './draft.ts';
export type { DraftFolder, OnPublishProgress } from './draft-files.ts';
export { explain } from './explain.ts';
export { judge, readHealth, type ReleaseHealth } from './health.ts';
export { createKeys, type NewKeys } from './keys/create.ts';
export { DEFAULT_KEYS, readTrust, secretsIn, type Trust, TRUST } from './keys/folder.ts';
export { type Rotation, rotateKeys } from './keys/rotate.ts';
export { parseSecrets, type RoleName, ROLES } from './keys/secret.ts';
export { GRACE_MS, prune, type Pruned, type PruneOptions } from './prune.ts';
export { readFreshness, requireFresh } from './freshness.ts';
export { modelFingerprint } from './model-file.ts';
export { type ReleaseOptions, releaseName, releaseOptions } from './options.ts';
export { planRelease, type ReleasePlan } from './plan.ts';
export {
  KEPT_RELEASES,
  POINTER,
  type Published,
  type PublishedChannel,
  type PublishedIndex,
  type PublishedRelease,
  readPublished,
  type ReadOptions,
} from './published.ts';
export {
  DEFAULT_CHANNEL,
  keepPublished,
  publishDraft,
  type PublishOptions,
  type PublishOutcome,
} from './publish.ts';
export { CHANNEL_LIFETIME_MS, keysOf, type Publisher, readOwn } from './publisher.ts';
export { pull, type PullOutcome, type Site } from './pull.ts';
export { renew, renewIfDue } from './renew.ts';
export { ReportCounts } from './report-counts.ts';
export { halt, promote, setRollout } from './rollout.ts';
export {
  type HaltRule,
  type ServeOptions,
  serveSettings,
  type ServeSettings,
} from './serve-options.ts';
export { readDraft } from './read-draft.ts';
export type { ReadableTarget, ReleaseTarget, TargetFile } from './target.ts';
export type { TargetOptions } from './target-definition.ts';
export { folderTarget } from './targets/folder.ts';
export { isReleasePath } from './targets/path.ts';
export { DRAFT_FILE, removeDraft, writeDraft } from './write-draft.ts';
export { type S3Credentials, s3Target } from './targets/s3.ts';
export { webSite } from './targets/site.ts';
export { PointerWatch } from './watch.ts';
export { cacheControlOf, contentTypeOf } from './web-headers.ts';
export { yank, type YankOptions, type YankOutcome } from './yank.ts';
