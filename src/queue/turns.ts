/** Work that one worker does for all: whose turn it is stands in the database. */
import type { Connection } from '../database/index.ts';

/*
 * due:  looked at first, since an upsert that changes nothing still locks and writes its row.
 * Two that ask at once: the second waits for the first one's commit, and then finds that it is not due. The turn is taken as
 * it begins, so that nothing is locked meanwhile; one that dies over it leaves it to the next turn.
 */
const TAKE = `
with due as (
  select $1::text as task where not exists (
    select from evervec.maintenance where task = $1 and done_at > now() - $2 * interval '1 minute')
)
insert into evervec.maintenance as maintenance (task, done_at) select task, now() from due
on conflict (task) do update set done_at = excluded.done_at
where maintenance.done_at <= now() - $2 * interval '1 minute'`;

/** @returns whether `task` was last begun `everyMinutes` ago or never, and is the caller's to do now */
export async function takeTurn(
  connection: Connection,
  task: string,
  everyMinutes: number,
): Promise<boolean> {
  return (await connection.query(TAKE, [task, everyMinutes])).rowCount === 1;
}
