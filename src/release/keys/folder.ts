/**
 * The folder of a release's keys: `trust.json` (what an app pins), `root.N.json` (public, they belong into the repository), and `ROLE.N.secret` with
 * the keys that came with `root.N.json`, which do not.
 */
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { EvervecError, ReleaseError } from '../../errors/index.ts';
import type { RootDocument, SigningKey, TrustAnchor } from '../../format/index.ts';
import { integer, shape, text } from '../../format/checked-json.ts';
import { readRole } from '../../format/trust/role.ts';
import { readRoots, rootPath } from '../roots.ts';
import { codeOf, isMissing, remedyFor } from '../targets/system-error.ts';
import { parseSecrets, type RoleName, ROLES } from './secret.ts';

export const TRUST = 'trust.json';
export const DEFAULT_KEYS = 'release-keys';
const ROOT = /^root\.([1-9]\d*)\.json$/;
const SECRET = /^(root|release|channel)\.[1-9]\d*(\.[1-9]\d*)?\.secret$/;

/** What of the keys is public, checked from the anchor on. */
export interface Trust {
  readonly folder: string;
  readonly anchor: TrustAnchor;
  /** Oldest first, at least one. */
  readonly roots: readonly [RootDocument, ...RootDocument[]];
  /** By version. */
  readonly files: ReadonlyMap<number, Uint8Array>;
}

/** @param signer from 1, where the role has more than one */
export function secretPath(
  folder: string,
  role: RoleName,
  version: number,
  signer?: number,
): string {
  return path.join(folder, `${role}.${version}${signer ? `.${signer}` : ''}.secret`);
}

/** @throws ReleaseError when there are no keys, or they do not belong together */
export async function readTrust(folder: string): Promise<Trust> {
  const names = await inFolder(folder, async () => await readdir(folder));
  if (!names.includes(TRUST))
    throw new ReleaseError('key', `There are no keys of a release in ${folder}.`, {
      remedy: 'Make them with "evervec release keys new", or name their folder with --keys.',
      isUsage: true,
    });
  const anchor = parseAnchor(
    await inFolder(folder, () => readFile(path.join(folder, TRUST), 'utf8')),
    folder,
  );
  const files = new Map<number, Uint8Array>();
  for (const name of names) {
    const version = ROOT.exec(name)?.[1];
    if (version !== undefined)
      files.set(Number(version), new Uint8Array(await readFile(path.join(folder, name))));
  }
  const nowhere = { name: folder, get: async () => undefined, list: async () => [] };
  const [first, ...others] = await readRoots(nowhere, anchor, files);
  if (first !== undefined) return { folder, anchor, roots: [first, ...others], files };
  throw new ReleaseError('key', `${rootPath(anchor.version)} is missing in ${folder}.`, {
    remedy: 'Bring it back from the repository, or from where the release is published.',
    isUsage: true,
  });
}

/** All secrets of a role that lie in the folder, of earlier roots too. */
export async function readSecrets(folder: string, role: RoleName): Promise<SigningKey[]> {
  const names = await inFolder(folder, async () => await readdir(folder));
  const keys: SigningKey[] = [];
  for (const name of names.sort()) {
    if (SECRET.exec(name)?.[1] !== role) continue;
    const file = path.join(folder, name);
    keys.push(...(await parseSecrets(await inFolder(folder, () => readFile(file, 'utf8')), file)));
  }
  return keys;
}

/** @returns the public keys whose secrets lie in the folder, of earlier roots too */
export async function secretsIn(folder: string): Promise<Set<string>> {
  const keys = await Promise.all(ROLES.map((role) => readSecrets(folder, role)));
  return new Set(keys.flat().map(({ publicKey }) => publicKey));
}

/** Runs something on the folder; a missing one is an empty one, other failures are errors of ours. */
async function inFolder<T extends string | string[]>(
  folder: string,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof EvervecError) throw error;
    if (isMissing(error)) return [] as string[] as T;
    throw new ReleaseError('key', `The keys in ${folder} can't be read (${codeOf(error)}).`, {
      remedy: remedyFor(error),
      cause: error,
    });
  }
}

function parseAnchor(json: string, folder: string): TrustAnchor {
  try {
    const readAnchor = shape({ product: text(100), version: integer(1), root: readRole });
    return readAnchor(JSON.parse(json), TRUST);
  } catch (error) {
    throw new ReleaseError('key', `${path.join(folder, TRUST)} is no trust anchor.`, {
      remedy: 'Bring it back from the repository: clients have it, so it can not be made anew.',
      isUsage: true,
      cause: error,
    });
  }
}
