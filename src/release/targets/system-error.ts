/** Errors of the file system, by their codes. */

function hasCode(error: unknown, ...codes: string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code));
}

export function isMissing(error: unknown): boolean {
  return hasCode(error, 'ENOENT', 'ENOTDIR');
}

export function isThere(error: unknown): boolean {
  return hasCode(error, 'EEXIST');
}

/** Of file systems without hard links. */
export function hasNoLinks(error: unknown): boolean {
  return hasCode(error, 'EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EXDEV');
}

/** What to do about it. */
export function remedyFor(error: unknown): string {
  if (hasCode(error, 'ENOSPC', 'EDQUOT'))
    return 'The disk is full: make room, then run this again. It goes on where it stopped.';
  if (hasCode(error, 'EACCES', 'EPERM', 'EROFS'))
    return 'Give the user that runs this the right to write there, then run it again.';
  return 'See to the folder, then run this again.';
}

export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
