/** Who may sign a kind of document, and how many of them have to. */
import { FormatError } from '../../errors/index.ts';
import { integer, list, type Reader, shape, text } from '../checked-json.ts';
import { keyIdOf, parsePublicKey } from './keys.ts';

export interface Role {
  /**
   * Each signer has one key, or one for each scheme: whoever holds both counts once, and a browser that knows one scheme only still counts
   * everyone. No key twice.
   */
  readonly signers: readonly (readonly string[])[];
  /** 1 to the number of signers. */
  readonly threshold: number;
}

const MAX_SIGNERS = 16;
const MAX_KEYS_OF_SIGNER = 4;

const publicKey: Reader<string> = (value, path) => {
  const spelt = text(200)(value, path);
  if (parsePublicKey(spelt) === undefined) throw new FormatError(path, 'is no public key');
  return spelt;
};

const readMembers = shape({
  signers: list(list(publicKey, MAX_KEYS_OF_SIGNER, 1), MAX_SIGNERS, 1),
  threshold: integer(1, MAX_SIGNERS),
});

export const readRole: Reader<Role> = (value, path) => {
  const role = readMembers(value, path);
  const keys = role.signers.flat();
  if (new Set(keys).size !== keys.length) throw new FormatError(path, 'a key is there twice');
  if (role.threshold > role.signers.length)
    throw new FormatError(
      `${path}.threshold`,
      `${role.threshold} of ${role.signers.length} signers`,
    );
  return role;
};

/**
 * Whether what these keys signed would still be accepted. A number that was seen under keys which no longer count is no floor any more: a stolen
 * key could have set it so high that nothing ever passes it again.
 * @param keyIds that counted when it was accepted
 */
export async function isStillTrusted(role: Role, keyIds: readonly string[]): Promise<boolean> {
  let counted = 0;
  for (const keys of role.signers) {
    const ids = await Promise.all(keys.map(keyIdOf));
    if (ids.some((id) => keyIds.includes(id))) counted++;
  }
  return counted >= role.threshold;
}
