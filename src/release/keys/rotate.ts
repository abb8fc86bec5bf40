/** The next root: with another key for a role, or with the same keys for longer. Signed by the old root role and the new one. */
import path from 'node:path';
import { ReleaseError } from '../../errors/index.ts';
import {
  type RootDocument,
  type Scheme,
  SCHEMES,
  signDocument,
  type SigningKey,
  timeText,
  verifyNextRoot,
} from '../../format/index.ts';
import { explain } from '../explain.ts';
import { rootPath } from '../roots.ts';
import { codeOf, remedyFor } from '../targets/system-error.ts';
import { roleOf, writeSigners } from './create.ts';
import { readSecrets, readTrust } from './folder.ts';
import { generateSigners, type RoleName, writeNew } from './secret.ts';

export interface Rotation {
  readonly folder: string;
  /** Whose key is replaced; null for none, which only moves the root's expiry. */
  readonly role: RoleName | null;
  /** Default: those that the role has. */
  readonly schemes?: readonly Scheme[] | undefined;
  /** Of the new root, milliseconds since 1970. */
  readonly expires: number;
  /** Root keys that lie elsewhere than in the folder. */
  readonly rootKeys?: readonly SigningKey[];
}

/**
 * Writes the new secret first and the root that names it last, so that no root names a key that nobody has.
 * @returns the new root
 * @throws ReleaseError
 */
export async function rotateKeys({
  folder,
  role,
  schemes,
  expires,
  rootKeys = [],
}: Rotation): Promise<RootDocument> {
  const trust = await readTrust(folder);
  const before = trust.roots.at(-1) ?? trust.roots[0];
  const version = before.version + 1;
  const signers = [...(await readSecrets(folder, 'root')), ...rootKeys];
  const fresh = role && (await freshSigners(before, role, schemes));
  const roles = {
    ...before.roles,
    ...(role && fresh && { [role]: roleOf(fresh, before.roles[role].threshold) }),
  };
  const next: RootDocument = { ...before, version, expires: timeText(expires), roles };
  const counting = new Set([before, next].flatMap(({ roles }) => roles.root.signers.flat()));
  const all = role === 'root' && fresh ? [...signers, ...fresh.flat()] : signers;
  const keys = all.filter(
    ({ publicKey }, i) =>
      counting.has(publicKey) && all.findIndex((one) => one.publicKey === publicKey) === i,
  );
  if (keys.length === 0) throw noRootKey(folder);
  const bytes = await signDocument(next, keys);
  const verdict = await verifyNextRoot(bytes, before);
  if (!verdict.accepted)
    throw new ReleaseError(
      'refused',
      `The new root would be refused: ${explain(verdict.refusal)}.`,
      {
        remedy: 'Give the root keys that the last root names, as many as it asks for.',
        isUsage: true,
      },
    );
  try {
    if (role && fresh) await writeSigners(folder, role, version, fresh);
    await writeNew(path.join(folder, rootPath(version)), bytes);
  } catch (error) {
    throw new ReleaseError(
      'key',
      `${rootPath(version)} can't be written to ${folder} (${codeOf(error)}).`,
      { remedy: remedyFor(error), cause: error },
    );
  }
  return verdict.value;
}

/** As many as there were. */
async function freshSigners(
  before: RootDocument,
  role: RoleName,
  schemes: readonly Scheme[] | undefined,
): Promise<SigningKey[][]> {
  const { length } = before.roles[role].signers;
  return await generateSigners(length, schemes ?? schemesOf(before, role));
}

function schemesOf({ roles }: RootDocument, role: RoleName): Scheme[] {
  const keys = roles[role].signers.flat();
  return SCHEMES.filter((scheme) => keys.some((key) => key.startsWith(`${scheme}:`)));
}

function noRootKey(folder: string): ReleaseError {
  return new ReleaseError('key', `The root key is not in ${folder}.`, {
    remedy: 'Bring it from where it is kept offline: name its file with --root-key.',
    isUsage: true,
  });
}
