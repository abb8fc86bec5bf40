/** Queues every record of a source: after set-up, and when the way its text is made has changed. */
import type { Database } from '../database/index.ts';
import { enqueueBulk } from '../queue/index.ts';
import { keyPages, type SourceDefinition } from '../source/index.ts';

/** Keys per statement: some 100 ms each, so that nothing is held for long however large the table. */
const PAGE = 20_000;

/**
 * Pages through the table by its key; each page commits alone. Run twice it queues twice the same jobs, which are one each.
 * @param onProgress called with the number queued so far
 * @returns how many were queued
 */
export async function queueAll(
  database: Database,
  sourceId: number,
  source: SourceDefinition,
  onProgress?: (queued: number) => void,
): Promise<number> {
  let queued = 0;
  for await (const page of keyPages(database, source, PAGE)) {
    await enqueueBulk(database, sourceId, page, 'backfill');
    queued += page.keys.length;
    onProgress?.(queued);
  }
  await database.query('update evervec.sources set queued_fingerprint = $2 where id = $1', [
    sourceId,
    source.fingerprint,
  ]);
  return queued;
}
