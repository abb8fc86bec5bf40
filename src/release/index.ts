export {
  buildRelease,
  type BuildStage,
  type BuiltRelease,
  type OnBuildProgress,
} from './build-release.ts';
export { type ContentRecord, readContent } from './content.ts';
export type { LeftOut, ReleaseBase } from './deltas.ts';
export type { DraftManifest, ReleaseDraft } from './draft.ts';
export { explain } from './explain.ts';
export { readFreshness, requireFresh } from './freshness.ts';
export { modelFingerprint } from './model-file.ts';
export { type ReleaseOptions, releaseName, releaseOptions } from './options.ts';
export { planRelease, type ReleasePlan } from './plan.ts';
export {
  KEPT_RELEASES,
  POINTER,
  type Published,
  type PublishedIndex,
  type PublishedRelease,
  readPublished,
  type ReadOptions,
} from './published.ts';
export { readDraft } from './read-draft.ts';
export type { TargetOptions } from './target-definition.ts';
export type { ReadableTarget, ReleaseTarget, TargetFile } from './target.ts';
export { folderTarget } from './targets/folder.ts';
export { removeDraft, writeDraft } from './write-draft.ts';
export { type S3Credentials, s3Target } from './targets/s3.ts';
