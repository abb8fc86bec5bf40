/** Accepts tasks, and takes them back: from the commit on they are done, whatever becomes of the process that accepted them. */
import { randomUUID } from 'node:crypto';
import type { Connection } from '../../database/index.ts';
import type { NewTask } from './task.ts';

const INSERT = `
insert into evervec.tasks (id, kind, made_by, options, items) values ($1, $2, $3, $4, $5)`;
const INSERT_FILE = `
insert into evervec.task_files (task_id, number, name, media_type, content) values ($1, $2, $3, $4, $5)`;

/** @param tx with all its files or not at all. @returns its id */
export async function createTask(tx: Connection, task: NewTask): Promise<string> {
  const { kind, madeBy, options, files } = task;
  const id = randomUUID();
  const items = kind === 'upload' ? files.length : null;
  await tx.query(INSERT, [id, kind, madeBy, JSON.stringify(options), items]);
  // One by one: a file's bytes stand in one statement's parameters, and no more than that.
  for (const [number, { name, mediaType, bytes }] of files.entries())
    await tx.query(INSERT_FILE, [id, number, name, mediaType, Buffer.from(bytes)]);
  return id;
}

const CANCEL = `
with cancelled as (
  update evervec.tasks set state = 'cancelled', finished_at = now(), claim_token = null, lease_until = null
  where id = $1 and state in ('waiting', 'running') returning id
), dropped as (
  delete from evervec.task_files where task_id in (select id from cancelled)
)
select id from cancelled`;

/**
 * Ends a task that is not over: what it took in stays, and whoever works on it writes nothing more.
 * @returns whether it was not over
 */
export async function cancelTask(connection: Connection, id: string): Promise<boolean> {
  return (await connection.query(CANCEL, [id])).rowCount > 0;
}

const DROP = `
delete from evervec.tasks where finished_at < now() - $1 * interval '1 day'`;

/** Forgets tasks that were over `days` ago. @returns how many */
export async function dropOldTasks(connection: Connection, days: number): Promise<number> {
  return (await connection.query(DROP, [days])).rowCount;
}
