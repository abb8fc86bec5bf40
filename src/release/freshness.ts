/** Whether a source's searched space holds what its rows say now. Reads only; to be asked in the transaction that reads the content. */
import type { Connection } from '../database/index.ts';
import { ReleaseError } from '../errors/index.ts';
import { countPending } from '../queue/index.ts';
import type { SourceRow } from '../source/index.ts';

export interface Freshness {
  /** Whether every record was queued since the source was set up or configured otherwise. */
  readonly isQueued: boolean;
  /** Records that wait to be embedded, or are being embedded. */
  readonly pending: number;
  /** Records that could not be embedded. */
  readonly failed: number;
}

const FAILED = `
select count(*)::integer as count from evervec.jobs where source_id = $1 and state = 3`;

/** @param fingerprint of the source as it is configured */
export async function readFreshness(
  connection: Connection,
  row: SourceRow,
  fingerprint: string,
): Promise<Freshness> {
  const pending = await countPending(connection, [row.id]);
  const { rows } = await connection.query<{ count: number }>(FAILED, [row.id]);
  const isQueued = row.queued_fingerprint === fingerprint && row.backfill?.isQueued !== false;
  return { isQueued, pending, failed: rows[0]?.count ?? 0 };
}

/** @throws ReleaseError (stale) naming the source and how many records */
export function requireFresh(release: string, source: string, freshness: Freshness): void {
  const { isQueued, pending, failed } = freshness;
  if (isQueued && pending === 0 && failed === 0) return;
  const counted = [
    ...(pending > 0 ? [`${records(pending)} to be embedded`] : []),
    ...(failed > 0 ? [`${records(failed)} that could not be embedded`] : []),
  ];
  const what = isQueued
    ? `has ${counted.join(' and ')}`
    : `is still filling: not all of its records were queued${pending > 0 ? `, and it has ${records(pending)} to be embedded` : ''}`;
  throw new ReleaseError('stale', `Release "${release}": source "${source}" ${what}.`, {
    remedy: `${isQueued ? 'Run "evervec worker --once"' : `Run "evervec backfill ${source}" and "evervec worker --once"`}${failed > 0 ? ', see "evervec queue failed"' : ''}; or build what there is, with --allow-stale.`,
  });
}

function records(count: number): string {
  return `${count} record${count === 1 ? '' : 's'}`;
}
