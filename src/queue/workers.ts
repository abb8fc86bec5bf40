/** Who works: one row per worker process, by an id that is fresh at every start. */
import type { Connection } from '../database/index.ts';

export interface WorkerIdentity {
  /** A UUID made at start; never derived from the host, or a restarted worker inherits its ghost's leases. */
  id: string;
  host: string;
  pid: number;
  version: string;
}

export interface WorkerState {
  /** Records since its start. */
  processed: number;
  lastError: string | null;
  /** The oldest batch that it works on now, and for how long. */
  current: { sourceId: number; forMs: number } | null;
}

/** A worker beats four times as often: one that was silent for longer is gone, or may as well be. */
export const SILENT_AFTER_S = 60;

const HEARTBEAT = `
insert into evervec.workers as worker
  (id, host, pid, version, processed, last_error, working_on, working_since)
values ($1::uuid, $2, $3, $4, $5, $6, (select name from evervec.sources where id = $7),
  now() - $8::float8 * interval '1 millisecond')
on conflict (id) do update set heartbeat_at = now(), processed = excluded.processed,
  last_error = coalesce(excluded.last_error, worker.last_error),
  working_on = excluded.working_on, working_since = excluded.working_since`;

/** Says that this worker lives, and what it does. */
export async function heartbeat(
  connection: Connection,
  worker: WorkerIdentity,
  state: WorkerState,
): Promise<void> {
  const { id, host, pid, version } = worker;
  const { processed, lastError, current } = state;
  await connection.query(HEARTBEAT, [
    id,
    host,
    pid,
    version,
    processed,
    lastError,
    current?.sourceId ?? null,
    current?.forMs ?? null,
  ]);
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
