/**
 * The pause that a day's budget makes, apart from an operator's: it holds for one day in UTC by the database's clock, and
 * the next one ends it with nothing to do for anybody. Whether a budget is reached is not decided here.
 */
import type { Connection, Database } from '../database/index.ts';
import { recordAudit } from './audit.ts';
import { notifyWorkers } from './control.ts';

/** For `where` of a statement that takes work from `lane`: true on every day but the one whose budget was reached. */
export const WITHIN_BUDGET = `lane.budget_day is distinct from evervec.ledger_day()`;

/* With the lanes of their second spaces; what is free goes on. In order of ids, so that two workers who find it at once do not wait for each other crosswise. */
const PAUSE = `
with picked as materialized (
  select id from evervec.lanes lane
  where ${WITHIN_BUDGET} and lane.budget_lifted is distinct from evervec.ledger_day()
  and exists (
    select from evervec.sources source join evervec.sources searched on searched.id in (source.id, source.standby_of)
    join evervec.spaces space on space.id = source.active_space_id
    where searched.name = any ($1) and searched.standby_of is null
    and source.lane_id in (lane.id, lane.bulk_of) and space.model_id <> all ($2)
  )
  order by id for update
)
update evervec.lanes lane set budget_day = evervec.ledger_day()
from picked where lane.id = picked.id returning lane.name, lane.budget_day::text as day`;

/**
 * Nothing is taken from the lanes of these sources for the rest of the day, but for those that an operator opened.
 * @param free ids of models that cost nothing: a lane that holds work of their spaces alone stays open
 * @param detail of the audit entries: which budget it was
 * @returns names of the lanes that were open before
 */
export async function pauseForBudget(
  database: Database,
  sources: readonly string[],
  free: readonly string[],
  detail: Record<string, unknown>,
): Promise<string[]> {
  return await database.transaction(async (tx) => {
    const { rows } = await tx.query<{ name: string; day: string }>(PAUSE, [sources, free]);
    for (const { name, day } of rows)
      await recordAudit(tx, {
        actor: 'budget',
        action: 'pause',
        target: `lane ${name}`,
        detail: { reason: 'daily budget', day, ...detail },
      });
    return rows.map((row) => row.name).sort();
  });
}

const LIFT = `
update evervec.lanes lane set budget_lifted = evervec.ledger_day(), budget_day = null
where name = $1 and not (${WITHIN_BUDGET})`;

/** Opens a lane for the rest of the day, whatever is spent. @returns whether the budget held it */
export async function liftBudget(tx: Connection, lane: string, actor: string): Promise<boolean> {
  if ((await tx.query(LIFT, [lane])).rowCount === 0) return false;
  const detail = { reason: 'daily budget' };
  await recordAudit(tx, { actor, action: 'resume', target: `lane ${lane}`, detail });
  await notifyWorkers(tx);
  return true;
}
