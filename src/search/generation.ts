/**
 * The generation of what a search looks at: a text that is another one after every commit that could change an answer. It
 * is what lets an answer be kept (`cached-search.ts`). Reads only.
 *
 * **What it is made of.** Statement triggers on a source's table and on its sidecar add a row to `evervec.touches` in the
 * writer's transaction, with a weight at random. The generation holds the sum of the weights that a snapshot sees, and
 * the versions of the rows that say how to search: the source (definition, active space), the space, the tables and their
 * triggers in the catalog; and the settings and the role that visibility depends on.
 *
 * **Why that is right though commits come out of order.** A number from a sequence, or the time, says when a change began.
 * A reader may see the number 8, of a transaction that committed, while 7 is under way; when 7 commits, the highest number
 * is 8 as before, and an answer kept under 8 lacks 7. Here nothing is compared by order. A row of `touches` is visible
 * exactly where the change itself is, because one transaction wrote both. So equal sets of visible rows mean equal sets
 * of visible changes, whichever came first; and sums modulo 2^64 of weights of 53 random bits are equal for two different
 * sets about once in 10^15. (It is the additive hash of a set.) Nothing has to grow, so it holds also on a server that
 * lost its last commits in a crash, after a failover, and on a replica that is behind.
 *
 * **Why an answer is never older than its generation.** The generation is read first and the search runs after it, in a
 * later snapshot: what is kept under a generation shows its changes, or newer ones. Whoever reads that generation later
 * than a commit would have seen the commit's row. So from the commit of a deletion on, no answer has the row (I2).
 *
 * **What it costs.** A writer adds one row per statement, waits for nobody and locks nothing (I1). A reader adds up the
 * rows since they were last taken together; a worker, or a reader who finds many, replaces them by their sum in one
 * statement, which changes no sum that anyone sees. Rows that someone else is taking are skipped.
 *
 * **What can't be watched is not kept**: views and foreign tables, tables written by a subscription (its statements fire
 * no statement triggers), partitions without the trigger, and tables whose row level security holds for the caller, since
 * a policy may ask other tables, the session, or the clock. A trigger that was switched off and on again is another one.
 */
import type { Connection } from '../database/index.ts';
import { EvervecError } from '../errors/index.ts';

/** Rows of `evervec.touches` from which a reader takes them together: a sum of so many takes 0.2 ms. */
const MANY = 1_000;

/**
 * @param sources names; undefined is all
 * @returns null where an answer about them must not be kept
 */
export async function readGeneration(
  connection: Connection,
  sources: readonly string[] | undefined,
): Promise<string | null> {
  try {
    const { rows } = await connection.query<{ generation: string | null; touches: string }>(
      'select * from evervec.generation($1::text[])',
      [sources ?? null],
    );
    const [{ generation, touches } = { generation: null, touches: '0' }] = rows;
    if (generation !== null && Number(touches) > MANY) await pruneTouches(connection);
    return generation;
  } catch (error) {
    // The search itself says what is wrong, if it is: an older schema, a role that may read less.
    if (EvervecError.isInstance(error)) return null;
    throw error;
  }
}

/** As `evervec.prune_touches` takes at once. */
const AT_ONCE = 20_000;

/** Takes rows together. */
export async function pruneTouches(connection: Connection): Promise<void> {
  for (;;) {
    const { rows } = await connection.query<{ taken: number }>(
      'select evervec.prune_touches() as taken',
    );
    if ((rows[0]?.taken ?? 0) < AT_ONCE) return;
  }
}
