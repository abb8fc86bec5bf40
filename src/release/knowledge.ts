/**
 * The JSON files that older clients of this kind read: a version, an index of chunks with their embeddings, the same gzipped, and a manifest for
 * whoever deploys them. Under fixed names, so they change in place; the same content gives the same bytes.
 */
import { createHash } from 'node:crypto';
import { ReleaseError } from '../errors/index.ts';
import type { ContentRecord } from './content.ts';
import { gzip } from './gzip.ts';

export interface KnowledgeInput {
  /** Before the names of the files. */
  readonly prefix: string;
  /** Of the model. */
  readonly modelId: string;
  readonly records: readonly ContentRecord[];
}

/** Where nothing says when the content changed. */
const UNKNOWN_TIME = '1970-01-01T00:00:00.000Z';
/** What a browser takes as one text. */
const MAX_BYTES = 2 ** 29 - 24;
/** Of gzip: the highest saves half a percent of such digits, and takes four times as long. */
const LEVEL = 6;
/** Half floats have eleven bits: this many digits tell them apart. */
const DIGITS = 5;
const WITHOUT_ZONE = /T[\d:.]+$/;
const encoder = new TextEncoder();

/** @returns path → bytes @throws ReleaseError where the index is larger than a client can read */
export async function buildKnowledge(input: KnowledgeInput): Promise<Map<string, Uint8Array>> {
  const { prefix, modelId, records } = input;
  const path = `${prefix}-knowledge-index.json`;
  const buildTime = newestChange(records);
  const index = indexJson(modelId, buildTime, records);
  if (index.length > MAX_BYTES)
    throw new ReleaseError(
      'refused',
      `${path} would have ${index.length} bytes; clients read at most ${MAX_BYTES}.`,
      { remedy: 'Leave knowledge out of this release, or publish less in one.', isUsage: true },
    );
  const zipped = await gzip(index, LEVEL);
  const hash = createHash('sha256').update(index).digest('hex');
  const compressed = {
    path: `${path}.gz`,
    size: zipped.length,
    /** Per cent that are saved. */
    compressionRatio: Math.round(100 * (1 - zipped.length / index.length)),
  };
  const version = {
    version: versionOf(buildTime, hash),
    hash,
    buildTime,
    chunkCount: records.reduce((sum, { chunks }) => sum + chunks.length, 0),
    embeddingModel: modelId,
    files: { compressed },
  };
  const uncompressed = { path, size: index.length };
  const deployment = {
    ...version,
    files: { compressed, uncompressed, version: { path: `${prefix}-knowledge-version.json` } },
  };
  return new Map([
    [`${path}.gz`, zipped],
    [path, index],
    [`${prefix}-vector-deployment.json`, toJson(deployment)],
    [`${prefix}-knowledge-version.json`, toJson(version)],
  ]);
}

function toJson(value: unknown): Uint8Array {
  return encoder.encode(`${JSON.stringify(value, null, 2)}\n`);
}

/** Piece by piece: one text of it all could be too long for an engine. */
function indexJson(
  modelId: string,
  buildTime: string,
  records: readonly ContentRecord[],
): Uint8Array {
  const head = JSON.stringify({ buildTime, embeddingModel: modelId }).slice(0, -1);
  const pieces = [Buffer.from(`${head},"chunks":[`)];
  let isFirst = true;
  for (const record of records) {
    const chunks = chunksOf(record).map((chunk) => JSON.stringify(chunk));
    if (chunks.length === 0) continue;
    pieces.push(Buffer.from(`${isFirst ? '' : ','}${chunks.join(',')}`));
    isFirst = false;
  }
  pieces.push(Buffer.from(']}'));
  return Buffer.concat(pieces);
}

function chunksOf({ key, title, url, tags, publishedAt, columns, chunks }: ContentRecord) {
  return chunks.map(({ index, text, section, page, start, end, vector }) => ({
    id: `${key}#${index}`,
    text,
    embedding: Array.from(vector, shortened),
    metadata: {
      key,
      title: title ?? null,
      url: url ?? null,
      publishedAt: publishedAt ?? null,
      tags,
      section: section ?? null,
      page: page ?? null,
      start,
      end,
      ...(columns && { columns }),
    },
  }));
}

/** There are no more halves than 65,536, and of most vectors few. */
const known = new Map<number, number>();

function shortened(half: number): number {
  let short = known.get(half);
  if (short === undefined) known.set(half, (short = Number(half.toPrecision(DIGITS))));
  return short;
}

/** Not when it was built: the same content has the same bytes. */
function newestChange(records: readonly ContentRecord[]): string {
  let newest = Number.NEGATIVE_INFINITY;
  for (const { updatedAt, publishedAt } of records) {
    const at = updatedAt ?? publishedAt ?? '';
    // A time without a zone would be read as this machine's.
    const instant = Date.parse(at.replace(WITHOUT_ZONE, '$&Z'));
    if (instant > newest) newest = instant;
  }
  return Number.isFinite(newest) ? new Date(newest).toISOString() : UNKNOWN_TIME;
}

/** Grows with the content's date, and differs with the content. */
function versionOf(buildTime: string, hash: string): string {
  const [date = '', time = ''] = buildTime.split('T');
  const [year, month, day] = date.split('-').map(Number);
  const [hour, minute] = time.split(':').map(Number);
  return `${year}.${100 * (month ?? 0) + (day ?? 0)}.${100 * (hour ?? 0) + (minute ?? 0)}+${hash.slice(0, 8)}`;
}
