/** Keys and the signatures they make: what counts towards a threshold, and what does not. */
import { createPublicKey, type JsonWebKey, verify } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  addSignature,
  exportSigningKey,
  generateSigningKey,
  importSigningKey,
  keyIdOf,
  SCHEMES,
  type SigningKey,
  sha256Hex,
  signDocument,
  verifyChannel,
  verifyRoot,
  type Verdict,
} from '../../src/format/index.ts';
import { channelDocument, createPublisher, NOW, type Publisher, roleOf } from './publisher.ts';

let publisher: Publisher;
let stranger: SigningKey;
beforeAll(async () => {
  publisher = await createPublisher();
  stranger = await generateSigningKey('ed25519');
});

function reasonOf(verdict: Verdict<unknown>): string {
  return verdict.accepted ? 'accepted' : verdict.refusal.reason;
}

describe('a signing key', () => {
  it.each(SCHEMES)('of %s signs, is written down and read again', async (scheme) => {
    const key = await generateSigningKey(scheme);
    const text = await exportSigningKey(key);
    expect(text).toMatch(new RegExp(`^${scheme}-secret:[A-Za-z0-9_-]+:[A-Za-z0-9_-]+$`));
    const again = await importSigningKey(`${text}\n`);
    expect(again.publicKey).toBe(key.publicKey);
    const root = { ...publisher.root, roles: { ...publisher.root.roles, channel: roleOf(1, key) } };
    const bytes = await signDocument(channelDocument(), [again]);
    const verdict = await verifyChannel(bytes, { root, channel: 'stable', now: NOW });
    expect(reasonOf(verdict)).toBe('accepted');
  });

  it.each(SCHEMES)('of %s makes what another implementation verifies', async (scheme) => {
    const key = await generateSigningKey(scheme);
    const { signed, signatures } = JSON.parse(
      Buffer.from(await signDocument({ b: 1, a: 'é' }, [key])).toString(),
    );
    expect(signed).toEqual({ a: 'é', b: 1 });
    const message = Buffer.from('evervec release document 1\n{"a":"é","b":1}');
    const raw = Buffer.from(key.publicKey.split(':')[1] ?? '', 'base64url');
    const [x, y] = [raw.subarray(1, 33), raw.subarray(33)].map((half) =>
      half.toString('base64url'),
    );
    const jwk =
      scheme === 'ed25519'
        ? { kty: 'OKP', crv: 'Ed25519', x: raw.toString('base64url') }
        : { kty: 'EC', crv: 'P-256', x, y };
    const publicKey = createPublicKey({ format: 'jwk', key: jwk as JsonWebKey });
    const signature = Buffer.from(signatures[0].signature, 'base64url');
    const hash = scheme === 'ed25519' ? null : 'sha256';
    const options = { key: publicKey, dsaEncoding: 'ieee-p1363' as const };
    expect(verify(hash, message, options, signature)).toBe(true);
    expect(verify(hash, message.subarray(1), options, signature)).toBe(false);
  });

  it.each(SCHEMES)('of %s that is damaged or put together of two is refused', async (scheme) => {
    const [one, other] = [await generateSigningKey(scheme), await generateSigningKey(scheme)];
    const [head, point, secret] = (await exportSigningKey(one)).split(':');
    const [, otherPoint] = other.publicKey.split(':');
    const wrong = [
      `${head}:${otherPoint}:${secret}`,
      `${head}:${point}:${secret?.slice(0, -4)}`,
      `${head}:${point}`,
      `${scheme}:${point}:${secret}`,
      `rsa-secret:${point}:${secret}`,
      '',
    ];
    for (const text of wrong) {
      const imported = importSigningKey(text);
      await expect(imported).rejects.toMatchObject({ code: 'EVERVEC_FORMAT' });
      await expect(imported).rejects.not.toThrow(secret);
    }
  });
});

describe('signatures', () => {
  const verifyAnchored = (bytes: Uint8Array) =>
    verifyRoot(bytes, { product: 'harbour-guide', version: 1, root: publisher.root.roles.root });

  it('count by signers, up to the threshold', async () => {
    const [a, b, c] = publisher.keys.root;
    const outcome = async (...keys: SigningKey[]) =>
      reasonOf(await verifyAnchored(await signDocument(publisher.root, keys)));
    expect(await outcome(a, b)).toBe('accepted');
    expect(await outcome(c, b)).toBe('accepted');
    expect(await outcome(stranger, a, b)).toBe('accepted');
    expect(await outcome(a)).toBe('too-few-signatures');
    expect(await outcome(a, stranger)).toBe('too-few-signatures');
    expect(await outcome()).toBe('too-few-signatures');
  });

  it('of one signer with a key of each scheme count once', async () => {
    const [a, b] = publisher.keys.root;
    const signers = [[a.publicKey, b.publicKey], [stranger.publicKey]];
    const root = { signers, threshold: 2 };
    const document = { ...publisher.root, roles: { ...publisher.root.roles, root } };
    const outcome = async (...keys: SigningKey[]) => {
      const anchor = { product: 'harbour-guide', version: 1, root };
      return reasonOf(await verifyRoot(await signDocument(document, keys), anchor));
    };
    expect(await outcome(a, b)).toBe('too-few-signatures');
    expect(await outcome(a, stranger)).toBe('accepted');
    expect(await outcome(b, stranger)).toBe('accepted');
  });

  it('are added one after the other, in any order, to the same bytes', async () => {
    const [a, , c] = publisher.keys.root;
    const one = await addSignature(await signDocument(publisher.root, [a]), c);
    const other = await addSignature(await signDocument(publisher.root, [c]), a);
    expect(reasonOf(await verifyAnchored(one))).toBe('accepted');
    // Ed25519 signs the same bytes alike.
    expect(other).toEqual(one);
    expect(await addSignature(one, a)).toEqual(one);
  });

  it('that do not fit their content are found', async () => {
    const bytes = await signDocument(publisher.root, publisher.keys.root);
    const forged = JSON.parse(Buffer.from(bytes).toString());
    forged.signed.roles.channel.signers = [[stranger.publicKey]];
    const verdict = await verifyAnchored(Buffer.from(JSON.stringify(forged)));
    expect(reasonOf(verdict)).toBe('bad-signature');
  });

  it('cannot be counted twice by naming a key twice', async () => {
    const [a] = publisher.keys.root;
    const once = JSON.parse(Buffer.from(await signDocument(publisher.root, [a])).toString());
    const twice = { ...once, signatures: [once.signatures[0], once.signatures[0]] };
    expect(reasonOf(await verifyAnchored(Buffer.from(JSON.stringify(twice))))).toBe('malformed');
    const role = { signers: [[a.publicKey], [a.publicKey]], threshold: 2 };
    const doubled = { ...publisher.root, roles: { ...publisher.root.roles, root: role } };
    expect(reasonOf(await verifyAnchored(await signDocument(doubled, [a])))).toBe('malformed');
  });
});

it('a key is known by the hash of its text', async () => {
  const { publicKey } = stranger;
  expect(await keyIdOf(publicKey)).toBe(await sha256Hex(new TextEncoder().encode(publicKey)));
});
