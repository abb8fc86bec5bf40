/** A publisher of releases for tests: keys of both schemes, and documents that are right until a test makes them wrong. */
import {
  type ChannelDocument,
  generateSigningKey,
  type ReleaseManifest,
  type Role,
  type RootDocument,
  type SigningKey,
  sha256Hex,
  signDocument,
} from '../../src/format/index.ts';

export const NOW = Date.parse('2026-11-21T12:00:00Z');
export const HASH = 'ab'.repeat(32);

export interface Publisher {
  readonly keys: {
    readonly root: readonly [SigningKey, SigningKey, SigningKey];
    readonly release: SigningKey;
    readonly channel: SigningKey;
  };
  readonly root: RootDocument;
}

/** Root: two of three. Release: Ed25519. Channel: one signer with a key of each scheme would do, here P-256 alone. */
export async function createPublisher(): Promise<Publisher> {
  const root = [
    await generateSigningKey('ed25519'),
    await generateSigningKey('ecdsa-p256'),
    await generateSigningKey('ed25519'),
  ] as const;
  const release = await generateSigningKey('ed25519');
  const channel = await generateSigningKey('ecdsa-p256');
  return {
    keys: { root: [...root], release, channel },
    root: {
      type: 'root',
      product: 'harbour-guide',
      version: 1,
      expires: '2027-11-21T00:00:00Z',
      roles: { root: roleOf(2, ...root), release: roleOf(1, release), channel: roleOf(1, channel) },
    },
  };
}

export function roleOf(threshold: number, ...keys: SigningKey[]): Role {
  return { signers: keys.map(({ publicKey }) => [publicKey]), threshold };
}

export function channelDocument(changes: Partial<ChannelDocument> = {}): ChannelDocument {
  return {
    type: 'channel',
    product: 'harbour-guide',
    channel: 'stable',
    version: 7,
    issued: '2026-11-20T12:00:00Z',
    expires: '2026-11-23T12:00:00Z',
    current: { sequence: 11, manifest: { path: 'releases/11.json', bytes: 2_000, sha256: HASH } },
    blocked: [],
    ...changes,
  };
}

export function releaseManifest(changes: Partial<ReleaseManifest> = {}): ReleaseManifest {
  return {
    type: 'release',
    product: 'harbour-guide',
    channels: ['stable', 'beta'],
    sequence: 11,
    version: '2026.11.20',
    created: '2026-11-20T11:58:00Z',
    change: 'major',
    minimumClient: '0.1.0',
    model: { id: 'evervec/near-words@1-2c822c44/384', fingerprint: '2c822c44' },
    index: {
      sha256: 'cd'.repeat(32),
      bytes: 12_345,
      minimumReader: 1,
      records: 3,
      chunks: 9,
      dimensions: 384,
      files: [{ path: `b/${'cd'.repeat(32)}.idx.gz`, encoding: 'gzip', bytes: 4_321 }],
    },
    deltas: [],
    canaries: [{ query: 'quiet jetty', expects: ['12'] }],
    ...changes,
  };
}

/** A manifest with the channel that points to it. */
export async function published(
  manifest: ReleaseManifest,
  key: SigningKey,
  changes: Partial<ChannelDocument> = {},
) {
  const bytes = await signDocument(manifest, [key]);
  const sha256 = await sha256Hex(bytes);
  const current = {
    sequence: 11,
    manifest: { path: 'releases/11.json', bytes: bytes.length, sha256 },
  };
  return { bytes, channel: channelDocument({ current, ...changes }) };
}

/** To a manifest that is nowhere. */
export function pointer(sequence: number, path = `releases/${sequence}.json`) {
  return { sequence, manifest: { path, bytes: 2_000, sha256: HASH } };
}
