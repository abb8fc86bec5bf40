/** What a client believes: every document that is forged, cut, old, expired or meant for another is refused, and says why. */
import * as fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  type ChannelDocument,
  type ChannelExpectation,
  generateSigningKey,
  type ManifestExpectation,
  type ReleaseManifest,
  type SigningKey,
  signDocument,
  verifyChannel,
  verifyManifest,
  type Verdict,
} from '../../src/format/index.ts';
import {
  channelDocument,
  createPublisher,
  HASH,
  NOW,
  pointer,
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

  it.each([0.5, -1, 2 ** 53])('with the number %s anywhere is refused', async (number) => {
    const later = { ...channelDocument(), later: [{ number }] };
    const bytes = await signDocument(later, [publisher.keys.channel]);
    const expectation = { root: publisher.root, channel: 'stable', now: NOW };
    expect(await verifyChannel(bytes, expectation)).toMatchObject({
      refusal: { reason: 'malformed', path: '$.signed.later.0.number' },
    });
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
