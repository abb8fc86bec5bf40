/** What all targets ask of a path, and how they compare bytes. */
import { ReleaseTargetError } from '../../errors/index.ts';

/** As docs/release-format.md has it: nothing that leads outside, nothing hidden. */
const PATH = /^[A-Za-z0-9_][A-Za-z0-9._-]*(\/[A-Za-z0-9_][A-Za-z0-9._-]*)*$/;

export function isReleasePath(file: string): boolean {
  return PATH.test(file);
}

/** @throws ReleaseTargetError */
export function checkPath(file: string, target: string): string {
  if (isReleasePath(file)) return file;
  throw new ReleaseTargetError(`${target}: ${JSON.stringify(file)} is no path of a release.`, {
    remedy: 'Use segments of A-Z a-z 0-9 . _ - that begin with neither . nor -.',
    isUsage: true,
  });
}

export function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
