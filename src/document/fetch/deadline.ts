import type { Clock } from '../../runtime/index.ts';

/** Calls `act` after `ms`, unless `ended` aborts before. */
export async function deadline(
  clock: Clock,
  ms: number,
  ended: AbortSignal,
  act: () => void,
): Promise<void> {
  await clock.sleep(ms, ended);
  if (!ended.aborted) act();
}
