/** `releases/<sequence>.json`: everything about one release, signed once and never changed. */
import { integer, list, only, optional, shape, text } from '../checked-json.ts';
import { FORMAT_VERSION, LIMIT } from '../index-layout.ts';
import { sha256Hex } from '../hash.ts';
import type { ChannelDocument, ReleasePointer } from './channel.ts';
import { checkSignatures, openEnvelope } from './envelope.ts';
import { compareVersions, file, hash, name, time, version } from './fields.ts';
import type { RootDocument } from './root.ts';
import { accept, refuse, type Refusal, type Verdict } from './verdict.ts';

/** One file, in an encoding, as it lies on the server. */
export interface ReleaseFile {
  readonly path: string;
  readonly encoding: 'gzip' | 'identity';
  readonly bytes: number;
}

export interface ReleaseManifest {
  readonly type: 'release';
  readonly product: string;
  /** In which it may be offered: a stolen channel key can't move it to another. */
  readonly channels: readonly string[];
  readonly sequence: number;
  /** For people. */
  readonly version: string;
  readonly created: string;
  /** A minor change may wait for a better connection. */
  readonly change: 'major' | 'minor';
  /** The oldest Evervec that can use it. */
  readonly minimumClient: string;
  readonly model: {
    readonly id: string;
    readonly fingerprint: string;
    /** The model itself, where it is small enough for a page to embed queries with; a client that has this hash already loads nothing. */
    readonly download?: {
      /** Of the plain file. */
      readonly sha256: string;
      readonly bytes: number;
      readonly files: readonly ReleaseFile[];
    };
  };
  /** Of the plain file; SHA-256 of the whole is what counts in the end, whichever way it came. */
  readonly index: {
    readonly sha256: string;
    readonly bytes: number;
    readonly minimumReader: number;
    readonly records: number;
    readonly chunks: number;
    readonly dimensions: number;
    readonly files: readonly ReleaseFile[];
  };
  /** Ways from older indexes; `bytes` of the plain delta. */
  readonly deltas: readonly {
    /** SHA-256 of the plain index that it starts from. */
    readonly from: string;
    readonly sha256: string;
    readonly bytes: number;
    readonly files: readonly ReleaseFile[];
  }[];
  /** Share of the ten nearest by float vectors that int8 finds too, in 10,000ths. */
  readonly recall?: number;
  /** Queries by words that must find these records first. */
  readonly canaries: readonly { readonly query: string; readonly expects: readonly string[] }[];
  readonly notes?: string;
}

const files = list(file, 8, 1);
export const readManifest = shape({
  type: only('release'),
  product: name,
  channels: list(name, 16, 1),
  sequence: integer(1),
  version: text(100),
  created: time,
  change: only('major', 'minor'),
  minimumClient: version,
  model: shape({
    id: text(1_000),
    fingerprint: text(1_000),
    download: optional(shape({ sha256: hash, bytes: integer(1, LIMIT.fileBytes), files })),
  }),
  index: shape({
    sha256: hash,
    bytes: integer(1, LIMIT.fileBytes),
    minimumReader: integer(1, 0xffff),
    records: integer(0),
    chunks: integer(0),
    dimensions: integer(1, LIMIT.dimensions),
    files,
  }),
  deltas: list(shape({ from: hash, sha256: hash, bytes: integer(1, LIMIT.fileBytes), files }), 64),
  recall: optional(integer(0, 10_000)),
  canaries: list(shape({ query: text(1_000), expects: list(text(1_000), 100, 1) }), 64),
  notes: optional(text(10_000)),
});

export interface ManifestExpectation {
  readonly root: RootDocument;
  /** The channel that names it, and where in there. */
  readonly channel: ChannelDocument;
  readonly pointer: ReleasePointer;
  /** Of this Evervec, `major.minor.patch`. */
  readonly client: string;
  /** Default: the version of the index file that this module reads. */
  readonly reader?: number;
}

/** @returns the manifest, and the ids of the keys that counted, to be kept with what is installed */
export async function verifyManifest(
  bytes: Uint8Array,
  expectation: ManifestExpectation,
): Promise<Verdict<{ manifest: ReleaseManifest; keyIds: readonly string[] }>> {
  const { root, pointer } = expectation;
  if (bytes.length > pointer.manifest.bytes)
    return refuse({ reason: 'too-large', bytes: bytes.length, limit: pointer.manifest.bytes });
  const found = await sha256Hex(bytes);
  const expected = pointer.manifest.sha256;
  if (found !== expected) return refuse({ reason: 'other-bytes', found, expected });
  const opened = await openEnvelope(bytes, readManifest);
  if (!opened.accepted) return opened;
  const signatures = await checkSignatures(opened.value, root.roles.release);
  if (!signatures.accepted) return signatures;
  const manifest: ReleaseManifest = opened.value.content;
  const refusal = refusalOf(manifest, found, expectation);
  if (refusal !== undefined) return refuse(refusal);
  return accept({ manifest, keyIds: signatures.value });
}

function refusalOf(
  manifest: ReleaseManifest,
  manifestHash: string,
  { root, channel, pointer, client, reader = FORMAT_VERSION }: ManifestExpectation,
): Refusal | undefined {
  if (manifest.product !== root.product)
    return { reason: 'other-product', found: manifest.product, expected: root.product };
  if (!manifest.channels.includes(channel.channel))
    return { reason: 'other-channel', found: manifest.channels, expected: channel.channel };
  if (manifest.sequence !== pointer.sequence)
    return { reason: 'other-number', found: manifest.sequence, expected: pointer.sequence };
  const blocked = [manifestHash, manifest.index.sha256].find((one) =>
    channel.blocked.includes(one),
  );
  if (blocked !== undefined) return { reason: 'blocked', sha256: blocked };
  // Not `<`: what is no version is not new enough.
  if (!(compareVersions(client, manifest.minimumClient) >= 0))
    return { reason: 'client-too-old', needed: manifest.minimumClient, client };
  if (reader < manifest.index.minimumReader)
    return { reason: 'reader-too-old', needed: manifest.index.minimumReader, reader };
  return undefined;
}
