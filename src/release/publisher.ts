/** What every act of publishing needs: where to, whose keys, since when a client may read it, and the clock. */
import { ReleaseError } from '../errors/index.ts';
import type { RootDocument, SigningKey } from '../format/index.ts';
import { readSecrets, type Trust } from './keys/folder.ts';
import { parseSecrets, type RoleName } from './keys/secret.ts';
import { type Published, readPublished } from './published.ts';
import { rootPath } from './roots.ts';
import type { ReleaseTarget } from './target.ts';

export interface Publisher {
  readonly target: ReleaseTarget;
  readonly trust: Trust;
  /** Asked for only when something is signed by them, so that renewing a channel takes the channel's key alone. */
  readonly keys: (
    role: 'release' | 'channel',
    /** That must name them. */
    root: RootDocument,
  ) => Promise<readonly SigningKey[]>;
  /** This Evervec, `major.minor.patch`: a client of this age must accept what is published. */
  readonly client: string;
  /** Milliseconds since 1970; default the machine's clock. */
  readonly now?: () => number;
  /** How long a channel is good for after it was signed; default 3 days. */
  readonly lifetimeMs?: number;
}

export const CHANNEL_LIFETIME_MS = 3 * 86_400_000;

export function nowOf({ now = Date.now }: Publisher): number {
  return now();
}

/** What the target holds, by the publisher's own roots. */
export async function readOwn({ target, trust }: Publisher): Promise<Published> {
  return await readPublished(target, { anchor: trust.anchor, roots: trust.files });
}

/** The one whose keys count, which may be newer on the target than in the folder of the keys. */
export function lastRootOf({ roots }: Pick<Published, 'roots'>): RootDocument {
  const last = roots.at(-1);
  if (last === undefined) throw new TypeError('A publisher has a root.');
  return last;
}

/**
 * Keys from texts that are given, else from the folder.
 * @param given by role, with the name of where it is from
 */
export function keysOf(
  trust: Trust,
  given: Partial<Record<RoleName, { readonly text: string; readonly where: string }>> = {},
): Publisher['keys'] {
  return async (role, root) => {
    const one = given[role];
    const keys = one
      ? await parseSecrets(one.text, one.where)
      : await readSecrets(trust.folder, role);
    expectRole(keys, role, root, one?.where ?? trust.folder);
    return keys;
  };
}

/** @throws ReleaseError that says which role the key is of, where it is another */
function expectRole(
  keys: readonly SigningKey[],
  role: 'release' | 'channel',
  root: RootDocument,
  where: string,
): void {
  const has = (name: RoleName) => {
    const named = new Set(root.roles[name].signers.flat());
    return keys.some(({ publicKey }) => named.has(publicKey));
  };
  if (has(role)) return;
  const other = (['root', 'release', 'channel'] as const).find(has);
  const variable = `EVERVEC_${role.toUpperCase()}_KEY`;
  if (keys.length === 0)
    throw new ReleaseError('key', `There is no ${role} key in ${where}.`, {
      remedy: `Put ${role}.N.secret there, or its text into ${variable}.`,
      isUsage: true,
    });
  const what = other
    ? `is the ${other} key of this product, not the ${role} key`
    : `has no ${role} key that ${rootPath(root.version)} names`;
  throw new ReleaseError('key', `${where} ${what}.`, {
    remedy: `Give the ${role} key of ${root.product}. If it was replaced, give the new one.`,
    isUsage: true,
  });
}
