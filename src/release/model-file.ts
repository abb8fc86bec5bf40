/** How a release names the model of its vectors, and the model's file where it goes along. */
import { createHash } from 'node:crypto';
import {
  createEmbeddedModel,
  NEAR_WORDS_FINGERPRINT,
  readWordVectorsFile,
} from '../embed/index.ts';
import { type ReleaseManifest, sha256Hex } from '../format/index.ts';
import { gzip } from './gzip.ts';

type Download = NonNullable<ReleaseManifest['model']['download']>;

export interface ModelFile {
  readonly download: Download;
  readonly contents: ReadonlyMap<string, Uint8Array>;
}

/** The embedded model that has a file, as this version has it. */
function hasFile(modelId: string): boolean {
  return modelId === createEmbeddedModel('near-words').id;
}

/**
 * Two models have one fingerprint only if they give the same vectors for the same texts. Of the embedded model it is that of its file, which a
 * page can compare; of others the hash of the id, which names all that changes a vector.
 */
export function modelFingerprint(modelId: string): string {
  return hasFile(modelId)
    ? NEAR_WORDS_FINGERPRINT
    : createHash('sha256').update(modelId).digest('hex');
}

/** @returns null where the model has no file that a page could embed with; @throws ModelFileError */
export async function readModelFile(modelId: string): Promise<ModelFile | null> {
  if (!hasFile(modelId)) return null;
  const plain = await readWordVectorsFile();
  const zipped = await gzip(plain);
  const sha256 = await sha256Hex(plain);
  const path = `m/${sha256}.bin`;
  return {
    download: {
      sha256,
      bytes: plain.length,
      files: [
        { path: `${path}.gz`, encoding: 'gzip', bytes: zipped.length },
        { path, encoding: 'identity', bytes: plain.length },
      ],
    },
    contents: new Map([
      [`${path}.gz`, zipped],
      [path, plain],
    ]),
  };
}
