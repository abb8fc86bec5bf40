/**
 * Lanes: their settings, pausing and resuming. It is the lane's row that says so, never its jobs: it takes effect at
 * the next claim.
 */
import type { Connection, Database } from '../database/index.ts';
import { UnknownLaneError } from '../errors/index.ts';
import { recordAudit } from './audit.ts';
import { liftBudget } from './budget-pause.ts';
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
  return await database.transaction(async (tx) => {
    await knownLanes(tx, lanes);
    return await switchLanes(tx, lanes, true, actor);
  });
}

/**
 * Like `pauseLanes`; wakes the workers. Of a lane that an operator and the daily budget hold both, the operator's pause
 * is taken away, and said again the budget's: so nobody spends by opening a lane that he closed himself.
 */
export async function resumeLanes(
  database: Database,
  lanes: readonly string[] | null,
  actor: string,
): Promise<string[]> {
  return await database.transaction(async (tx) => {
    const known = await knownLanes(tx, lanes);
    const opened = await switchLanes(tx, lanes, false, actor);
    const lifted: string[] = [];
    for (const name of lanes ?? known)
      if (!opened.includes(name) && (await liftBudget(tx, name, actor))) lifted.push(name);
    return [...opened, ...lifted].sort();
  });
}

async function switchLanes(
  tx: Connection,
  lanes: readonly string[] | null,
  paused: boolean,
  actor: string,
): Promise<string[]> {
  const { rows } = await tx.query<{ name: string }>(SET_PAUSED, [lanes, paused]);
  const action = paused ? 'pause' : 'resume';
  for (const { name } of rows)
    await recordAudit(tx, { actor, action, target: `lane ${name}`, detail: {} });
  if (rows.length > 0) await notifyWorkers(tx);
  return rows.map((row) => row.name).sort();
}

/** @throws UnknownLaneError when one of `lanes` is not among them */
async function knownLanes(tx: Connection, lanes: readonly string[] | null): Promise<string[]> {
  const { rows } = await tx.query<{ name: string }>('select name from evervec.lanes order by name');
  const known = rows.map((row) => row.name);
  const unknown = lanes?.find((name) => !known.includes(name));
  if (unknown === undefined) return known;
  throw new UnknownLaneError(`There is no lane "${unknown}".`, {
    remedy: `Known are: ${known.join(', ') || 'none'}.`,
    isUsage: true,
  });
}

export interface LaneSettings {
  /** Batches at once over all workers; default no limit. */
  concurrency?: number | undefined;
  /** Part of all claims that the lane gets at least, 0 to 1; default none is kept for it. */
  share?: number | undefined;
  /** Lower goes first; default 0, of a bulk lane 100. */
  priority?: number | undefined;
}

/* No source and no lane of the configuration has a colon in its name. */
const BULK = ':bulk';
const STANDBY = ':standby';

/** The lane that backfill and reconcile of `lane` wait in. */
export function bulkLane(lane: string): string {
  return `${lane}${BULK}`;
}

/** The lane of a source's second space, which is called so, too. */
export function standbyLane(source: string): string {
  return `${source}${STANDBY}`;
}

/** Lower goes first: what is searched, then what will be or was, then work in bulk. */
export function defaultPriority(lane: string): number {
  if (lane.endsWith(BULK)) return 100;
  return lane.endsWith(STANDBY) ? 50 : 0;
}

const SAVE = `
update evervec.lanes set concurrency = $2, share = $3, priority = $4
where name = $1 and (concurrency, share, priority) is distinct from ($2::smallint, $3::real, $4::smallint)`;

const ADD_SLOTS = `
insert into evervec.lane_slots (lane_id, slot)
select lane.id, slot from evervec.lanes lane cross join generate_series(1, lane.concurrency) slot
on conflict (lane_id, slot) do nothing`;

const REMOVE_SLOTS = `
delete from evervec.lane_slots slot using evervec.lanes lane
where lane.id = slot.lane_id and slot.slot > coalesce(lane.concurrency, 0)`;

/** Gives each lane there is its settings, those that are not named the default ones; whether it is paused stays. */
export async function saveLanes(
  tx: Connection,
  settings: Readonly<Record<string, LaneSettings>>,
): Promise<void> {
  const { rows } = await tx.query<{ name: string }>('select name from evervec.lanes order by name');
  for (const { name } of rows) {
    const { concurrency = null, share = null } = settings[name] ?? {};
    const priority = settings[name]?.priority ?? defaultPriority(name);
    await tx.query(SAVE, [name, concurrency, share, priority]);
  }
  await tx.query(ADD_SLOTS);
  await tx.query(REMOVE_SLOTS);
}
