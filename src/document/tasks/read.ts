/** Tells what there is of tasks. Reads only. */
import type { Connection } from '../../database/index.ts';
import { NO_COUNTS, type TaskCounts, type TaskState, type TaskStatus } from './task.ts';

const time = (column: string) =>
  `to_char(${column} at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as ${column}`;

const columns = (results: string) => `
select id, kind, state, made_by, options ->> 'collection' as collection, items, finished, counts, ${results} as results,
  error, attempts, ${time('created_at')}, ${time('started_at')}, ${time('finished_at')}
from evervec.tasks`;

type Row = Omit<TaskStatus, 'counts'> & { counts: Partial<TaskCounts> };

const BY_ID = `${columns('results')} where id = $1::uuid and ($2::text is null or made_by = $2)`;

/** @param madeBy only where it is this one's; null means anybody's. @returns null where there is none */
export async function readTask(
  connection: Connection,
  id: string,
  madeBy: string | null = null,
): Promise<TaskStatus | null> {
  const [row] = (await connection.query<Row>(BY_ID, [id, madeBy])).rows;
  return row === undefined ? null : withCounts(row);
}

export interface ListTasks {
  state?: TaskState | undefined;
  /** Only this one's. */
  madeBy?: string | undefined;
  /** 1 to 1,000; default 20. */
  limit?: number | undefined;
  /** Default 0. */
  offset?: number | undefined;
}

const LIST = `${columns(`'[]'::jsonb`)}
where ($1::text is null or state = $1) and ($2::text is null or made_by = $2)
order by tasks.created_at desc, id limit $3 offset $4`;

/** The newest first, without the results of their items. */
export async function listTasks(
  connection: Connection,
  { state, madeBy, limit = 20, offset = 0 }: ListTasks = {},
): Promise<Omit<TaskStatus, 'results'>[]> {
  const values = [state ?? null, madeBy ?? null, limit, offset];
  const { rows } = await connection.query<Row>(LIST, values);
  return rows.map((row) => {
    const { results: _, ...rest } = withCounts(row);
    return rest;
  });
}

function withCounts(row: Row): TaskStatus {
  return { ...row, counts: { ...NO_COUNTS, ...row.counts } };
}

const FILES = `
select number, name, media_type, octet_length(content) as bytes from evervec.task_files
where task_id = $1 order by number`;

export interface TaskFileHead {
  number: number;
  name: string | null;
  media_type: string | null;
  bytes: number;
}

/** What came in, without the bytes. */
export async function taskFiles(connection: Connection, id: string): Promise<TaskFileHead[]> {
  return (await connection.query<TaskFileHead>(FILES, [id])).rows;
}

const PIECE = `
select substring(content from $3 for $4) as piece from evervec.task_files where task_id = $1 and number = $2`;
/** Both drivers hold a value several times while they read it. */
const PIECE_BYTES = 4 * 1024 * 1024;

/** @returns its bytes; null where it is gone, since the task is over */
export async function taskFileBytes(
  connection: Connection,
  id: string,
  { number, bytes }: Pick<TaskFileHead, 'number' | 'bytes'>,
): Promise<Buffer | null> {
  const whole = Buffer.alloc(bytes);
  for (let at = 0; at < bytes; at += PIECE_BYTES) {
    const { rows } = await connection.query<{ piece: Buffer }>(PIECE, [
      id,
      number,
      at + 1,
      PIECE_BYTES,
    ]);
    if (rows[0] === undefined) return null;
    rows[0].piece.copy(whole, at);
  }
  return whole;
}
