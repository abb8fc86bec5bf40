/** Readers of what the three documents have in common. */
import { FormatError } from '../../errors/index.ts';
import { integer, only, type Reader, shape, text } from '../checked-json.ts';
import { LIMIT } from '../index-layout.ts';

/** Of products and channels. */
export const name = text(100, /^[a-z0-9][a-z0-9._-]*$/, 'a name in lower case');
export const hash = text(64, /^[0-9a-f]{64}$/, 'a SHA-256 in hexadecimal');
/** Relative, below the folder that `channel.json` lies in. */
export const path = text(
  300,
  /^[A-Za-z0-9_][A-Za-z0-9._-]*(\/[A-Za-z0-9_][A-Za-z0-9._-]*)*$/,
  'a relative path',
);
/** `major.minor.patch`, numbers without leading zeros. */
export const version = text(
  30,
  /^(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})$/,
  'a version of three numbers',
);

/** UTC to the second, `2026-11-21T15:45:00Z`. */
export const time: Reader<string> = (value, path) => {
  const spelt = text(20, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/, 'a time in UTC')(value, path);
  const instant = Date.parse(spelt);
  if (!Number.isFinite(instant) || timeText(instant) !== spelt)
    throw new FormatError(path, 'is not a time that there is');
  return spelt;
};

/** @param instant milliseconds since 1970, as `Date.now()`; parts of a second are cut off */
export function timeText(instant: number): string {
  return new Date(instant).toISOString().replace(/\.\d+Z$/, 'Z');
}

/** False when either is no time: what is not known to be in force is not. */
export function isBefore(now: number, expires: string): boolean {
  return now < Date.parse(expires);
}

const fileMembers = {
  path,
  encoding: only('gzip', 'identity'),
  /** As they lie on the server: where a download stops. */
  bytes: integer(1, LIMIT.fileBytes),
};
export const file = shape(fileMembers);

/** @param a, b as `version` reads them */
export function compareVersions(a: string, b: string): number {
  const other = b.split('.').map(Number);
  const differences = a.split('.').map((part, i) => Number(part) - (other[i] ?? 0));
  return differences.find((difference) => difference !== 0) ?? 0;
}
