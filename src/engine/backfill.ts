/** Queues every record of a source: after set-up, and when the way its text is made has changed. */
import type { Connection, Database } from '../database/index.ts';
import { enqueueBulk, isBackfillPending, recordAudit } from '../queue/index.ts';
import {
  type BackfillPosition,
  keyPages,
  type SourceDefinition,
  type SourceRow,
} from '../source/index.ts';

export interface BackfillOptions {
  /** Of all its records, instead of what the source says; lower goes first among work in bulk. */
  priority?: number | undefined;
  /** Begins anew also where a backfill was cut short. */
  restart?: boolean | undefined;
  /** Who asked, for the audit log. */
  by?: string | undefined;
  onProgress?: ((source: string, queued: number) => void) | undefined;
}

export interface Backfilled {
  source: string;
  /** Records that this call queued. */
  queued: number;
  /** Whether it went on with one that was cut short: what that had queued is not queued again. */
  isResumed: boolean;
}

/** Keys per statement: some 100 ms each, so that nothing is held for long however large the table. */
const PAGE = 20_000;

const SAVE = `update evervec.sources set backfill = $2 where id = $1`;
const FINISH = `
update evervec.sources set backfill = $2, queued_fingerprint = $3 where id = $1`;

/**
 * Pages through the table by its key; each page and how far it came commit together, so that one that is cut short goes
 * on where it was. With nothing left to queue of it and records that still wait, nothing is queued.
 */
export async function queueAll(
  database: Database,
  row: SourceRow,
  source: SourceDefinition,
  options: BackfillOptions,
): Promise<Backfilled> {
  const { priority, by = 'program', onProgress } = options;
  const before = options.restart ? null : await unfinished(database, row, source);
  const { fingerprint } = source;
  let queued = 0;
  if (before?.isQueued !== true) {
    let after = before?.after ?? null;
    for await (const page of keyPages(database, source, PAGE, after)) {
      const { keys, recencies } = page;
      const priorities = priority === undefined ? page.priorities : keys.map(() => priority);
      const records = { keys, ...(recencies && { recencies }), ...(priorities && { priorities }) };
      after = keys.at(-1) ?? null;
      await database.transaction(async (tx) => {
        await enqueueBulk(tx, row.id, records, 'backfill');
        await save(tx, SAVE, row.id, { fingerprint, after, isQueued: false });
      });
      queued += keys.length;
      onProgress?.(source.name, queued);
    }
    await database.transaction(async (tx) => {
      await save(tx, FINISH, row.id, { fingerprint, after, isQueued: true }, fingerprint);
      const target = `source ${source.name}`;
      await recordAudit(tx, { actor: by, action: 'backfill', target, detail: { queued } });
    });
  }
  return { source: source.name, queued, isResumed: before !== null };
}

async function save(
  tx: Connection,
  statement: string,
  sourceId: number,
  position: BackfillPosition,
  ...more: string[]
): Promise<void> {
  await tx.query(statement, [sourceId, position, ...more]);
}

/** A backfill for the same definition that has not queued all, or of which records still wait. */
async function unfinished(
  database: Database,
  { id, backfill }: SourceRow,
  { fingerprint }: SourceDefinition,
): Promise<BackfillPosition | null> {
  if (backfill === null || backfill.fingerprint !== fingerprint) return null;
  return !backfill.isQueued || (await isBackfillPending(database, id)) ? backfill : null;
}
