/** Keys are replaced while clients sleep: they follow every root in turn, and nobody who was left out can lead them elsewhere. */
import { beforeAll, expect, it } from 'vitest';
import {
  generateSigningKey,
  type RootDocument,
  type SigningKey,
  signDocument,
  verifyChannel,
  verifyNextRoot,
  verifyRoot,
  verifyRootChain,
} from '../../src/format/index.ts';
import { channelDocument, createPublisher, NOW, type Publisher, roleOf } from './publisher.ts';

let publisher: Publisher;
let one: SigningKey;
let two: SigningKey;
let second: RootDocument;
let third: RootDocument;
beforeAll(async () => {
  publisher = await createPublisher();
  [one, two] = [await generateSigningKey('ed25519'), await generateSigningKey('ecdsa-p256')];
  const { root } = publisher;
  // The root keys are replaced by one, then that one by another, which also replaces the channel's key.
  second = { ...root, version: 2, roles: { ...root.roles, root: roleOf(1, one) } };
  const roles = { ...root.roles, root: roleOf(1, two), channel: roleOf(1, two) };
  third = { ...root, version: 3, roles };
});

const anchor = () => ({
  product: 'harbour-guide',
  version: 1,
  root: publisher.root.roles.root,
});

it('a client that slept through two rotations ends with the newest keys', async () => {
  const [a, b] = publisher.keys.root;
  const first = await verifyRoot(await signDocument(publisher.root, [a, b]), anchor());
  expect(first).toMatchObject({ accepted: true, value: publisher.root });
  const documents = [
    // It may have expired meanwhile: only the last has to be in force.
    await signDocument({ ...second, expires: '2020-01-01T00:00:00Z' }, [a, b, one]),
    await signDocument(third, [one, two]),
  ];
  const verdict = await verifyRootChain(publisher.root, documents);
  expect(verdict).toMatchObject({ accepted: true, value: third });
  const bytes = await signDocument(channelDocument(), [two]);
  const channel = (root: RootDocument) =>
    verifyChannel(bytes, { root, channel: 'stable', now: NOW });
  expect(await channel(third)).toMatchObject({ accepted: true });
  expect(await channel(publisher.root)).toMatchObject({ accepted: false });
  expect(await channel({ ...third, expires: '2020-01-01T00:00:00Z' })).toMatchObject({
    refusal: { reason: 'expired', what: 'root' },
  });
});

it('two hundred rotations are followed', async () => {
  const documents: Uint8Array[] = [];
  let keys = [one];
  for (let version = 3; version < 203; version++) {
    const next = await generateSigningKey('ed25519');
    const roles = { ...second.roles, root: roleOf(1, next) };
    documents.push(await signDocument({ ...second, version, roles }, [...keys, next]));
    keys = [next];
  }
  const verdict = await verifyRootChain(second, documents);
  expect(verdict).toMatchObject({ accepted: true, value: { version: 202 } });
});

it('a new root takes the old threshold and the new one', async () => {
  const [a, b] = publisher.keys.root;
  const outcome = async (...keys: SigningKey[]) => {
    const verdict = await verifyNextRoot(await signDocument(second, keys), publisher.root);
    return verdict.accepted ? 'accepted' : verdict.refusal.reason;
  };
  expect(await outcome(a, b, one)).toBe('accepted');
  expect(await outcome(a, b)).toBe('too-few-signatures');
  expect(await outcome(one)).toBe('too-few-signatures');
  expect(await outcome(a, one)).toBe('too-few-signatures');
});

it('no root is skipped, repeated, or of another product; what came before is kept', async () => {
  const [a, b] = publisher.keys.root;
  const all = [a, b, one, two];
  const outcome = async (changes: Partial<RootDocument>) =>
    await verifyRootChain(publisher.root, [await signDocument({ ...second, ...changes }, all)]);
  for (const version of [1, 3, Number.MAX_SAFE_INTEGER])
    expect(await outcome({ version })).toMatchObject({
      refusal: { reason: 'other-number', found: version, expected: 2 },
      last: { version: 1 },
    });
  expect(await outcome({ product: 'another' })).toMatchObject({
    refusal: { reason: 'other-product' },
  });
  const cut = (await signDocument(third, all)).subarray(0, 500);
  const chain = [await signDocument(second, all), cut];
  expect(await verifyRootChain(publisher.root, chain)).toMatchObject({
    refusal: { reason: 'malformed' },
    last: { version: 2 },
  });
});
