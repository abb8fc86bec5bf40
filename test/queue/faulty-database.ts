/** A database that misbehaves by dice: for workers under test. What it spoils is what a real one can: nothing else. */
import type { Connection, Database } from '../../src/database/index.ts';
import { DatabaseUnreachableError } from '../../src/errors/index.ts';
import { type Random, systemClock } from '../../src/runtime/index.ts';

export interface Faults {
  random: Random;
  /** Chance that a write comes later than the lease: its worker is a zombie then. */
  late: number;
  lateMs: number;
  /** Chance that the process "dies" before a write: from then on nothing it sends arrives. */
  dies: number;
  /** Chance that the connection is killed by the server in the middle of a transaction. */
  killed: number;
  /** Rewrites a statement, to show that a test notices when a check is missing. */
  mutate?: (statement: string) => string;
}

export interface Tally {
  late: number;
  died: number;
  killed: number;
}

export function faultyDatabase(
  database: Database,
  faults: Faults,
  tally: Tally,
): Database & { readonly isDead: boolean } {
  const mutate = faults.mutate ?? ((statement: string) => statement);
  const state = { isDead: false };
  const roll = (chance: number) => faults.random() < chance;
  const refuseDead = () => {
    if (state.isDead) throw new DatabaseUnreachableError('this worker is dead', { remedy: 'none' });
  };
  return {
    get isDead() {
      return state.isDead;
    },
    get capabilities() {
      return database.capabilities;
    },
    schema: database.schema,
    query: async (text, values) => {
      refuseDead();
      // A paused process renews nothing: its lease runs out, and it does not know.
      if (text.includes('set lease_until = now()') && faults.late > 0)
        return { rows: [], rowCount: 1 };
      return await database.query(mutate(text), values);
    },
    copyIn: (text, chunks) => database.copyIn(text, chunks),
    transaction: async <T>(work: (tx: Connection) => Promise<T>): Promise<T> => {
      refuseDead();
      if (roll(faults.dies)) {
        tally.died += 1;
        state.isDead = true;
        refuseDead();
      }
      if (roll(faults.late)) {
        tally.late += 1;
        await systemClock.sleep(faults.lateMs * (0.5 + faults.random()));
      }
      const isKilled = roll(faults.killed) && database.capabilities.kind === 'postgres';
      return await database.transaction(async (tx) => {
        const result = await work({
          query: (text, values) => tx.query(mutate(text), values),
          copyIn: (text, chunks) => tx.copyIn(text, chunks),
        });
        if (isKilled) {
          tally.killed += 1;
          await tx.query('select pg_terminate_backend(pg_backend_pid())');
        }
        return result;
      });
    },
    listen: (channel, onNotify) => database.listen(channel, onNotify),
    refresh: () => database.refresh(),
    close: async () => {},
  };
}
