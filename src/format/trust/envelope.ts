/**
 * A signed document: `{"signatures":[{"keyId","signature"}],"signed":{…}}`, the whole file in canonical JSON. A signature covers a fixed prefix
 * and the canonical bytes of `signed`, members that a reader does not know included. Whether enough of a role's signers signed is decided here.
 */
import { FormatError } from '../../errors/index.ts';
import { canonicalBytes, parseCanonical } from '../canonical-json.ts';
import { list, type Reader, shape, text } from '../checked-json.ts';
import { sha256Hex } from '../hash.ts';
import { fromBase64url, toBase64url } from './base64url.ts';
import { hash } from './fields.ts';
import { keyIdOf, signBytes, type SigningKey, verifyBytes } from './keys.ts';
import type { Role } from './role.ts';
import { accept, attempt, refuse, type Verdict } from './verdict.ts';

/** No signature of another protocol, by the same key, is one of ours. */
const PREFIX = 'evervec release document 1\n';
const MAX_SIGNATURES = 64;
/** Bytes of a whole file. */
export const MAX_DOCUMENT_BYTES = 1_048_576;

const readEnvelope = shape({
  signatures: list(
    shape({ keyId: hash, signature: text(86, /^[A-Za-z0-9_-]{86}$/, 'a signature') }),
    MAX_SIGNATURES,
  ),
  signed: (value: unknown) => value,
});

export interface Envelope<T> {
  readonly content: T;
  /** SHA-256 of the canonical bytes of `signed`. */
  readonly digest: string;
  readonly signatures: readonly { readonly keyId: string; readonly signature: string }[];
  readonly toSign: Uint8Array;
}

/** The file of a document, signed by each of the keys. */
export async function signDocument(
  signed: unknown,
  keys: readonly SigningKey[],
): Promise<Uint8Array<ArrayBuffer>> {
  const toSign = bytesToSign(signed);
  const signatures = await Promise.all(
    keys.map(async (key) => ({
      keyId: await keyIdOf(key.publicKey),
      signature: toBase64url(await signBytes(key, toSign)),
    })),
  );
  return envelopeBytes(signed, signatures);
}

/**
 * Adds a signature to a document that others signed before; one by the same key is replaced. So that keys need not be in one place.
 * @throws FormatError
 */
export async function addSignature(
  bytes: Uint8Array,
  key: SigningKey,
): Promise<Uint8Array<ArrayBuffer>> {
  const { signed, signatures } = parseEnvelope(bytes);
  const keyId = await keyIdOf(key.publicKey);
  const signature = toBase64url(await signBytes(key, bytesToSign(signed)));
  const others = signatures.filter((other) => other.keyId !== keyId);
  return envelopeBytes(signed, [...others, { keyId, signature }]);
}

/** Reads a document without believing it. */
export async function openEnvelope<T>(
  bytes: Uint8Array,
  read: Reader<T>,
): Promise<Verdict<Envelope<T>>> {
  if (bytes.length > MAX_DOCUMENT_BYTES)
    return refuse({ reason: 'too-large', bytes: bytes.length, limit: MAX_DOCUMENT_BYTES });
  const parsed = attempt(() => {
    const { signed, signatures } = parseEnvelope(bytes);
    return { content: read(signed, '$.signed'), signed, signatures };
  });
  if (!parsed.accepted) return parsed;
  const { content, signed, signatures } = parsed.value;
  const digest = await sha256Hex(canonicalBytes(signed));
  return accept({ content, digest, signatures, toSign: bytesToSign(signed) });
}

/**
 * A signer counts once, whichever of its keys signed and however often. Signatures by keys that the role does not have say nothing.
 * @returns the ids of the keys that counted, one of each signer
 */
export async function checkSignatures(
  { signatures, toSign }: Pick<Envelope<unknown>, 'signatures' | 'toSign'>,
  role: Role,
): Promise<Verdict<readonly string[]>> {
  const counted: string[] = [];
  let bad: string | undefined;
  let unsupported = 0;
  for (const keys of role.signers) {
    const found: { outcome: string; keyId: string }[] = [];
    for (const publicKey of keys) {
      const keyId = await keyIdOf(publicKey);
      const signature = signatures.find((one) => one.keyId === keyId)?.signature;
      if (signature === undefined) continue;
      const bytes = fromBase64url(signature);
      const outcome = bytes ? await verifyBytes(publicKey, bytes, toSign) : 'invalid';
      found.push({ outcome, keyId });
    }
    const valid = found.find(({ outcome }) => outcome === 'valid');
    if (valid !== undefined) counted.push(valid.keyId);
    else if (found.some(({ outcome }) => outcome === 'unsupported')) unsupported++;
    bad ??= found.find(({ outcome }) => outcome === 'invalid')?.keyId;
  }
  if (counted.length >= role.threshold) return accept(counted);
  if (bad !== undefined) return refuse({ reason: 'bad-signature', keyId: bad });
  const valid = counted.length;
  return refuse({ reason: 'too-few-signatures', valid, unsupported, needed: role.threshold });
}

function parseEnvelope(bytes: Uint8Array) {
  const parsed = parseCanonical(bytes, '$', MAX_DOCUMENT_BYTES);
  expectIntegers(parsed, '$');
  const envelope = readEnvelope(parsed, '$');
  const ids = envelope.signatures.map(({ keyId }) => keyId);
  if (new Set(ids).size !== ids.length)
    throw new FormatError('$.signatures', 'a key is there twice');
  return envelope;
}

/** Languages print other numbers in different ways; so no document has one, in members of a later version neither. */
function expectIntegers(value: unknown, path: string): void {
  if (typeof value === 'number' && (!Number.isSafeInteger(value) || value < 0))
    throw new FormatError(path, `${value} is no integer from 0 to 2^53 - 1`);
  if (typeof value === 'object' && value !== null)
    for (const [name, member] of Object.entries(value))
      expectIntegers(member, `${path}.${name.slice(0, 50)}`);
}

function bytesToSign(signed: unknown): Uint8Array {
  const prefix = new TextEncoder().encode(PREFIX);
  const content = canonicalBytes(signed);
  const bytes = new Uint8Array(prefix.length + content.length);
  bytes.set(prefix);
  bytes.set(content, prefix.length);
  return bytes;
}

/** In the order of the keys' ids, so that the order of signing does not show. */
function envelopeBytes(
  signed: unknown,
  signatures: readonly { keyId: string; signature: string }[],
): Uint8Array<ArrayBuffer> {
  const sorted = [...signatures].sort((a, b) => (a.keyId < b.keyId ? -1 : 1));
  return canonicalBytes({ signatures: sorted, signed });
}
