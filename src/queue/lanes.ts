/** Pausing and resuming lanes. It is the lane's row that says so, never its jobs: it takes effect at the next claim. */
import type { Connection, Database } from '../database/index.ts';
import { UnknownLaneError } from '../errors/index.ts';
import { recordAudit } from './audit.ts';
import { notifyWorkers } from './control.ts';

const SET_PAUSED = `
update evervec.lanes set paused = $2, paused_at = case when $2 then now() end
where ($1::text[] is null or name = any ($1)) and paused <> $2 returning name`;

/**
 * @param lanes null means all
 * @returns names of the lanes that were not paused before
 * @throws UnknownLaneError, with nothing done
 */
export async function pauseLanes(
  database: Database,
  lanes: readonly string[] | null,
  actor: string,
): Promise<string[]> {
  return await setPaused(database, lanes, true, actor);
}

/** Like `pauseLanes`; wakes the workers. */
export async function resumeLanes(
  database: Database,
  lanes: readonly string[] | null,
  actor: string,
): Promise<string[]> {
  return await setPaused(database, lanes, false, actor);
}

async function setPaused(
  database: Database,
  lanes: readonly string[] | null,
  paused: boolean,
  actor: string,
): Promise<string[]> {
  return await database.transaction(async (tx) => {
    if (lanes !== null) await refuseUnknown(tx, lanes);
    const { rows } = await tx.query<{ name: string }>(SET_PAUSED, [lanes, paused]);
    const action = paused ? 'pause' : 'resume';
    for (const { name } of rows)
      await recordAudit(tx, { actor, action, target: `lane ${name}`, detail: {} });
    if (rows.length > 0) await notifyWorkers(tx);
    return rows.map((row) => row.name).sort();
  });
}

async function refuseUnknown(tx: Connection, lanes: readonly string[]): Promise<void> {
  const { rows } = await tx.query<{ name: string }>('select name from evervec.lanes order by name');
  const known = rows.map((row) => row.name);
  const unknown = lanes.find((name) => !known.includes(name));
  if (unknown === undefined) return;
  throw new UnknownLaneError(`There is no lane "${unknown}".`, {
    remedy: `Known are: ${known.join(', ') || 'none'}.`,
    isUsage: true,
  });
}
