/** A publisher with a folder of releases, in memory: what a real one lays out and signs, wrong where a test makes it so. */
import { gzipSync } from 'node:zlib';

import {
  type ChannelDocument,
  encodeDelta,
  encodeIndex,
  type IndexRecord,
  type ReleaseFile,
  type ReleaseManifest,
  type ReleasePointer,
  type RootDocument,
  sha256Hex,
  signDocument,
  timeText,
  type TrustAnchor,
} from '../../src/format/index.ts';
import { createPublisher, type Publisher, roleOf } from '../format/publisher.ts';

export const PRODUCT = 'harbour-guide';
const DAY = 86_400_000;
const DIMENSIONS = 16;
const MODEL = { id: 'tests/none@1', fingerprint: 'tests-none' };

export interface Edition {
  readonly sequence: number;
  readonly index: Uint8Array<ArrayBuffer>;
  readonly manifest: ReleaseManifest;
  readonly isBroken: boolean;
  readonly pointer: ReleasePointer;
  /** Where its index lies, compressed and plain, and the delta from the edition before. */
  readonly paths: { gzip: string; plain: string; delta: string | undefined; manifest: string };
}

export class ReleaseSite {
  readonly files = new Map<string, Uint8Array<ArrayBuffer>>();
  readonly editions: Edition[] = [];
  readonly anchor: TrustAnchor;
  publisher: Publisher;
  channel: ChannelDocument | undefined;
  readonly #records: number;

  constructor(publisher: Publisher, records: number) {
    this.publisher = publisher;
    this.#records = records;
    const { product, version, roles } = publisher.root;
    this.anchor = { product, version, root: roles.root };
  }

  /**
   * A release with the number of its edition in it, and the channel that names it.
   * @param same the edition whose content it has again
   */
  async publish(
    changes: Partial<ReleaseManifest> = {},
    { same, broken = false }: { same?: Edition | undefined; broken?: boolean } = {},
  ): Promise<Edition> {
    const sequence = (this.editions.at(-1)?.sequence ?? 0) + 1;
    const index = broken
      ? new TextEncoder().encode(`no index ${sequence}`)
      : (same?.index ?? editionIndex(sequence, this.#records));
    const before = this.editions.findLast(({ isBroken }) => !isBroken);
    const { paths, ...described } = await this.#lay(index, broken ? undefined : before?.index);
    const manifest: ReleaseManifest = {
      type: 'release',
      product: PRODUCT,
      channels: ['stable'],
      sequence,
      version: `edition ${sequence}`,
      created: timeText(Date.now()),
      change: 'major',
      minimumClient: '0.1.0',
      model: MODEL,
      ...described,
      canaries: [{ query: 'edition', expects: ['edition'] }],
      ...changes,
    };
    const edition = {
      sequence,
      index,
      manifest,
      isBroken: broken,
      ...(await this.#sign(manifest)),
    };
    this.editions.push({
      ...edition,
      paths: { ...paths, manifest: edition.pointer.manifest.path },
    });
    await this.point({ current: edition.pointer });
    return this.last;
  }

  get last(): Edition {
    const last = this.editions.at(-1);
    if (last === undefined) throw new Error('nothing is published');
    return last;
  }

  /** Signs the channel again, one version higher. */
  async point(changes: Partial<ChannelDocument>): Promise<ChannelDocument> {
    const now = Date.now();
    const before = this.channel;
    const document: ChannelDocument = {
      type: 'channel',
      product: PRODUCT,
      channel: 'stable',
      issued: timeText(now - 1_000),
      expires: timeText(now + 3 * DAY),
      current: this.last.pointer,
      blocked: [],
      ...before,
      version: (before?.version ?? 0) + 1,
      ...changes,
    };
    this.channel = document;
    this.files.set('channel.json', await signDocument(document, [this.publisher.keys.channel]));
    await this.#signRoot(this.publisher.root, this.publisher);
    return document;
  }

  /** New keys for all roles; old and new ones sign. */
  async rotate(): Promise<void> {
    const before = this.publisher;
    const fresh = await createPublisher();
    const root: RootDocument = { ...fresh.root, version: before.root.version + 1 };
    this.publisher = { keys: fresh.keys, root };
    await this.#signRoot(root, before, this.publisher);
  }

  async #signRoot(root: RootDocument, ...signers: Publisher[]): Promise<void> {
    const path = `root.${root.version}.json`;
    if (this.files.has(path)) return;
    const keys = signers.flatMap(({ keys }) => keys.root);
    this.files.set(path, await signDocument(root, keys));
  }

  async #sign(manifest: ReleaseManifest) {
    const { sequence } = manifest;
    const bytes = await signDocument(manifest, [this.publisher.keys.release]);
    const path = `releases/${sequence}.json`;
    this.files.set(path, bytes);
    const sha256 = await sha256Hex(bytes);
    return { pointer: { sequence, manifest: { path, bytes: bytes.length, sha256 } } };
  }

  async #lay(index: Uint8Array<ArrayBuffer>, before: Uint8Array<ArrayBuffer> | undefined) {
    const sha256 = await sha256Hex(index);
    const files = this.put(`b/${sha256}.idx`, index);
    const from = before === undefined ? sha256 : await sha256Hex(before);
    const deltas =
      before === undefined || from === sha256 ? [] : [await this.#delta(before, index)];
    return {
      paths: {
        gzip: `b/${sha256}.idx.gz`,
        plain: `b/${sha256}.idx`,
        delta: deltas[0]?.files[0]?.path,
      },
      index: {
        sha256,
        bytes: index.length,
        minimumReader: 1,
        records: this.#records,
        chunks: this.#records,
        dimensions: DIMENSIONS,
        files,
      },
      deltas,
    };
  }

  async #delta(before: Uint8Array, index: Uint8Array) {
    const bytes = await encodeDelta(before, index);
    const [from, sha256] = [await sha256Hex(before), await sha256Hex(bytes)];
    const path = `d/${from.slice(0, 16)}-${sha256.slice(0, 16)}.delta`;
    return { from, sha256, bytes: bytes.length, files: this.put(path, bytes) };
  }

  put(path: string, bytes: Uint8Array<ArrayBuffer>): ReleaseFile[] {
    const packed = new Uint8Array(gzipSync(bytes, { level: 9 }));
    this.files.set(path, bytes);
    this.files.set(`${path}.gz`, packed);
    return [
      { path: `${path}.gz`, encoding: 'gzip', bytes: packed.length },
      { path, encoding: 'identity', bytes: bytes.length },
    ];
  }
}

/** @param records of an index; 200 make a delta worth taking */
export async function createSite(records = 200): Promise<ReleaseSite> {
  return new ReleaseSite(await createPublisher(), records);
}

export function roleForTests(...keys: Parameters<typeof roleOf>): ReturnType<typeof roleOf> {
  return roleOf(...keys);
}

/** All but two records are the same in each edition. */
export function editionIndex(edition: number, records = 200): Uint8Array<ArrayBuffer> {
  const content = [
    recordOf('edition', `This is edition number ${edition} of the harbour guide.`, edition),
    recordOf(`news-${edition % 7}`, `News of spring tide ${edition}.`, edition),
    ...Array.from({ length: records - 2 }, (_, i) => recordOf(`page-${i}`, pageText(i), i)),
  ];
  const about = { source: 'guide', model: MODEL, fusionWeight: 0.5, language: 'english' };
  return encodeIndex(about, DIMENSIONS, content);
}

function recordOf(key: string, text: string, seed: number): IndexRecord {
  const vector = Array.from({ length: DIMENSIONS }, (_, i) => Math.sin(seed * 31 + i * 7 + 1));
  return { key, title: key, chunks: [{ index: 0, text, start: 0, end: text.length, vector }] };
}

const WORDS =
  'tide quay rope anchor lantern gull harbour pilot mast keel fog bell buoy chart'.split(' ');
function pageText(page: number): string {
  return Array.from({ length: 40 }, (_, i) => WORDS[(page * (i + 3) + i * i) % WORDS.length]).join(
    ' ',
  );
}
