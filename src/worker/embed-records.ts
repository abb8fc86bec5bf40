/**
 * The work on a source's records: read → render → chunk → reuse → embed → write. Content is read after the
 * claim has committed, so it is at least as new as the change that made the job (I3).
 */
import { createHash } from 'node:crypto';
import { type Chunker, cleanText } from '../chunk/index.ts';
import type { Database } from '../database/index.ts';
import { type EmbeddingModel, embedTexts } from '../embed/index.ts';
import type { LeasedJob } from '../queue/index.ts';
import { type RenderedRow, readRows, type SourceDefinition } from '../source/index.ts';
import {
  type NewChunk,
  type RecordWrite,
  type Space,
  type StoredChunk,
  storedChunks,
  writeRecords,
} from '../space/index.ts';
import type { Handler, Prepared } from './handler.ts';

export interface EmbedRecordsOptions {
  database: Database;
  source: SourceDefinition;
  space: Space;
  model: EmbeddingModel;
  chunker: Chunker;
  /** Object id of the space's vector type in this database. */
  vectorOid: number;
  /** Stored bytes of column values read at once; default 8 MiB. */
  maxReadBytes?: number;
}

const MAX_READ_BYTES = 8 * 1024 * 1024;

export function createEmbedRecords(options: EmbedRecordsOptions): Handler {
  const { database, source, space, model, chunker, vectorOid } = options;
  const maxReadBytes = options.maxReadBytes ?? MAX_READ_BYTES;

  const paid: PaidVectors = new Map();

  return async (jobs, signal): Promise<Prepared> => {
    const byKey = new Map(jobs.map((job) => [job.recordKey, job]));
    const keys = [...byKey.keys()];
    const [read, stored] = await Promise.all([
      readRows(database, source, keys, maxReadBytes),
      storedChunks(database, space.id, keys),
    ]);
    const plans = [
      ...read.rendered.map((row) => planRecord(row, chunker, stored.get(row.key) ?? [])),
      // A row that is no more has no chunks: its vectors go, and the job is done, not failed.
      ...read.gone.map((key) => ({ key, count: 0, changed: [], hasSurplus: stored.has(key) })),
    ];
    await embedChanged(plans, model, paid, signal);

    const jobOf = (key: string) => byKey.get(key) as LeasedJob;
    const writes = new Map(
      plans
        .filter((plan) => plan.changed.length > 0 || plan.hasSurplus)
        .map((plan) => [plan.key, plan]),
    );
    return {
      ready: plans.map((plan) => jobOf(plan.key)),
      write:
        writes.size === 0
          ? null
          : async (tx, owned) => {
              const mine = owned.flatMap((job) => writes.get(job.recordKey) ?? []);
              await writeRecords(tx, space, mine, vectorOid);
              for (const plan of mine) for (const { text } of plan.changed) paid.delete(text);
            },
      failed: read.faults.map(({ key, error }) => ({ job: jobOf(key), error })),
      deferred: read.deferred.map(jobOf),
    };
  };
}

/** What has to change in the sidecar so that it holds `row` and nothing else of it. */
export function planRecord(
  row: RenderedRow,
  chunker: Chunker,
  stored: readonly StoredChunk[],
): RecordWrite {
  const at = new Map(stored.map((chunk) => [chunk.index, chunk]));
  const held = new Set(stored.map((chunk) => chunk.hash));
  const chunks = chunker.chunk(cleanText(row.text));
  const changed: NewChunk[] = [];
  for (const chunk of chunks) {
    const hash = hashText(chunk.text);
    const before = at.get(chunk.index);
    const isSame =
      before?.hash === hash &&
      before.start === chunk.start &&
      before.end === chunk.end &&
      before.section === chunk.section;
    if (!isSame)
      changed.push({
        index: chunk.index,
        start: chunk.start,
        end: chunk.end,
        section: chunk.section,
        text: chunk.text,
        hash: Buffer.from(hash, 'hex'),
        embedding: null,
        isKept: held.has(hash),
      });
  }
  const hasSurplus = stored.some((chunk) => chunk.index >= chunks.length);
  return { key: row.key, count: chunks.length, changed, hasSurplus };
}

/** 128 bits of SHA-256, hex: enough that two texts of one space never share one. */
function hashText(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}

/** Vectors that were given and not yet written: of batches that failed in part, or that the database did not take. */
type PaidVectors = Map<string, Float32Array>;

/** What is kept of failed batches at most; beyond that texts are paid for again rather than memory filled. */
const MAX_PAID = 20_000;

/** Gives each changed chunk its vector, unless the record holds one for the same text already (I5). */
async function embedChanged(
  plans: readonly RecordWrite[],
  model: EmbeddingModel,
  paid: PaidVectors,
  signal: AbortSignal,
): Promise<void> {
  const wanting = plans.flatMap((plan) => plan.changed.filter((chunk) => !chunk.isKept));
  if (wanting.length === 0) return;
  if (paid.size > MAX_PAID) paid.clear();
  const texts = wanting.map((chunk) => chunk.text);
  const vectors = await embedTexts(model, texts, { kind: 'document', signal, paid });
  wanting.forEach((chunk, index) => {
    chunk.embedding = vectors[index] ?? null;
  });
}
