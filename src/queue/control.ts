/** The switch that every worker obeys: while the queue is stopped, `fold` and `claim` lease nothing. */
import type { Database } from '../database/index.ts';
import { recordAudit } from './audit.ts';

const SWITCH = `
update evervec.control set stopped = $1, since = now(), by = $2 where stopped <> $1`;

/**
 * Workers finish what they hold and take nothing more until `startQueue`. Changes are logged as ever.
 * @returns false when it was stopped already
 */
export async function stopQueue(database: Database, actor: string): Promise<boolean> {
  return await switchTo(database, true, actor);
}

/** Wakes the workers. @returns false when it was not stopped */
export async function startQueue(database: Database, actor: string): Promise<boolean> {
  return await switchTo(database, false, actor);
}

async function switchTo(database: Database, stopped: boolean, actor: string): Promise<boolean> {
  return await database.transaction(async (tx) => {
    if ((await tx.query(SWITCH, [stopped, actor])).rowCount === 0) return false;
    const action = stopped ? 'stop' : 'start';
    await recordAudit(tx, { actor, action, target: 'queue', detail: {} });
    await notifyWorkers(tx);
    return true;
  });
}

/** Lets idle workers look at once, when this commits. */
export async function notifyWorkers(tx: Pick<Database, 'query'>): Promise<void> {
  await tx.query(`select pg_notify('evervec', '')`);
}
