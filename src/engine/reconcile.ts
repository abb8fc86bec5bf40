/**
 * Compares every row of a source with its sidecar and queues what differs: for changes that no trigger
 * saw (disabled triggers, a replica's writes, an attached partition, a restored table).
 */
import type { Database } from '../database/index.ts';
import { enqueueBulk } from '../queue/index.ts';
import { keyPages, readRows, settleArchived, type SourceDefinition } from '../source/index.ts';
import { sidecarName, storedChunks } from '../space/index.ts';
import { planRecord } from '../worker/index.ts';
import type { Wired } from './wiring.ts';

export interface Reconciled {
  source: string;
  /** Rows looked at. */
  rows: number;
  /** Rows without a vector, though they have text. */
  missing: number;
  /** Rows whose text is another than the one that was embedded. */
  outdated: number;
  /** Records in the sidecar whose row is gone. */
  orphaned: number;
  /** Rows whose text could not be made: their text function threw. */
  faulty: number;
}

const PAGE = 2_000;
const MAX_READ_BYTES = 8 * 1024 * 1024;

/** Streams: memory is one page, whatever the size of the table. @param dryRun report, queue nothing */
export async function reconcileSource(
  database: Database,
  { row, source, space, chunker }: Wired,
  options: {
    dryRun: boolean;
    wantsVectors: boolean;
    signal?: AbortSignal;
    onProgress?: ((rows: number) => void) | undefined;
  },
): Promise<Reconciled> {
  const report = { source: source.name, rows: 0, missing: 0, outdated: 0, orphaned: 0, faulty: 0 };
  const queue = async (keys: string[]) => {
    if (!options.dryRun) await enqueueBulk(database, row.id, { keys }, 'reconcile');
  };
  for await (const { keys: page } of keyPages(database, source, PAGE)) {
    if (options.signal?.aborted) return report;
    const stored = await storedChunks(database, space.id, page);
    const archived = await settleArchived(database, row.log_id, source, page, !options.dryRun);
    const differing: string[] = [];
    let pending = page;
    while (pending.length > 0) {
      const read = await readRows(database, source, pending, MAX_READ_BYTES);
      for (const row of read.rendered) {
        const chunks = stored.get(row.key) ?? [];
        const wantsVectors = options.wantsVectors && !archived.has(row.key);
        const plan = planRecord(row, chunker, chunks, wantsVectors);
        if (plan.changed.length === 0 && !plan.hasSurplus) continue;
        const has = chunks.some((chunk) => chunk.hasVector || !wantsVectors);
        report[has ? 'outdated' : 'missing'] += 1;
        differing.push(row.key);
      }
      report.faulty += read.faults.length;
      pending = read.deferred;
    }
    await queue(differing);
    report.rows += page.length;
    options.onProgress?.(report.rows);
  }
  for await (const keys of orphanPages(database, source, space.id)) {
    report.orphaned += keys.length;
    await queue(keys);
  }
  return report;
}

/** Keys that the sidecar holds and the table doesn't, in pages. */
async function* orphanPages(
  database: Database,
  source: SourceDefinition,
  spaceId: number,
): AsyncGenerator<string[]> {
  let last: string | null = null;
  for (;;) {
    const { rows }: { rows: { record_key: string }[] } = await database.query(
      `select distinct record_key from ${sidecarName(spaceId)}
      where $1::text is null or record_key > $1 order by record_key limit $2`,
      [last, PAGE],
    );
    if (rows.length === 0) return;
    const keys = rows.map((row) => row.record_key);
    const { gone } = await readRows(database, source, keys, 0);
    if (gone.length > 0) yield gone;
    last = keys.at(-1) ?? null;
  }
}
