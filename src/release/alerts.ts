/** Takes note of a roll-out that fails, once, and halts it where that is allowed and possible. Never takes a release back. */
import type { Database } from '../database/index.ts';
import { EvervecError, ReleaseError } from '../errors/index.ts';
import { recordAudit } from '../queue/index.ts';
import type { Verdict } from './health.ts';

/*
 * One of several servers goes on; a halt that was begun and did not end is anybody's after a minute.
 */
const TAKE = `
insert into evervec.release_alerts as known (release, channel, sequence, failing, tried) values ($1, $2, $3, $4, $5)
on conflict (release, channel, sequence) do update set at = now(), failing = excluded.failing, tried = excluded.tried
where known.outcome is null and known.at < now() - interval '1 minute'`;

const SETTLE = `
update evervec.release_alerts set outcome = $4, reason = $5
where release = $1 and channel = $2 and sequence = $3 and outcome is null`;

/** So that the next round tries it again. */
const LEAVE = `
update evervec.release_alerts set at = now() - interval '2 minutes'
where release = $1 and channel = $2 and sequence = $3 and outcome is null`;

export interface FailingRollout {
  readonly release: string;
  readonly channel: string;
  readonly sequence: number;
  readonly verdict: Verdict;
}

export type AlertOutcome = { readonly outcome: 'halted' | 'alert'; readonly reason: string | null };

/**
 * @param halt offers it to nobody more; null where that is not wanted
 * @returns null where it is known already, or somebody else is at it
 */
export async function raiseAlert(
  database: Database,
  failing: FailingRollout,
  halt: (() => Promise<unknown>) | null,
): Promise<AlertOutcome | null> {
  const { release, channel, sequence, verdict } = failing;
  const key = [release, channel, sequence];
  const taken = await database.query(TAKE, [...key, verdict.failing, verdict.tried]);
  if (taken.rowCount === 0) return null;
  const told = await tryToHalt(halt);
  if (told === null) {
    await database.query(LEAVE, key);
    return null;
  }
  await database.transaction(async (tx) => {
    await tx.query(SETTLE, [...key, told.outcome, told.reason]);
    await recordAudit(tx, {
      actor: 'server',
      action: told.outcome === 'halted' ? 'halt' : 'alert',
      target: `release ${release}`,
      detail: { channel, sequence, failing: verdict.failing, tried: verdict.tried },
    });
  });
  return told;
}

/** @returns null where it should be tried again */
async function tryToHalt(halt: (() => Promise<unknown>) | null): Promise<AlertOutcome | null> {
  if (halt === null) return { outcome: 'alert', reason: 'halting is switched off' };
  try {
    await halt();
    return { outcome: 'halted', reason: null };
  } catch (error) {
    if (error instanceof ReleaseError) return { outcome: 'alert', reason: error.message };
    // Another publisher was faster, or the target is away.
    if (EvervecError.isInstance(error)) return null;
    throw error;
  }
}
