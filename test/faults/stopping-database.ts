/** A database that stops its worker for good at a named step, and says so: for a process that is then killed. */
import type { Connection, Database } from '../../src/database/index.ts';

export const STEPS = ['after claim', 'after model', 'before commit', 'after commit'] as const;
export type Step = (typeof STEPS)[number];

/** @param reach called at the step; what it returns is waited for, for ever if the process is to end there */
export function stoppingDatabase(
  database: Database,
  step: Step | null,
  reach: () => Promise<void>,
): Database {
  if (step === null) return database;
  const at = async (reached: Step) => {
    if (reached === step) await reach();
  };
  return {
    get capabilities() {
      return database.capabilities;
    },
    schema: database.schema,
    query: async (text, values) => {
      // The first look at a claim's records comes after the claim has committed.
      if (text.includes('evervec.chunks_') || text.includes('text_hash')) await at('after claim');
      return await database.query(text, values);
    },
    copyIn: (text, chunks) => database.copyIn(text, chunks),
    transaction: async <T>(work: (tx: Connection) => Promise<T>): Promise<T> => {
      let isWrite = false;
      const result = await database.transaction(async (tx) => {
        const done = await work({
          query: async (text, values) => {
            const isFirst = text.includes('order by source_id, record_key for update');
            if (isFirst && !text.includes('with owned')) {
              isWrite = true;
              await at('after model');
            }
            return await tx.query(text, values);
          },
          copyIn: (text, chunks) => tx.copyIn(text, chunks),
        });
        if (isWrite) await at('before commit');
        return done;
      });
      if (isWrite) await at('after commit');
      return result;
    },
    listen: (channel, onNotify) => database.listen(channel, onNotify),
    refresh: () => database.refresh(),
    close: () => database.close(),
  };
}
