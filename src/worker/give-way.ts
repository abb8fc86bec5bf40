/**
 * How filling a second space leaves the database to others: people search the first one meanwhile, and what they notice is
 * measured by the `model-switch` bench. One batch at a time in a process, and a rest after it. Changes do not give way: they
 * would come faster than they are worked off.
 */
import type { Connection } from '../database/index.ts';
import type { LeasedJob } from '../queue/index.ts';

/** Of the time that a batch took of the database's machine, where somebody else was at work: three quarters are left to others. */
const REST = 3;
/** For so long after somebody was seen at work they are taken to be: of searches that come and go a look meets every second one. */
const STAYS_MS = 2_000;
/** Jobs at once where somebody else is at work: a search that comes meanwhile is held up for less time than it takes itself. */
const SMALL_BATCH = 64;
/** Tells those who fill, here and in other processes, from those they give way to. */
const FILLING = 'evervec filling';

/* Beside: on the same machine, as one address for both tells, or none, which a Unix socket has. */
const OTHERS = `
select exists (
  select from pg_stat_activity where datname = current_database() and backend_type = 'client backend' and state = 'active'
  and pid <> pg_backend_pid() and application_name <> '${FILLING}'
) as found, inet_server_addr() is not distinct from inet_client_addr() as is_beside`;

export class GiveWay {
  readonly #isSecond: (sourceId: number) => boolean;
  /** Source → when it may go on, by this process' clock; never while a batch of it is under way. */
  readonly #restsUntil = new Map<number, number>();
  /** Source → what this process had used of its processor when the batch began. */
  readonly #usedBefore = new Map<number, NodeJS.CpuUsage>();
  /** When somebody else was last seen at work, by this process' clock. */
  #seenAt = Number.NEGATIVE_INFINITY;

  /** @param isSecond whether it is the second space of a source */
  constructor(isSecond: (sourceId: number) => boolean) {
    this.#isSecond = isSecond;
  }

  isResting(sourceId: number): boolean {
    return (this.#restsUntil.get(sourceId) ?? 0) > performance.now();
  }

  /** Ms until something is done again that rests now; null where nothing does. */
  get restMs(): number | null {
    const now = performance.now();
    const ends = [...this.#restsUntil.values()].filter((end) => end > now && end !== Infinity);
    return ends.length > 0 ? Math.min(...ends) - now : null;
  }

  /** How many jobs to take at once of these sources (null for all), which do not rest. */
  mostOf(sourceIds: readonly number[] | null): number {
    const rested = [...this.#restsUntil.keys()];
    return rested.some((id) => sourceIds === null || sourceIds.includes(id))
      ? SMALL_BATCH
      : Infinity;
  }

  /** @returns whether these jobs give way; then `end` must follow */
  begin(sourceId: number, jobs: readonly LeasedJob[]): boolean {
    const isBulk = this.#isSecond(sourceId) && jobs.every((job) => job.origin !== null);
    if (isBulk) {
      this.#restsUntil.set(sourceId, Infinity);
      this.#usedBefore.set(sourceId, process.cpuUsage());
    }
    return isBulk;
  }

  /** Says for as long as the transaction lasts who it is that writes. */
  async mark(tx: Connection): Promise<void> {
    await tx.query(`select set_config('application_name', $1, true)`, [FILLING]);
  }

  /**
   * What a model in this process took counts where the database is beside it, and what one elsewhere took does not.
   * @param wroteMs of the database's time
   */
  async end(connection: Connection, sourceId: number, wroteMs: number): Promise<void> {
    const { user, system } = process.cpuUsage(this.#usedBefore.get(sourceId));
    const { rows } = await connection
      .query<{ found: boolean; is_beside: boolean }>(OTHERS)
      .catch(() => ({ rows: [] }));
    const [others] = rows;
    const tookMs = wroteMs + (others?.is_beside === true ? (user + system) / 1_000 : 0);
    const now = performance.now();
    if (others?.found === true) this.#seenAt = now;
    if (now - this.#seenAt < STAYS_MS) this.#restsUntil.set(sourceId, now + REST * tookMs);
    else this.#restsUntil.delete(sourceId);
  }
}
