/** A product's first keys: one signer for each role, and the root that names them. */
import { mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { ReleaseError } from '../../errors/index.ts';
import {
  type Role,
  type RootDocument,
  type Scheme,
  signDocument,
  type SigningKey,
  timeText,
  type TrustAnchor,
  verifyRoot,
} from '../../format/index.ts';
import { explain } from '../explain.ts';
import { rootPath } from '../roots.ts';
import { codeOf, isMissing, isThere, remedyFor } from '../targets/system-error.ts';
import { DEFAULT_KEYS, secretPath, TRUST } from './folder.ts';
import { generateSigner, ROLES, secretText, writeSecret } from './secret.ts';

export interface NewKeys {
  /** Default `release-keys`. */
  readonly folder?: string;
  readonly product: string;
  /** A signer has a key of each; default Ed25519 alone. */
  readonly schemes?: readonly Scheme[];
  /** Until when the root counts, milliseconds since 1970. */
  readonly expires: number;
}

export function roleOf(keys: readonly SigningKey[]): Role {
  return { signers: [keys.map(({ publicKey }) => publicKey)], threshold: 1 };
}

/**
 * The folder appears whole or not at all.
 * @returns what an app pins
 * @throws ReleaseError where something is there already
 */
export async function createKeys({
  folder = DEFAULT_KEYS,
  product,
  schemes = ['ed25519'],
  expires,
}: NewKeys): Promise<TrustAnchor> {
  await expectEmpty(folder);
  const [root, release, channel] = await Promise.all(ROLES.map(() => generateSigner(schemes)));
  if (root === undefined || release === undefined || channel === undefined)
    throw new TypeError('There are three roles.');
  const document: RootDocument = {
    type: 'root',
    product,
    version: 1,
    expires: timeText(expires),
    roles: { root: roleOf(root), release: roleOf(release), channel: roleOf(channel) },
  };
  const anchor = { product, version: 1, root: document.roles.root };
  const bytes = await signDocument(document, root);
  const verdict = await verifyRoot(bytes, anchor);
  if (!verdict.accepted)
    throw new ReleaseError('refused', `The root would be refused: ${explain(verdict.refusal)}.`, {
      remedy: 'Name a product of a-z, 0-9, ".", _ and -, and a time to come.',
      isUsage: true,
    });
  await writeFolder(folder, async (at) => {
    await writeSecret(secretPath(at, 'root', 1), await secretText(root));
    await writeSecret(secretPath(at, 'release', 1), await secretText(release));
    await writeSecret(secretPath(at, 'channel', 1), await secretText(channel));
    await writeFile(path.join(at, '.gitignore'), '*.secret\n');
    await writeFile(path.join(at, rootPath(1)), bytes);
    await writeFile(path.join(at, TRUST), `${JSON.stringify(anchor, null, 2)}\n`);
  });
  return anchor;
}

async function expectEmpty(folder: string): Promise<void> {
  const names = await readdir(folder).catch((error: unknown) => {
    if (isMissing(error)) return [];
    throw failed(folder, error);
  });
  if (names.length > 0) throw exists(folder);
}

async function writeFolder(folder: string, write: (at: string) => Promise<void>): Promise<void> {
  const parent = path.dirname(path.resolve(folder));
  let beside: string | undefined;
  try {
    await mkdir(parent, { recursive: true });
    beside = await mkdtemp(path.join(parent, '.release-keys-'));
    await write(beside);
    await rename(beside, folder);
  } catch (error) {
    if (beside !== undefined) await rm(beside, { recursive: true, force: true });
    throw isThere(error) || codeOf(error) === 'ENOTEMPTY' ? exists(folder) : failed(folder, error);
  }
}

function exists(folder: string): ReleaseError {
  return new ReleaseError('exists', `${folder} is there already, and is not empty.`, {
    remedy:
      'Keys are never replaced by new ones: apps that pin them would take no release any more. Change them with "evervec release keys rotate", or name another folder.',
    isUsage: true,
  });
}

function failed(folder: string, error: unknown): ReleaseError {
  return new ReleaseError('key', `The keys can't be written to ${folder} (${codeOf(error)}).`, {
    remedy: remedyFor(error),
    cause: error,
  });
}
