/**
 * Keys that sign releases, as texts and as WebCrypto's objects: Ed25519, and ECDSA with P-256 and SHA-256 for browsers
 * without it. A public key is written `ed25519:…` or `ecdsa-p256:…` (base64url of the raw key: 32 bytes, or 65 of an
 * uncompressed point); its id is the SHA-256 of that text. A secret key is `ed25519-secret:PUBLIC:PKCS8`.
 */
import { FormatError } from '../../errors/index.ts';
import { hexOf, sha256, unshared } from '../hash.ts';
import { fromBase64url, toBase64url } from './base64url.ts';

export const SCHEMES = ['ed25519', 'ecdsa-p256'] as const;
export type Scheme = (typeof SCHEMES)[number];
/** WebCrypto's `CryptoKey`, by a name that every type library has. */
export type WebKey = Awaited<ReturnType<typeof crypto.subtle.importKey>>;

export interface SigningKey {
  /** As a text. */
  readonly publicKey: string;
  readonly privateKey: WebKey;
}

const ALGORITHM = {
  ed25519: { name: 'Ed25519' },
  'ecdsa-p256': { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' },
} as const;
const RAW_BYTES = { ed25519: 32, 'ecdsa-p256': 65 } as const;
/** Raw in both: R and S of Ed25519, r and s of ECDSA. */
export const SIGNATURE_BYTES = 64;
const UNCOMPRESSED_POINT = 4;

/** @returns what the text says, or undefined when it is no public key in its one spelling */
export function parsePublicKey(
  text: string,
): { scheme: Scheme; raw: Uint8Array<ArrayBuffer> } | undefined {
  const scheme = SCHEMES.find((one) => text.startsWith(`${one}:`));
  if (scheme === undefined) return undefined;
  const raw = fromBase64url(text.slice(scheme.length + 1));
  if (raw?.length !== RAW_BYTES[scheme]) return undefined;
  if (scheme === 'ecdsa-p256' && raw[0] !== UNCOMPRESSED_POINT) return undefined;
  return { scheme, raw };
}

/** @returns SHA-256 of the key's text, 64 hexadecimal digits */
export async function keyIdOf(publicKey: string): Promise<string> {
  return hexOf(await sha256(new TextEncoder().encode(publicKey)));
}

/** A new key, from the platform's random source. It can be exported. */
export async function generateSigningKey(scheme: Scheme): Promise<SigningKey> {
  const pair = await crypto.subtle.generateKey(ALGORITHM[scheme], true, ['sign', 'verify']);
  if (!('privateKey' in pair)) throw new TypeError('WebCrypto gave no pair of keys.');
  const raw = new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey));
  return { publicKey: `${scheme}:${toBase64url(raw)}`, privateKey: pair.privateKey };
}

/** The secret as a text. Whoever has it can sign: keep it where no one else reads. */
export async function exportSigningKey({ publicKey, privateKey }: SigningKey): Promise<string> {
  const secret = new Uint8Array(await crypto.subtle.exportKey('pkcs8', privateKey));
  return `${publicKey.replace(':', '-secret:')}:${toBase64url(secret)}`;
}

/** @throws FormatError for a text that is no secret key, or whose halves do not belong together */
export async function importSigningKey(text: string): Promise<SigningKey> {
  const [head = '', point = '', secret = '', ...rest] = text.trim().split(':');
  const publicKey = `${head.replace(/-secret$/, '')}:${point}`;
  const parsed = parsePublicKey(publicKey);
  const pkcs8 = fromBase64url(secret);
  if (parsed === undefined || pkcs8 === undefined || !head.endsWith('-secret') || rest.length > 0)
    throw noKey();
  const algorithm = ALGORITHM[parsed.scheme];
  const privateKey = await crypto.subtle
    .importKey('pkcs8', pkcs8, algorithm, false, ['sign'])
    .catch(() => undefined);
  if (privateKey === undefined) throw noKey();
  const key = { publicKey, privateKey };
  const probe = new Uint8Array(1);
  if ((await verifyBytes(publicKey, await signBytes(key, probe), probe)) !== 'valid') throw noKey();
  return key;
}

/** @returns 64 bytes */
export async function signBytes(
  { publicKey, privateKey }: SigningKey,
  bytes: Uint8Array,
): Promise<Uint8Array<ArrayBuffer>> {
  const scheme = parsePublicKey(publicKey)?.scheme;
  if (scheme === undefined) throw noKey();
  return new Uint8Array(await crypto.subtle.sign(ALGORITHM[scheme], privateKey, unshared(bytes)));
}

/** `unsupported`: this runtime does not know the scheme, so that nothing is said about the signature. Never rejects. */
export async function verifyBytes(
  publicKey: string,
  signature: Uint8Array,
  bytes: Uint8Array,
): Promise<'valid' | 'invalid' | 'unsupported'> {
  const parsed = parsePublicKey(publicKey);
  if (parsed === undefined || signature.length !== SIGNATURE_BYTES) return 'invalid';
  const algorithm = ALGORITHM[parsed.scheme];
  try {
    const key = await crypto.subtle.importKey('raw', parsed.raw, algorithm, false, ['verify']);
    const isValid = await crypto.subtle.verify(
      algorithm,
      key,
      unshared(signature),
      unshared(bytes),
    );
    return isValid ? 'valid' : 'invalid';
  } catch (error) {
    return error instanceof Error && error.name === 'NotSupportedError' ? 'unsupported' : 'invalid';
  }
}

function noKey(): FormatError {
  return new FormatError('signing key', 'is no secret key of a release, or is damaged', {
    isUsage: true,
    remedy: 'Give the text that was shown when the key was made.',
  });
}
