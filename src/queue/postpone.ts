/** Puts jobs off without counting a try: what they wait for is not their fault (I6). */
import type { Connection } from '../database/index.ts';
import type { LeasedJob } from './jobs.ts';

const POSTPONE = `
update evervec.jobs set state = 2, ready_at = now() + $3 * interval '1 millisecond', last_error = coalesce($4, last_error),
  first_failed_at = coalesce(first_failed_at, case when $4 is not null then now() end),
  claim_token = null, claim_generation = null, lease_until = null, worker_id = null
where id = any ($1::bigint[]) and state = 1 and claim_token = $2`;

/** @param error the class and code of what is waited for, no content (I11); null where nothing has failed */
export async function postpone(
  connection: Connection,
  token: string,
  jobs: readonly LeasedJob[],
  delayMs: number,
  error: string | null,
): Promise<void> {
  await connection.query(POSTPONE, [jobs.map((job) => job.id), token, delayMs, error]);
}
