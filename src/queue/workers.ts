/** Who works: one row per worker process, by an id that is fresh at every start. */
import type { Connection } from '../database/index.ts';

export interface WorkerIdentity {
  /** A UUID made at start; never derived from the host, or a restarted worker inherits its ghost's leases. */
  id: string;
  host: string;
  pid: number;
  version: string;
}

const HEARTBEAT = `
insert into evervec.workers as worker (id, host, pid, version, processed, last_error)
values ($1::uuid, $2, $3, $4, $5, $6)
on conflict (id) do update set heartbeat_at = now(), processed = excluded.processed,
  last_error = coalesce(excluded.last_error, worker.last_error)`;

/** Says that this worker lives. @param processed records since its start */
export async function heartbeat(
  connection: Connection,
  worker: WorkerIdentity,
  processed: number,
  lastError: string | null,
): Promise<void> {
  const { id, host, pid, version } = worker;
  await connection.query(HEARTBEAT, [id, host, pid, version, processed, lastError]);
}

const SIGN_OFF = `
with silent as (
  delete from evervec.workers where heartbeat_at < now() - interval '1 day'
)
delete from evervec.workers where id = $1::uuid`;

/** Removes this worker's row, and those of workers that nobody has heard of for a day. */
export async function signOff(connection: Connection, workerId: string): Promise<void> {
  await connection.query(SIGN_OFF, [workerId]);
}
