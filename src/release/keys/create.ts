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
import { generateSigners, type RoleName, secretText, writeSecret } from './secret.ts';

export interface NewKeys {
  /** Default `release-keys`. */
  readonly folder?: string;
  readonly product: string;
  /** A signer has a key of each; default Ed25519 alone. */
  readonly schemes?: readonly Scheme[];
  /** Until when the root counts, milliseconds since 1970. */
  readonly expires: number;
  /** Whose root keys there are, 1 to 16, and how many of them must sign the next root. Default 1 of 1. */
  readonly rootSigners?: number;
  readonly rootThreshold?: number;
}

/** @param signers each with a key of every scheme */
export function roleOf(signers: readonly (readonly SigningKey[])[], threshold = 1): Role {
  return {
    signers: signers.map((keys) => keys.map(({ publicKey }) => publicKey)),
    threshold,
  };
}

/** Each signer's secrets into a file of its own, so that they can go separate ways. */
export async function writeSigners(
  folder: string,
  role: RoleName,
  version: number,
  signers: readonly (readonly SigningKey[])[],
): Promise<void> {
  for (const [i, keys] of signers.entries()) {
    const number = signers.length === 1 ? undefined : i + 1;
    await writeSecret(secretPath(folder, role, version, number), await secretText(keys));
  }
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
  rootSigners = 1,
  rootThreshold = 1,
}: NewKeys): Promise<TrustAnchor> {
  await expectEmpty(folder);
  const root = await generateSigners(rootSigners, schemes);
  const release = await generateSigners(1, schemes);
  const channel = await generateSigners(1, schemes);
  const document: RootDocument = {
    type: 'root',
    product,
    version: 1,
    expires: timeText(expires),
    roles: {
      root: roleOf(root, rootThreshold),
      release: roleOf(release),
      channel: roleOf(channel),
    },
  };
  const anchor = { product, version: 1, root: document.roles.root };
  const bytes = await signDocument(document, root.flat());
  const verdict = await verifyRoot(bytes, anchor);
  if (!verdict.accepted)
    throw new ReleaseError('refused', `The root would be refused: ${explain(verdict.refusal)}.`, {
      remedy:
        'Name a product of a-z, 0-9, ".", _ and -, a time to come, and of 1 to 16 signers at most as many as must sign.',
      isUsage: true,
    });
  await writeFolder(folder, async (at) => {
    await writeSigners(at, 'root', 1, root);
    await writeSigners(at, 'release', 1, release);
    await writeSigners(at, 'channel', 1, channel);
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
