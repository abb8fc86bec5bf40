export type { DraftManifest, ReleaseDraft } from './draft.ts';
export { explain } from './explain.ts';
export {
  KEPT_RELEASES,
  POINTER,
  type Published,
  type PublishedIndex,
  type PublishedRelease,
  readPublished,
  type ReadOptions,
} from './published.ts';
export type { ReadableTarget, ReleaseTarget, TargetFile } from './target.ts';
export { folderTarget } from './targets/folder.ts';
export { type S3Credentials, s3Target } from './targets/s3.ts';
