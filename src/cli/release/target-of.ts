/** Opens the target that a configuration names. */
import path from 'node:path';
import { folderTarget, type ReleaseTarget, type TargetOptions } from '../../release/index.ts';

/** @returns null where none is named */
export function targetOf(options: TargetOptions | undefined): ReleaseTarget | null {
  if (options?.type === 'folder') return folderTarget(path.resolve(options.path));
  return null;
}
