/**
 * The work on a source's records: read → render → chunk → reuse → embed → write. Content is read after the
 * claim has committed, so it is at least as new as the change that made the job (I3).
 */
import { createHash } from 'node:crypto';
import { cleanText, type RecordChunker } from '../chunk/index.ts';
import type { Connection, Database } from '../database/index.ts';
import { type CallPurpose, causeOf, type EmbeddingModel, embedTexts } from '../embed/index.ts';
import { BudgetReachedError } from '../errors/index.ts';
import type { LeasedJob } from '../queue/index.ts';
import {
  type RenderedRow,
  readRows,
  type SourceDefinition,
  settleArchived,
} from '../source/index.ts';
import {
  clearVectors,
  type ElementOids,
  knownHashes,
  type NewChunk,
  type RecordWrite,
  requireFree,
  type Space,
  type StoredChunk,
  storedChunks,
  Words,
  writeRecords,
} from '../space/index.ts';
import { waitFor } from './fault.ts';
import type { FailedJob, Handler, Prepared } from './handler.ts';
import { PaidVectors } from './paid-vectors.ts';

export interface EmbedRecordsOptions {
  database: Database;
  /** Of the source's log and archive, which its spaces share. */
  logId: number;
  source: SourceDefinition;
  space: Space;
  model: EmbeddingModel;
  chunker: RecordChunker;
  /** Whether it is a second space, which is paid for as one: default false. */
  isStandby?: boolean;
  oids: ElementOids;
  /** Of the space's language; default its own. */
  words?: Words;
  /** Default true. False: chunks are written as they are searched by words, and nothing is embedded. */
  wantsVectors?: boolean;
  /** Stored bytes of column values read at once; default 8 MiB. */
  maxReadBytes?: number;
  /** The source's name in the ledger; default its own. */
  ledgerName?: string;
  /** Told how many texts of a batch needed no call: kept, shared, or paid for before. */
  onSaved?(purpose: CallPurpose, texts: number): void;
  /**
   * Called within the transaction of the write, for all records of a batch whose job is still owned and that now stand in
   * the space as they were read, those included of which no chunk changed; not for rows that are gone. Where it is
   * given, each batch with such a record writes. What it throws undoes the write.
   */
  onWritten?(tx: Connection, records: readonly WrittenRecord[]): Promise<void>;
}

export interface WrittenRecord {
  key: string;
  /** What the source's column `revision` held as the row was read, as text; null where it names none. */
  revision: string | null;
}

const MAX_READ_BYTES = 8 * 1024 * 1024;

export function createEmbedRecords(options: EmbedRecordsOptions): Handler {
  const { database, logId, source, space, model, chunker, oids } = options;
  const { maxReadBytes = MAX_READ_BYTES, wantsVectors = true, isStandby = false } = options;
  const { ledgerName = source.name, onSaved, onWritten } = options;
  const { words = new Words(database, space.language) } = options;

  const paid = new PaidVectors();

  return async (jobs, signal): Promise<Prepared> => {
    const byKey = new Map(jobs.map((job) => [job.recordKey, job]));
    const keys = [...byKey.keys()];
    const [read, stored, archived] = await Promise.all([
      readRows(database, source, keys, maxReadBytes),
      storedChunks(database, space.id, keys),
      settleArchived(database, logId, source, keys),
    ]);
    const jobOf = (key: string) => byKey.get(key) as LeasedJob;
    const failed: FailedJob[] = read.faults.map(({ key, error }) => ({ job: jobOf(key), error }));
    // A row that is no more has no chunks: its vectors go, and the job is done, not failed.
    const gone = read.gone.map((key) => ({
      key,
      count: 0,
      changed: [],
      hasSurplus: stored.has(key),
    }));
    const wanted = read.rendered.filter((row) => wantsVectors && !archived.has(row.key));
    const unwanted = read.rendered.filter((row) => !wantsVectors || archived.has(row.key));
    const plan = (rows: RenderedRow[], isWanted: boolean) =>
      rows.map((row) => planRecord(row, chunker, stored.get(row.key) ?? [], isWanted));
    const planned = plan(wanted, true);
    const purpose = purposeOf(ledgerName, jobs, planned, isStandby);
    const to = { database, space, model, paid, signal, purpose, onSaved };
    const bare = plan(unwanted, false);
    // The database counts words while the model embeds.
    const [{ blamed, embedded, unpaid }] = await Promise.all([
      embedOrBlame(wanted, planned, to),
      countWords(words, space.id, [...planned, ...bare]),
    ]);
    if (blamed !== null) failed.push({ ...blamed, job: jobOf(blamed.key) });
    const plans = [...embedded, ...bare, ...gone];

    // A vector that was written while the record was being archived goes, too.
    const isBare = (key: string) =>
      !archived.has(key) || (stored.get(key)?.every((chunk) => !chunk.hasVector) ?? true);
    const writes = new Map(
      plans
        .filter((plan) => plan.changed.length > 0 || plan.hasSurplus || !isBare(plan.key))
        .map((plan) => [plan.key, plan]),
    );
    const revisions = new Map(read.rendered.map(({ key, revision }) => [key, revision]));
    const hasNews = onWritten !== undefined && plans.length > gone.length;
    return {
      ready: plans.map((plan) => jobOf(plan.key)),
      write:
        writes.size === 0 && !hasNews
          ? null
          : async (tx, owned) => {
              await requireFree(tx, space.id);
              const mine = owned.flatMap((job) => writes.get(job.recordKey) ?? []);
              await writeRecords(tx, space, mine, oids);
              const cleared = mine.map(({ key }) => key).filter((key) => archived.has(key));
              await clearVectors(tx, space.id, cleared);
              // What is shared may be wanted by the next record.
              if (!space.sharesTexts)
                paid.forget(mine.flatMap((plan) => plan.changed.map(embeddedText)));
              const written = owned.flatMap(({ recordKey: key }) => {
                const revision = revisions.get(key);
                return revision === undefined ? [] : [{ key, revision }];
              });
              if (written.length > 0) await onWritten?.(tx, written);
            },
      failed,
      deferred: read.deferred.map(jobOf),
      unpaid: unpaid.map((plan) => jobOf(plan.key)),
    };
  };
}

/** Why a batch is embedded: its jobs are of one lane, some of them may be tried again. */
function purposeOf(
  source: string,
  jobs: readonly LeasedJob[],
  plans: readonly RecordWrite[],
  isBeside: boolean,
): CallPurpose {
  const isRetried = (job: LeasedJob) => causeOf(job, isBeside) === 'retry';
  const first = jobs.find((job) => !isRetried(job)) ?? jobs[0];
  const again = new Set(jobs.filter(isRetried).map((job) => job.recordKey));
  const retried = plans.filter(({ key }) => again.has(key)).flatMap((plan) => plan.changed);
  return {
    sources: [source],
    cause: first === undefined ? 'change' : causeOf(first, isBeside),
    isBulk: jobs.some((job) => job.origin !== null),
    isBeside,
    ...(retried.length > 0 && { retried: new Set(retried.map(embeddedText)) }),
  };
}

interface Embedded {
  /** The row that the model refuses, where it stood alone; of several rows nobody knows which. */
  blamed: { key: string; error: unknown; textHash: string } | null;
  embedded: readonly RecordWrite[];
  /** What the budget has nothing left for: nobody's fault, and for another day. */
  unpaid: readonly RecordWrite[];
}

/** Gives the changed chunks their vectors. */
async function embedOrBlame(
  rows: readonly RenderedRow[],
  plans: readonly RecordWrite[],
  to: EmbedTo,
): Promise<Embedded> {
  try {
    await embedChanged(plans, to);
    return { blamed: null, embedded: plans, unpaid: [] };
  } catch (error) {
    if (error instanceof BudgetReachedError) return splitByPaid(plans, to.paid);
    const [row, another] = rows;
    if (row === undefined || another !== undefined) throw error;
    if (to.signal.aborted || waitFor(error) !== null) throw error;
    const textHash = hashText(cleanText(row.text));
    return { blamed: { key: row.key, error, textHash }, embedded: [], unpaid: [] };
  }
}

/** Gives the changed chunks what they are found by. */
async function countWords(
  words: Words,
  spaceId: number,
  plans: readonly RecordWrite[],
): Promise<void> {
  const changed = plans.flatMap((plan) => plan.changed);
  const counted = await words.count(spaceId, changed.map(embeddedText));
  changed.forEach((chunk, index) => {
    chunk.words = counted[index] ?? null;
  });
}

/** What was paid for before the budget was reached is written, or it would be paid for again. */
function splitByPaid(plans: readonly RecordWrite[], paid: PaidVectors): Embedded {
  const embedded: RecordWrite[] = [];
  const unpaid: RecordWrite[] = [];
  for (const plan of plans) {
    for (const chunk of plan.changed)
      if (!chunk.isKept) chunk.embedding = paid.get(embeddedText(chunk)) ?? null;
    const isWhole = plan.changed.every((chunk) => chunk.isKept || chunk.embedding !== null);
    (isWhole ? embedded : unpaid).push(plan);
  }
  return { blamed: null, embedded, unpaid };
}

/**
 * What has to change in the sidecar so that it holds `row` and nothing else of it.
 * @param wantsVectors whether a chunk without a vector is one that is missing
 */
export function planRecord(
  row: RenderedRow,
  chunker: RecordChunker,
  stored: readonly StoredChunk[],
  wantsVectors = true,
): RecordWrite {
  const at = new Map(stored.map((chunk) => [chunk.index, chunk]));
  const held = new Set(stored.filter((chunk) => chunk.hasVector).map((chunk) => chunk.hash));
  const chunks = chunker.chunk(cleanText(row.text));
  const title = row.title === null ? null : cleanText(row.title);
  const changed: NewChunk[] = [];
  for (const chunk of chunks) {
    const context = chunker.contextOf(title, chunk);
    const hash = hashText(context + chunk.text);
    const page = row.pages === null ? null : pageOf(row.pages, chunk.start);
    const before = at.get(chunk.index);
    const isSame =
      before?.hash === hash &&
      (before.hasVector || !wantsVectors) &&
      before.start === chunk.start &&
      before.end === chunk.end &&
      before.section === chunk.section &&
      before.page === page;
    if (!isSame)
      changed.push({
        index: chunk.index,
        start: chunk.start,
        end: chunk.end,
        section: chunk.section,
        page,
        text: chunk.text,
        context,
        hash: Buffer.from(hash, 'hex'),
        embedding: null,
        words: null,
        isKept: held.has(hash),
      });
  }
  const hasSurplus = stored.some((chunk) => chunk.index >= chunks.length);
  return { key: row.key, count: chunks.length, changed, hasSurplus };
}

/** @returns from 1: the last page that begins at or before `offset` */
function pageOf(starts: readonly number[], offset: number): number {
  const next = starts.findIndex((start) => start > offset);
  return Math.max(1, next === -1 ? starts.length : next);
}

/** What a model is given of a chunk. Its hash is the chunk's. */
export function embeddedText({ context, text }: Pick<NewChunk, 'context' | 'text'>): string {
  return context + text;
}

/** 128 bits of SHA-256, hex: enough that two texts of one space never share one. */
function hashText(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}

/**
 * Gives each changed chunk its vector, unless the record holds one for the same text already or, in a space that shares
 * texts, any record does (I5).
 */
async function embedChanged(plans: readonly RecordWrite[], to: EmbedTo): Promise<void> {
  const { database, space, model, paid, signal, purpose } = to;
  const changed = plans.flatMap((plan) => plan.changed.filter((chunk) => !chunk.isKept));
  const unpaid = changed.filter((chunk) => paid.get(embeddedText(chunk)) === undefined);
  const known = await knownHashes(
    database,
    space,
    unpaid.map((chunk) => chunk.hash),
  );
  for (const chunk of unpaid) chunk.isKept = known.has(chunk.hash.toString('hex'));
  const wanting = changed.filter((chunk) => !chunk.isKept);
  let sent = 0;
  if (wanting.length > 0) {
    const texts = wanting.map(embeddedText);
    const onCall = (count: number) => {
      sent += count;
    };
    const options = { kind: 'document', signal, paid, purpose, onCall } as const;
    if (space.sharesTexts) await paid.share(texts, (own) => embedTexts(model, own, options));
    const vectors = await embedTexts(model, texts, options);
    wanting.forEach((chunk, index) => {
      chunk.embedding = vectors[index] ?? null;
    });
  }
  const wanted = plans.reduce((sum, plan) => sum + plan.count, 0);
  to.onSaved?.(purpose, wanted - sent);
}

/** Where vectors come from and go to. */
interface EmbedTo {
  database: Database;
  space: Space;
  model: EmbeddingModel;
  paid: PaidVectors;
  signal: AbortSignal;
  purpose: CallPurpose;
  onSaved: EmbedRecordsOptions['onSaved'];
}
