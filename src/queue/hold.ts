/** What keeps work from being taken though it is ready: an operator, or the budget of the day. Reads only. */
import type { Connection } from '../database/index.ts';
import { WITHIN_BUDGET } from './budget-pause.ts';

export interface Hold {
  /** `stopped`: the whole queue; `paused`: lanes, by an operator; `budget`: lanes, until 00:00 UTC. */
  why: 'stopped' | 'paused' | 'budget';
  /** Those that hold work of the source back; empty where the queue is stopped. */
  lanes: string[];
}

/* An operator's pause goes before the budget's: that is the one that `resume` takes away first. */
const HELD = `
select case when lane.paused then 'paused' else 'budget' end as why, lane.name
from evervec.sources source join evervec.lanes lane on source.lane_id in (lane.id, lane.bulk_of)
where source.id = $1 and (lane.paused or not (${WITHIN_BUDGET})) and exists (
  select from evervec.jobs job where job.lane_id = lane.id and job.source_id = $1 and job.state in (0, 2)
)
order by lane.name`;

/** @returns null where nothing but its own pace holds up the source's work */
export async function findHold(connection: Connection, sourceId: number): Promise<Hold | null> {
  const control = await connection.query<{ stopped: boolean }>(
    'select stopped from evervec.control',
  );
  if (control.rows[0]?.stopped === true) return { why: 'stopped', lanes: [] };
  const { rows } = await connection.query<{ why: 'paused' | 'budget'; name: string }>(HELD, [
    sourceId,
  ]);
  const why = rows.some((row) => row.why === 'paused') ? 'paused' : 'budget';
  const lanes = rows.filter((row) => row.why === why).map((row) => row.name);
  return lanes.length === 0 ? null : { why, lanes };
}
