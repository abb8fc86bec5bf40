/**
 * Makes the golden files of the release format: a small index, the one after it, the delta between them, and the documents that would publish it.
 * They are kept in the repository; a test makes them again and compares every byte, and a reader in another language reads them.
 *
 *     node scripts/golden-release.ts [FOLDER]      default: test/format/golden
 *
 * Writing other bytes than those kept is a change of the format: raise its version (docs/release-format.md).
 */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import {
  type ChannelDocument,
  encodeDelta,
  encodeIndex,
  type IndexAbout,
  type IndexRecord,
  importSigningKey,
  type ReleaseManifest,
  type RootDocument,
  sha256Hex,
  signDocument,
} from '../src/format/index.ts';

const ABOUT: IndexAbout = {
  source: 'harbours',
  model: { id: 'example/five@1', fingerprint: '0f5e' },
  fusionWeight: 0.25,
  language: 'english',
};
const DIMENSIONS = 5;
/** What the documents name as the day. */
export const GOLDEN_NOW = Date.parse('2026-11-21T12:00:00Z');

/** The keys of the first two examples in RFC 8032, section 7.1: known to everyone, so fit for examples only. */
const EXAMPLE_KEYS = [
  'ed25519-secret:11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo:MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v_VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g',
  'ed25519-secret:PUAXw-hDiVqStwqnTRt-vJyYLM8uxJaMwM1V8Sr0Zgw:MC4CAQAwBQYDK2VwBCIEIEzNCJso_5banbbDRuwRTg9bijGfNaumJNqM9u1PuKb7',
] as const;

const BEFORE: IndexRecord[] = [
  {
    key: '7',
    title: 'The quiet jetty',
    url: 'https://example.org/jetty',
    publishedAt: '2026-11-20',
    tags: ['sea', 'boats'],
    columns: { price: 12.5, open: true, name: 'Møre' },
    chunks: [
      {
        index: 0,
        text: 'The jetty is quiet.',
        start: 0,
        end: 19,
        section: 'Harbours',
        vector: [1, 2, -3, 0.5, 0],
      },
      {
        index: 1,
        text: 'Gulls sleep there 🐦.',
        start: 20,
        end: 41,
        section: 'Harbours',
        page: 2,
        vector: [0, 0, 0, 0, 0],
      },
    ],
  },
  {
    key: '10',
    title: 'Ropes',
    tags: ['boats'],
    chunks: [
      {
        index: 0,
        text: 'Ropes are coiled by the \u{FEFF}crew.',
        start: 0,
        end: 30,
        vector: [-1, -1, -1, -1, -1],
      },
    ],
  },
  {
    key: 'ü',
    chunks: [
      {
        index: 0,
        text: 'A lighthouse turns all night.',
        start: 5,
        end: 34,
        section: 'Lights',
        vector: [0.1, 0.2, 0.3, 0.4, 0.5],
      },
    ],
  },
];

/** One record gone, one new, one with another title and another second chunk. */
const AFTER: IndexRecord[] = [
  ...BEFORE.slice(2),
  {
    key: '11',
    title: 'Ropes',
    tags: [],
    chunks: [{ index: 0, text: 'Knots hold.', start: 0, end: 11, vector: [3, 1, 4, 1, 5] }],
  },
  ...BEFORE.slice(0, 1).map((record) => ({
    ...record,
    title: 'The jetty',
    chunks: record.chunks.map((chunk) =>
      chunk.index === 0
        ? chunk
        : { ...chunk, text: 'Gulls wake at dawn.', end: 39, vector: [2, 7, 1, 8, 2] },
    ),
  })),
];

/** @returns every file by its name */
export async function goldenFiles(): Promise<Map<string, Uint8Array>> {
  const before = encodeIndex(ABOUT, DIMENSIONS, BEFORE);
  const after = encodeIndex(ABOUT, DIMENSIONS, AFTER);
  const delta = await encodeDelta(before, after);
  const files = new Map<string, Uint8Array>([
    ['before.idx', before],
    ['after.idx', after],
    ['before-after.delta', delta],
  ]);
  const [rootKey, onlineKey] = await Promise.all(EXAMPLE_KEYS.map(importSigningKey));
  if (rootKey === undefined || onlineKey === undefined) throw new Error('no keys');
  const online = { signers: [[onlineKey.publicKey]], threshold: 1 };
  const root: RootDocument = {
    type: 'root',
    product: 'harbour-guide',
    version: 1,
    expires: '2027-11-21T00:00:00Z',
    roles: {
      root: { signers: [[rootKey.publicKey]], threshold: 1 },
      release: online,
      channel: online,
    },
  };
  files.set('root.1.json', await signDocument(root, [rootKey]));
  const release = await signDocument(await manifestOf(before, after, delta), [onlineKey]);
  files.set('release.json', release);
  files.set('channel.json', await signDocument(await channelOf(release), [onlineKey]));
  return files;
}

async function manifestOf(
  before: Uint8Array,
  after: Uint8Array,
  delta: Uint8Array,
): Promise<ReleaseManifest> {
  const sha256 = await sha256Hex(after);
  const from = await sha256Hex(before);
  const file = (path: string, { length: bytes }: Uint8Array) =>
    [{ path, encoding: 'identity', bytes }] as const;
  return {
    type: 'release',
    product: 'harbour-guide',
    channels: ['stable'],
    sequence: 2,
    version: '2026.11.21',
    created: '2026-11-21T08:00:00Z',
    change: 'minor',
    minimumClient: '0.1.0',
    model: ABOUT.model,
    index: {
      sha256,
      bytes: after.length,
      minimumReader: 1,
      records: 3,
      chunks: 4,
      dimensions: DIMENSIONS,
      files: file(`b/${sha256}.idx`, after),
    },
    deltas: [
      {
        from,
        sha256: await sha256Hex(delta),
        bytes: delta.length,
        files: file(`d/${from}-${sha256}.delta`, delta),
      },
    ],
    recall: 10_000,
    canaries: [{ query: 'gulls at dawn', expects: ['7'] }],
    notes: 'Gulls wake earlier — “jetty” is shorter.',
  };
}

async function channelOf(release: Uint8Array): Promise<ChannelDocument> {
  const sha256 = await sha256Hex(release);
  return {
    type: 'channel',
    product: 'harbour-guide',
    channel: 'stable',
    version: 5,
    issued: '2026-11-21T08:00:00Z',
    expires: '2026-11-24T08:00:00Z',
    current: {
      sequence: 2,
      manifest: { path: 'releases/2.json', bytes: release.length, sha256 },
    },
    blocked: [],
  };
}

if (import.meta.main) {
  const folder = process.argv[2] ?? 'test/format/golden';
  mkdirSync(folder, { recursive: true });
  for (const [name, bytes] of await goldenFiles()) {
    const isNew = !existsSync(path.join(folder, name));
    writeFileSync(path.join(folder, name), bytes);
    console.log(`${name}: ${bytes.length} bytes${isNew ? ', new' : ''}`);
  }
}
