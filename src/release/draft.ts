/**
 * What `release build` made and `release publish` signs: a folder of files in the layout of docs/release-format.md, and `draft.json` that
 * says what a manifest says, without what is known only when it is published. The same content gives the same draft, byte for byte.
 */
import type { ReleaseManifest } from '../format/index.ts';

/** Of a manifest, all that follows from the content. Sequence, version, time, channels and notes come with publishing. */
export type DraftManifest = Omit<
  ReleaseManifest,
  'type' | 'product' | 'channels' | 'sequence' | 'version' | 'created' | 'notes'
>;

export interface ReleaseDraft {
  /** The name under `releases` in the configuration. */
  readonly name: string;
  readonly manifest: DraftManifest;
  /** Paths below the draft's folder of what must lie on the target before the manifest does. */
  readonly files: readonly string[];
  /** Files of fixed names, replaced beside the pointer: the JSON shapes that older clients read. */
  readonly mutableFiles: readonly string[];
}
