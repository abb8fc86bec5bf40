/** Gzip whose bytes depend on the content alone, as far as one version of zlib goes. Off the main thread. */
import { promisify } from 'node:util';
import { constants, gzip as gzipCallback } from 'node:zlib';

const gzipAsync = promisify(gzipCallback);
/** Of the header: which system made it. zlib writes its own; 255 is "unknown" (RFC 1952). */
const SYSTEM_AT = 9;
const UNKNOWN_SYSTEM = 255;

/** @param level 1 to 9, the default */
export async function gzip(
  bytes: Uint8Array,
  level: number = constants.Z_BEST_COMPRESSION,
): Promise<Uint8Array> {
  // Without a name and a time in the header.
  const zipped = await gzipAsync(bytes, { level });
  zipped[SYSTEM_AT] = UNKNOWN_SYSTEM;
  return zipped;
}
