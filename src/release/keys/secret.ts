/** Secret keys as texts: from files that nobody else reads, or from whoever has them. No message ever holds one (I11). */
import { chmod, link, open, rename, rm } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { ReleaseError } from '../../errors/index.ts';
import {
  exportSigningKey,
  generateSigningKey,
  importSigningKey,
  type Scheme,
  type SigningKey,
} from '../../format/index.ts';

export const ROLES = ['root', 'release', 'channel'] as const;
export type RoleName = (typeof ROLES)[number];

const ONLY_OWNER = 0o600;

/** Each signer with a key of every scheme. */
export async function generateSigners(
  count: number,
  schemes: readonly Scheme[],
): Promise<SigningKey[][]> {
  const signers = Array.from({ length: count }, () => schemes);
  return await Promise.all(
    signers.map(async (schemes) => await Promise.all(schemes.map(generateSigningKey))),
  );
}

/**
 * @param text keys with blanks or line ends between
 * @param where for people: a file or a variable
 * @throws ReleaseError
 */
export async function parseSecrets(text: string, where: string): Promise<SigningKey[]> {
  const texts = text.split(/[\s,]+/).filter((one) => one !== '');
  try {
    return await Promise.all(texts.map(importSigningKey));
  } catch (error) {
    throw new ReleaseError('key', `${where} holds no secret key of a release, or a damaged one.`, {
      remedy: 'Give the whole text that "evervec release keys new" wrote into the file.',
      isUsage: true,
      cause: error,
    });
  }
}

/** @returns the text of a file of secrets, a key in each line */
export async function secretText(keys: readonly SigningKey[]): Promise<string> {
  const texts = await Promise.all(keys.map(exportSigningKey));
  return `${texts.join('\n')}\n`;
}

/** Readable for its owner alone from the first byte on; whole or not at all. Replaces what is there. */
export async function writeSecret(file: string, text: string): Promise<void> {
  const beside = await writeBeside(file, text, ONLY_OWNER);
  await chmod(beside, ONLY_OWNER);
  await rename(beside, file);
}

/** @throws the file system's EEXIST where something is there */
export async function writeNew(file: string, bytes: Uint8Array | string): Promise<void> {
  const beside = await writeBeside(file, bytes, 0o644);
  try {
    await link(beside, file);
  } finally {
    await rm(beside, { force: true });
  }
}

async function writeBeside(file: string, content: Uint8Array | string, mode: number) {
  const beside = path.join(path.dirname(file), `.${path.basename(file)}.${randomUUID()}`);
  try {
    const handle = await open(beside, 'wx', mode);
    try {
      await handle.writeFile(content);
      await handle.sync();
    } finally {
      await handle.close();
    }
    return beside;
  } catch (error) {
    await rm(beside, { force: true });
    throw error;
  }
}
