/** What tests of publishing have: keys and drafts in a folder of their own, a clock, and a client that trusts nothing. */
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import {
  applyDelta,
  type ChannelFloor,
  decodeIndex,
  encodeDelta,
  encodeIndex,
  type ReleaseManifest,
  type TrustAnchor,
  verifyChannel,
  verifyManifest,
  verifyNextRoot,
  verifyRoot,
} from '../../src/format/index.ts';
import {
  createKeys,
  type DraftFolder,
  folderTarget,
  keysOf,
  type Publisher,
  type ReleaseTarget,
  readTrust,
} from '../../src/release/index.ts';
import { SCRATCH_FOLDER } from '../setup/scratch.ts';

export const DAY_MS = 86_400_000;

export interface Workshop extends AsyncDisposable {
  readonly folder: string;
  readonly keys: string;
  readonly anchor: TrustAnchor;
  /** Milliseconds since 1970; tests move it. */
  now: number;
  /** To a folder, or elsewhere. The keys are read anew each time. */
  publisher(target?: ReleaseTarget): Promise<Publisher>;
  readonly target: ReleaseTarget;
  /** One record that says this. */
  draft(text: string, options?: DraftOptions): Promise<DraftFolder>;
}

export interface DraftOptions {
  /** What the index before said: a delta goes along. */
  readonly from?: string;
  /** Files of fixed names. */
  readonly fixed?: Readonly<Record<string, string>>;
}

/** @param now when it begins; what a client with the machine's clock shall take is of today */
export async function openWorkshop(now = Date.parse('2026-11-21T12:00:00Z')): Promise<Workshop> {
  const folder = await mkdtemp(path.join(SCRATCH_FOLDER, 'evervec-release-'));
  const keys = path.join(folder, 'keys');
  const anchor = await createKeys({ folder: keys, product: 'guide', expires: now + 365 * DAY_MS });
  const target = folderTarget(path.join(folder, 'public'));
  let drafts = 0;
  const shop: Workshop = {
    folder,
    keys,
    anchor,
    now,
    target,
    async publisher(other = target) {
      const trust = await readTrust(keys);
      return { target: other, trust, keys: keysOf(trust), client: '0.1.0', now: () => shop.now };
    },
    draft: async (text, options) =>
      await writeDraft(path.join(folder, `draft${drafts++}`), text, options),
    [Symbol.asyncDispose]: async () => await rm(folder, { recursive: true, force: true }),
  };
  return shop;
}

function indexOf(text: string): Uint8Array<ArrayBuffer> {
  const vector = Array.from({ length: 16 }, (_, i) => Math.sin(i + text.length));
  const chunks = [{ index: 0, text, start: 0, end: text.length, vector }];
  const about = { source: 'notes', model: MODEL, fusionWeight: 0.5, language: 'english' };
  return encodeIndex(about, 16, [{ key: '1', chunks }]);
}

const MODEL = { id: 'test/one', fingerprint: 'f1' };
const hashOf = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

async function writeDraft(
  folder: string,
  text: string,
  { from, fixed = {} }: DraftOptions = {},
): Promise<DraftFolder> {
  const index = indexOf(text);
  const sha256 = hashOf(index);
  const files = new Map<string, Uint8Array>([
    [`b/${sha256}.idx.gz`, gzipSync(index)],
    [`b/${sha256}.idx`, index],
  ]);
  const sized = (at: string, encoding: 'gzip' | 'identity') => ({
    path: at,
    encoding,
    bytes: files.get(at)?.length ?? 0,
  });
  const deltas: ReleaseManifest['deltas'][number][] = [];
  if (from !== undefined) {
    const base = indexOf(from);
    const delta = await encodeDelta(base, index);
    const at = `d/${hashOf(base)}-${sha256}.delta.gz`;
    files.set(at, gzipSync(delta));
    deltas.push({
      from: hashOf(base),
      sha256: hashOf(delta),
      bytes: delta.length,
      files: [sized(at, 'gzip')],
    });
  }
  for (const [at, bytes] of [...files, ...Object.entries(fixed)]) {
    await mkdir(path.dirname(path.join(folder, at)), { recursive: true });
    await writeFile(path.join(folder, at), bytes);
  }
  const draft = {
    name: 'guide',
    files: [...files.keys()],
    mutableFiles: Object.keys(fixed),
    manifest: {
      change: 'minor' as const,
      minimumClient: '0.1.0',
      model: MODEL,
      index: {
        sha256,
        bytes: index.length,
        minimumReader: 1,
        records: 1,
        chunks: 1,
        dimensions: 16,
        files: [sized(`b/${sha256}.idx.gz`, 'gzip'), sized(`b/${sha256}.idx`, 'identity')],
      },
      deltas,
      canaries: [],
    },
  };
  return { folder, draft };
}

export interface ClientState {
  floor?: ChannelFloor;
  index?: Uint8Array<ArrayBuffer>;
  sequence?: number;
}

/**
 * As docs/release-format.md tells a client: from the anchor to the text of the one record. Keeps what it has when something is refused.
 * @returns the text, or why not
 */
export async function readAsClient(
  target: Pick<ReleaseTarget, 'get'>,
  anchor: TrustAnchor,
  now: number,
  state: ClientState = {},
): Promise<string> {
  const get = async (at: string) => (await target.get(at)) ?? new Uint8Array();
  const first = await verifyRoot(await get(`root.${anchor.version}.json`), anchor);
  if (!first.accepted) return `root: ${first.refusal.reason}`;
  let root = first.value;
  for (;;) {
    const bytes = await target.get(`root.${root.version + 1}.json`);
    const next = bytes && (await verifyNextRoot(bytes, root));
    if (next === undefined) break;
    if (!next.accepted) return `root: ${next.refusal.reason}`;
    root = next.value;
  }
  const expected = { root, channel: 'stable', floor: state.floor, now };
  const verdict = await verifyChannel(await get('channel.json'), expected);
  if (!verdict.accepted) return `channel: ${verdict.refusal.reason}`;
  const { document: channel, floor } = verdict.value;
  const pointer = channel.current;
  const bytes = await get(pointer.manifest.path);
  const checked = await verifyManifest(bytes, { root, channel, pointer, client: '0.1.0' });
  if (!checked.accepted) return `manifest: ${checked.refusal.reason}`;
  const { index, deltas } = checked.value.manifest;
  const base = state.index;
  const delta = base && deltas.find(({ from }) => from === hashOf(base));
  const fetched = gunzipSync(await get((delta ?? index).files[0]?.path ?? ''));
  const plain = base && delta ? await applyDelta(base, new Uint8Array(fetched)) : fetched;
  if (hashOf(plain) !== index.sha256) return 'index: other-bytes';
  Object.assign(state, { floor, index: new Uint8Array(plain), sequence: pointer.sequence });
  return decodeIndex(new Uint8Array(plain)).chunk(0).text;
}
