/** Reads one content of a release in whichever encoding it lies there, and believes none that has another hash. */
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { ReleaseError } from '../errors/index.ts';
import { type ReleaseFile, sha256Hex } from '../format/index.ts';
import type { ReleaseTarget } from './target.ts';

const unzip = promisify(gunzip);

/** Of a manifest: an index, a delta, a model. */
export interface ReleaseContent {
  /** Of the plain file. */
  readonly sha256: string;
  readonly bytes: number;
  readonly files: readonly ReleaseFile[];
}

/**
 * @returns the plain bytes
 * @throws ReleaseError when no file has them
 * @throws ReleaseTargetError
 */
export async function loadIndex(
  target: Pick<ReleaseTarget, 'name' | 'get'>,
  content: ReleaseContent,
): Promise<Uint8Array<ArrayBuffer>> {
  for (const file of content.files) {
    const bytes = await target.get(file.path);
    const plain = bytes && (await plainOf(bytes, file.encoding, content.bytes));
    if (plain !== undefined && (await sha256Hex(plain)) === content.sha256) return plain;
  }
  const paths = content.files.map(({ path }) => path).join(', ');
  throw new ReleaseError('published', `${target.name}: ${paths} is missing or damaged.`, {
    remedy: 'Publish again; clients that need it take the whole index in place of a delta.',
  });
}

/** @returns undefined for what is no gzip, or longer than `maximum` */
export async function plainOf(
  bytes: Uint8Array<ArrayBuffer>,
  encoding: ReleaseFile['encoding'],
  maximum: number,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  if (encoding === 'identity') return bytes;
  const plain = await unzip(bytes, { maxOutputLength: Math.max(1, maximum) }).catch(
    () => undefined,
  );
  return plain && new Uint8Array(plain);
}
