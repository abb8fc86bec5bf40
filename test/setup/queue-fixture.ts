/** Sources without tables, jobs in any state, and workers with handlers of a test's own: the queue needs no more. */
import type { Database } from '../../src/database/index.ts';
import { silentLogger } from '../../src/runtime/index.ts';
import { type Handler, Worker, type WorkerOptions } from '../../src/worker/index.ts';

export async function addSource(database: Database, name: string): Promise<number> {
  const { rows } = await database.query<{ id: number }>(
    `with lane as (insert into evervec.lanes (name) values ($1) returning id),
    bulk as (insert into evervec.lanes (name, priority, bulk_of) select $1 || ':bulk', 100, id from lane)
    insert into evervec.sources (id, log_id, name, table_schema, table_name, lane_id, definition)
    overriding system value select next, next, $1, 'public', $1, lane.id, '{}' from lane
    cross join nextval(pg_get_serial_sequence('evervec.sources', 'id')) next returning id`,
    [name],
  );
  return rows[0]?.id ?? 0;
}

/** As a trigger does it. */
export async function change(
  database: Database,
  sourceId: number,
  ...keys: string[]
): Promise<void> {
  await database.query('insert into evervec.changes (source_id, keys) values ($1, $2)', [
    sourceId,
    keys,
  ]);
  await database.query(`select pg_notify('evervec', '')`);
}

const STATES = { ready: 0, leased: 1, waiting: 2, parked: 3 };

/** Puts jobs straight into a state. A leased one is of `worker`, its lease good for an hour unless it is over. */
export async function addJobs(
  database: Database,
  sourceId: number,
  state: keyof typeof STATES,
  keys: readonly string[],
  more: { error?: string; worker?: string; isLeaseOver?: boolean } = {},
): Promise<string[]> {
  const { rows } = await database.query<{ id: string }>(
    `insert into evervec.jobs (source_id, record_key, lane_id, priority, state, generation, enqueued_at,
      last_error, attempts, ready_at, first_failed_at, failed_at, claim_token, claim_generation, lease_until, worker_id)
    select source.id, key, source.lane_id, 0, $2::smallint, nextval('evervec.generation_seq'), now(),
      $4, case when $2::smallint > 1 then 5 else 0 end, now() + case when $2::smallint = 2 then interval '1 hour' else '0' end,
      case when $2::smallint > 1 then now() end, case when $2::smallint > 1 then now() end,
      case when $2::smallint = 1 then nextval('evervec.claim_seq') end, case when $2::smallint = 1 then 0 end,
      case when $2::smallint = 1 then now() + $6 * interval '1 hour' end, $5::uuid
    from evervec.sources source, unnest($3::text[]) key where source.id = $1 returning id`,
    [
      sourceId,
      STATES[state],
      keys,
      more.error ?? (STATES[state] > 1 ? 'TypeError' : null),
      more.worker ?? null,
      more.isLeaseOver ? -1 : 1,
    ],
  );
  return rows.map((row) => row.id);
}

/** Key and state of each job, by key. */
export async function jobStates(database: Database): Promise<Record<string, string>> {
  const { rows } = await database.query<{ record_key: string; state: number }>(
    'select record_key, state from evervec.jobs order by record_key',
  );
  const names = Object.keys(STATES);
  return Object.fromEntries(rows.map((row) => [row.record_key, names[row.state] ?? '']));
}

export const done: Handler = async (jobs) => ({
  ready: jobs,
  write: null,
  failed: [],
  deferred: [],
});

/** Fails the jobs whose key is in `keys`, the error's name given by `nameOf`. */
export function failing(keys: readonly string[], nameOf = (_: string) => 'TypeError'): Handler {
  return async (jobs) => ({
    ready: jobs.filter((job) => !keys.includes(job.recordKey)),
    write: null,
    failed: jobs
      .filter((job) => keys.includes(job.recordKey))
      .map((job) => {
        const error = new Error('the text of the record');
        error.name = nameOf(job.recordKey);
        return { job, error };
      }),
    deferred: [],
  });
}

export function workerFor(
  database: Database,
  handler: Handler,
  options: Partial<WorkerOptions> = {},
): Worker {
  return new Worker({
    database,
    logger: silentLogger,
    version: 'test',
    handlerOf: () => handler,
    sourceIds: () => null,
    queueSidecars: async () => {},
    concurrency: 1,
    pollMs: 20,
    ...options,
  });
}
