/** Another session that holds what a transaction of some length holds. */
import type { Database } from '../../src/database/index.ts';
import { Signal } from './signal.ts';

/** Runs `work` while another session is in a transaction that has run `statements`. */
export async function whileHeld(
  database: Database,
  statements: readonly string[],
  work: () => Promise<void>,
): Promise<void> {
  const [isHeld, over] = [new Signal('the other session'), new Signal('its end')];
  const holder = database.transaction(async (tx) => {
    for (const statement of statements) await tx.query(statement);
    isHeld.fire();
    await over.fired(60_000);
  });
  await isHeld.fired();
  try {
    await work();
  } finally {
    over.fire();
    await holder;
  }
}
