/** What a client believes: every document that is forged, cut, old, expired or meant for another is refused, and says why. */
import * as fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  addSignature,
  type ChannelDocument,
  type ChannelExpectation,
  chooseRelease,
  exportSigningKey,
  generateSigningKey,
  importSigningKey,
  isInRollout,
  keyIdOf,
  type ManifestExpectation,
  type ReleaseManifest,
  rolloutBucket,
  SCHEMES,
  type SigningKey,
  sha256Hex,
  signDocument,
  verifyChannel,
  verifyManifest,
  verifyRoot,
  type Verdict,
} from '../../src/format/index.ts';
import {
  channelDocument,
  createPublisher,
  HASH,
  NOW,
  type Publisher,
  published,
  releaseManifest,
  roleOf,
} from './publisher.ts';

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
  const verify = (bytes: Uint8Array) =>
    verifyRoot(bytes, { product: 'harbour-guide', version: 1, root: publisher.root.roles.root });

  it('count by signers, up to the threshold', async () => {
    const [a, b, c] = publisher.keys.root;
    const outcome = async (...keys: SigningKey[]) =>
      reasonOf(await verify(await signDocument(publisher.root, keys)));
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
    expect(reasonOf(await verify(one))).toBe('accepted');
    // Ed25519 signs the same bytes alike.
    expect(other).toEqual(one);
    expect(await addSignature(one, a)).toEqual(one);
  });

  it('that do not fit their content are found', async () => {
    const bytes = await signDocument(publisher.root, publisher.keys.root);
    const forged = JSON.parse(Buffer.from(bytes).toString());
    forged.signed.roles.channel.signers = [[stranger.publicKey]];
    const verdict = await verify(Buffer.from(JSON.stringify(forged)));
    expect(reasonOf(verdict)).toBe('bad-signature');
  });

  it('cannot be counted twice by naming a key twice', async () => {
    const [a] = publisher.keys.root;
    const once = JSON.parse(Buffer.from(await signDocument(publisher.root, [a])).toString());
    const twice = { ...once, signatures: [once.signatures[0], once.signatures[0]] };
    expect(reasonOf(await verify(Buffer.from(JSON.stringify(twice))))).toBe('malformed');
    const role = { signers: [[a.publicKey], [a.publicKey]], threshold: 2 };
    const doubled = { ...publisher.root, roles: { ...publisher.root.roles, root: role } };
    expect(reasonOf(await verify(await signDocument(doubled, [a])))).toBe('malformed');
  });
});

describe('channel.json', () => {
  const verify = async (
    changes: Partial<ChannelDocument> = {},
    expectation: Partial<ChannelExpectation> = {},
    key = publisher.keys.channel,
  ) => {
    const bytes = await signDocument(channelDocument(changes), [key]);
    const { root } = publisher;
    return await verifyChannel(bytes, { root, channel: 'stable', now: NOW, ...expectation });
  };
  const floorOf = async (changes: Partial<ChannelDocument> = {}) => {
    const verdict = await verify(changes);
    if (!verdict.accepted) throw new Error(verdict.refusal.reason);
    return verdict.value.floor;
  };

  it('is accepted as it was signed, and again', async () => {
    const verdict = await verify();
    expect(verdict).toMatchObject({
      accepted: true,
      value: { document: channelDocument(), floor: { version: 7, sequence: 11 } },
    });
    expect(reasonOf(await verify({}, { floor: await floorOf() }))).toBe('accepted');
  });

  it.each<
    [reason: string, changes: Partial<ChannelDocument>, expectation: Partial<ChannelExpectation>]
  >([
    ['other-product', { product: 'another' }, {}],
    ['other-channel', { channel: 'beta' }, {}],
    ['expired', {}, { now: Date.parse('2026-11-23T12:00:00Z') }],
    ['accepted', {}, { now: Date.parse('2026-11-23T12:00:00Z') - 1 }],
    ['expired', {}, { now: Number.NaN }],
    ['expired', { expires: '2027-12-31T00:00:00Z' }, { now: Date.parse('2027-11-21T00:00:00Z') }],
    ['malformed', { expires: '2026-11-20T12:00:00Z' }, {}],
    ['malformed', { expires: '2026-02-30T12:00:00Z' }, {}],
    ['malformed', { version: 0 }, {}],
    ['malformed', { version: 1.5 }, {}],
    ['malformed', { version: 2 ** 53 }, {}],
    ['malformed', { blocked: ['AB'.repeat(32)] }, {}],
    ['malformed', { current: pointer(11, '../../etc/passwd') }, {}],
    ['malformed', { current: pointer(11, 'https://example.org/x') }, {}],
    ['malformed', { candidate: { ...pointer(11), rollout: 100, salt: 's' } }, {}],
    ['malformed', { candidate: { ...pointer(12), rollout: 10_001, salt: 's' } }, {}],
    ['malformed', { candidate: { ...pointer(12), salt: 's' } as never }, {}],
    ['accepted', { candidate: { ...pointer(12), rollout: 0, salt: 's' } }, {}],
  ])('is %s: %j', async (reason, changes, expectation) => {
    expect(reasonOf(await verify(changes, expectation))).toBe(reason);
  });

  it('by a stranger, or by the key of another role, is refused', async () => {
    for (const key of [stranger, publisher.keys.release, publisher.keys.root[0]])
      expect(reasonOf(await verify({}, {}, key))).toBe('too-few-signatures');
  });

  it('that is another document is refused, even with the same key', async () => {
    const bytes = await signDocument(releaseManifest(), [publisher.keys.channel]);
    const expectation = { root: publisher.root, channel: 'stable', now: NOW };
    expect(reasonOf(await verifyChannel(bytes, expectation))).toBe('malformed');
  });

  it('that is older than the one before is refused, even when that one has expired since', async () => {
    const floor = await floorOf();
    const late = { floor, now: Date.parse('2026-12-24T00:00:00Z') };
    const fresh = { issued: '2026-12-23T00:00:00Z', expires: '2026-12-25T00:00:00Z' };
    expect(await verify({ ...fresh, version: 6 }, late)).toMatchObject({
      refusal: { reason: 'older', what: 'version', found: 6, stored: 7 },
    });
    expect(await verify({ ...fresh, version: 8, current: pointer(10) }, late)).toMatchObject({
      refusal: { reason: 'older', what: 'sequence', found: 10, stored: 11 },
    });
    expect(reasonOf(await verify({ ...fresh, version: 8 }, late))).toBe('accepted');
    expect(reasonOf(await verify({ blocked: [HASH] }, { floor }))).toBe('conflicting');
  });

  it('that a stolen key set far ahead binds no one once the key is replaced', async () => {
    const far = { version: Number.MAX_SAFE_INTEGER, current: pointer(Number.MAX_SAFE_INTEGER) };
    const floor = await floorOf(far);
    expect(reasonOf(await verify({ version: 8 }, { floor }))).toBe('older');
    const key = await generateSigningKey('ecdsa-p256');
    const roles = { ...publisher.root.roles, channel: roleOf(1, key) };
    const root = { ...publisher.root, version: 2, roles };
    expect(reasonOf(await verify({ version: 8 }, { floor, root }, key))).toBe('accepted');
    expect(reasonOf(await verify(far, { floor, root }))).toBe('too-few-signatures');
    // A second key beside the first takes nothing back.
    const both = { ...root, roles: { ...roles, channel: roleOf(1, publisher.keys.channel, key) } };
    expect(reasonOf(await verify({ version: 8 }, { floor, root: both }, key))).toBe('older');
  });

  it('with members of a later version is accepted, and they are covered by the signature', async () => {
    const later = { ...channelDocument(), later: { a: [1, 'two'] } };
    const bytes = await signDocument(later, [publisher.keys.channel]);
    const expectation = { root: publisher.root, channel: 'stable', now: NOW };
    const verdict = await verifyChannel(bytes, expectation);
    expect(verdict).toMatchObject({ accepted: true });
    expect(verdict.accepted && 'later' in verdict.value.document).toBe(false);
    const changed = Buffer.from(Buffer.from(bytes).toString().replace('"two"', '"too"'));
    expect(reasonOf(await verifyChannel(changed, expectation))).toBe('bad-signature');
  });

  it('is refused with any byte changed, cut off anywhere, or spelt otherwise', async () => {
    const bytes = await signDocument(channelDocument(), [publisher.keys.channel]);
    const expectation = { root: publisher.root, channel: 'stable', now: NOW };
    const outcome = async (b: Uint8Array) => reasonOf(await verifyChannel(b, expectation));
    for (let at = 0; at < bytes.length; at++) {
      expect(await outcome(bytes.subarray(0, at))).toBe('malformed');
      const flipped = Uint8Array.from(bytes, (byte, i) =>
        i === at ? byte ^ (1 << (at % 7)) : byte,
      );
      expect(await outcome(flipped), `byte ${at}`).not.toBe('accepted');
    }
    const text = Buffer.from(bytes).toString();
    for (const other of [
      ` ${text}`,
      `${text}\n`,
      text.replace('"blocked":[]', '"blocked":[],"blocked":[]'),
    ])
      expect(await outcome(Buffer.from(other))).toBe('malformed');
  });

  it('of any kind gives a reason, never an error', async () => {
    const expectation = { root: publisher.root, channel: 'stable', now: NOW };
    const refused = async (bytes: Uint8Array) => {
      expect(reasonOf(await verifyChannel(bytes, expectation))).not.toBe('accepted');
    };
    const json = fc.json({ maxDepth: 30 }).map((text) => Buffer.from(text));
    const signedOtherwise = fc
      .jsonValue()
      .map((signed) => JSON.stringify({ signatures: [], signed }));
    await fc.assert(fc.asyncProperty(fc.oneof(fc.uint8Array(), json), refused));
    await fc.assert(fc.asyncProperty(signedOtherwise, (text) => refused(Buffer.from(text))));
    await refused(Buffer.from('['.repeat(1_000_000)));
    await refused(new Uint8Array(1_048_577));
  });
});

describe('a manifest', () => {
  const verify = async (
    changes: Partial<ReleaseManifest> = {},
    expectation: Partial<ManifestExpectation> = {},
    key = publisher.keys.release,
  ) => {
    const { bytes, channel } = await published(releaseManifest(changes), key);
    const { root } = publisher;
    const pointer = channel.current;
    return await verifyManifest(bytes, { root, channel, pointer, client: '0.1.0', ...expectation });
  };

  it.each<
    [reason: string, changes: Partial<ReleaseManifest>, expectation: Partial<ManifestExpectation>]
  >([
    ['accepted', {}, {}],
    ['other-product', { product: 'another' }, {}],
    ['other-channel', { channels: ['beta'] }, {}],
    ['other-number', { sequence: 12 }, {}],
    ['client-too-old', { minimumClient: '0.1.1' }, {}],
    ['client-too-old', { minimumClient: '0.10.0' }, { client: '0.9.9' }],
    ['accepted', { minimumClient: '0.9.9' }, { client: '0.10.0' }],
    ['client-too-old', {}, { client: 'nonsense' }],
    ['reader-too-old', { index: { ...releaseManifest().index, minimumReader: 2 } }, {}],
    ['malformed', { index: { ...releaseManifest().index, bytes: 2 ** 31 } }, {}],
    ['malformed', { index: { ...releaseManifest().index, files: [] } }, {}],
    ['malformed', { channels: [] }, {}],
    ['blocked', {}, { channel: channelDocument({ blocked: ['cd'.repeat(32)] }) }],
    ['other-bytes', {}, { pointer: pointer(11) }],
    [
      'too-large',
      {},
      { pointer: { ...pointer(11), manifest: { path: 'x', bytes: 9, sha256: HASH } } },
    ],
  ])('is %s: %j', async (reason, changes, expectation) => {
    expect(reasonOf(await verify(changes, expectation))).toBe(reason);
  });

  it('that the channel key signed is refused: it takes the release key too', async () => {
    expect(reasonOf(await verify({}, {}, publisher.keys.channel))).toBe('too-few-signatures');
  });

  it('that is blocked by its own hash is refused', async () => {
    const { bytes, channel } = await published(releaseManifest(), publisher.keys.release);
    const blocked = [channel.current.manifest.sha256];
    const verdict = await verifyManifest(bytes, {
      root: publisher.root,
      channel: { ...channel, blocked },
      pointer: channel.current,
      client: '0.1.0',
    });
    expect(verdict).toMatchObject({ refusal: { reason: 'blocked', sha256: blocked[0] } });
  });
});

describe('a roll-out', () => {
  it('reaches a stable, even and growing part of the clients', async () => {
    const ids = Array.from({ length: 2_000 }, (_, i) => `install-${i}`);
    const buckets = await Promise.all(ids.map((id) => rolloutBucket('2026-11', id)));
    const again = await Promise.all(ids.map((id) => rolloutBucket('2026-11', id)));
    expect(again).toEqual(buckets);
    const reached = (rollout: number) => buckets.filter((bucket) => isInRollout(bucket, rollout));
    expect(reached(0)).toHaveLength(0);
    expect(reached(10_000)).toHaveLength(ids.length);
    expect(Math.abs(reached(2_500).length - 500)).toBeLessThan(80);
    expect(reached(2_500).every((bucket) => reached(2_600).includes(bucket))).toBe(true);
    const others = await Promise.all(ids.map((id) => rolloutBucket('2026-12', id)));
    const inBoth = ids.filter(
      (_, i) => isInRollout(buckets[i] ?? 0, 1_000) && isInRollout(others[i] ?? 0, 1_000),
    );
    expect(inBoth.length).toBeLessThan(60);
  });

  it('has the arithmetic that is written down', async () => {
    const sha256 = await sha256Hex(new TextEncoder().encode('salt:id'));
    expect(await rolloutBucket('salt', 'id')).toBe(
      Number.parseInt(sha256.slice(0, 8), 16) % 10_000,
    );
  });

  it.each([undefined, Number.NaN, -1, 10_001, 0.5, Infinity, '100' as never, null as never])(
    'of %s reaches nobody',
    (rollout) => {
      expect(isInRollout(0, rollout)).toBe(false);
    },
  );

  it('offers the candidate to those it reaches, and no one anything older or blocked', () => {
    const candidate = { ...pointer(12), rollout: 2_500, salt: 's' };
    const document = channelDocument({ candidate });
    const sequence = (bucket: number, installed?: number, changes = {}) =>
      chooseRelease({ ...document, ...changes }, bucket, installed)?.sequence;
    expect(sequence(2_499)).toBe(12);
    expect(sequence(2_500)).toBe(11);
    expect(sequence(2_500, 11)).toBe(undefined);
    expect(sequence(2_499, 11)).toBe(12);
    expect(sequence(0, 12, { candidate: { ...candidate, rollout: 0 } })).toBe(undefined);
    expect(sequence(0, 11, { candidate: { ...candidate, rollout: 0 } })).toBe(undefined);
    const other = { ...candidate, manifest: { ...candidate.manifest, sha256: 'ff'.repeat(32) } };
    expect(sequence(0, 0, { candidate: other, blocked: ['ff'.repeat(32)] })).toBe(11);
    expect(sequence(9_999, 0, { blocked: [HASH] })).toBe(undefined);
  });
});

it('a key is known by the hash of its text', async () => {
  const { publicKey } = stranger;
  expect(await keyIdOf(publicKey)).toBe(await sha256Hex(new TextEncoder().encode(publicKey)));
});

function pointer(sequence: number, path = `releases/${sequence}.json`) {
  return { sequence, manifest: { path, bytes: 2_000, sha256: HASH } };
}
