/**
 * From content to a release that is ready to be signed: the index, its files, deltas from older ones, and what the manifest says of them. In
 * memory and pure but for the bases that it loads; the same content gives the same bytes.
 */
import { FormatError, ReleaseError } from '../errors/index.ts';
import { decodeIndex, encodeIndex, type IndexAbout, sha256Hex } from '../format/index.ts';
import { MINIMUM_READER } from '../format/index-layout.ts';
import { chooseCanaries } from './canaries.ts';
import type { ContentRecord } from './content.ts';
import { buildWays, type ReleaseBase, type Way } from './deltas.ts';
import type { DraftManifest, ReleaseDraft } from './draft.ts';
import { gzip } from './gzip.ts';
import { buildKnowledge } from './knowledge.ts';
import { readModelFile } from './model-file.ts';
import { KEPT_RELEASES } from './published.ts';
import { measureRecall } from './recall.ts';

/** The first version of Evervec whose client understands such a release. Raise it with a format that older ones do not. */
const MINIMUM_CLIENT = '0.1.0';
/** Where more of the records than this are new, other or gone, a client should not wait. */
const MAJOR_SHARE = 0.2;

export type BuildStage = 'reading' | 'encoding' | 'comparing' | 'compressing' | 'writing';
/** `done` of `total`; without a total it is not known yet, without either it is one step. */
export type OnBuildProgress = (stage: BuildStage, done?: number, total?: number) => void;

export interface BuildInput {
  /** The release's. */
  readonly name: string;
  readonly about: IndexAbout;
  readonly dimensions: number;
  /** In the order of their keys. */
  readonly records: readonly ContentRecord[];
  /** Newest first, of which 8 count: the first is what clients have now. */
  readonly bases: readonly ReleaseBase[];
  /** Builds also what is published already. Default false. */
  readonly isForced?: boolean | undefined;
  /** Whether the model's file goes along, where it has one. */
  readonly hasModel: boolean;
  /** Before the names of the JSON shapes; null for none. */
  readonly knowledge: string | null;
  readonly onProgress?: OnBuildProgress | undefined;
}

export interface BuiltRelease {
  readonly draft: ReleaseDraft;
  /** Of all files that the draft names. */
  readonly contents: ReadonlyMap<string, Uint8Array>;
  readonly ways: readonly Way[];
}

/** Nothing changed: what is published is what would be built. */
export interface Unchanged {
  readonly unchanged: true;
  readonly sha256: string;
}

/**
 * @throws ReleaseError (nothing) without a record, (refused) for content that an index can't hold
 */
export async function buildRelease(input: BuildInput): Promise<BuiltRelease | Unchanged> {
  const { name, about, dimensions, records, bases, onProgress } = input;
  if (records.length === 0)
    throw new ReleaseError('nothing', `Release "${name}" would have no record.`, {
      remedy: 'Look at its collection and tiers, and whether its source has rows with vectors.',
    });
  onProgress?.('encoding');
  const bytes = encode(input);
  const sha256 = await sha256Hex(bytes);
  if (bases[0]?.sha256 === sha256 && input.isForced !== true) return { unchanged: true, sha256 };
  onProgress?.('compressing');
  // Compressing has threads of its own meanwhile.
  const compressing = Promise.all([
    gzip(bytes),
    input.hasModel ? readModelFile(about.model.id) : null,
  ]);
  // Else a fault below would leave its own without anybody who waits.
  compressing.catch(() => {});
  const index = decodeIndex(bytes);
  const canaries = chooseCanaries(index);
  const recall = measureRecall(records.flatMap(({ chunks }) => chunks.map(({ vector }) => vector)));
  const [zipped, model] = await compressing;
  const ways = await buildWays(
    { bytes, sha256, zippedBytes: zipped.length },
    bases.slice(0, KEPT_RELEASES),
    (done, total) => onProgress?.('comparing', done, total),
  );
  const deltas = ways.flatMap(({ delta }) => (delta === undefined ? [] : [delta]));
  const path = `b/${sha256}.idx`;
  const manifest: DraftManifest = {
    change: changeOf(ways[0]),
    minimumClient: MINIMUM_CLIENT,
    model: { ...about.model, ...(model && { download: model.download }) },
    index: {
      sha256,
      bytes: bytes.length,
      minimumReader: MINIMUM_READER,
      records: index.recordCount,
      chunks: index.chunkCount,
      dimensions,
      files: [
        { path: `${path}.gz`, encoding: 'gzip', bytes: zipped.length },
        { path, encoding: 'identity', bytes: bytes.length },
      ],
    },
    deltas: deltas.map(({ entry }) => entry),
    ...(recall !== undefined && { recall }),
    canaries,
  };
  const contents = new Map<string, Uint8Array>([
    [`${path}.gz`, zipped],
    [path, bytes],
    ...deltas.map(({ path, zipped }): [string, Uint8Array] => [path, zipped]),
    ...(model?.contents ?? []),
  ]);
  const files = [...contents.keys()];
  const mutable = await knowledgeOf(input);
  for (const [path, bytes] of mutable) contents.set(path, bytes);
  const draft = { name, manifest, files, mutableFiles: [...mutable.keys()] };
  return { draft, contents, ways };
}

function encode({ name, about, dimensions, records }: BuildInput): Uint8Array<ArrayBuffer> {
  try {
    return encodeIndex(about, dimensions, records);
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    throw new ReleaseError(
      'refused',
      `Release "${name}" does not fit into an index: ${error.message}`,
      {
        remedy: 'Publish fewer or smaller columns, or less in one release.',
        cause: error,
      },
    );
  }
}

/** Major is what a client should not put off: the first, another model, or much that is new. */
function changeOf(way: Way | undefined): DraftManifest['change'] {
  return way === undefined || way.changed > MAJOR_SHARE ? 'major' : 'minor';
}

async function knowledgeOf({
  knowledge,
  about,
  records,
}: BuildInput): Promise<ReadonlyMap<string, Uint8Array>> {
  if (knowledge === null) return new Map();
  return await buildKnowledge({ prefix: knowledge, modelId: about.model.id, records });
}
