/** What has to be done for all from time to time: any worker does it, one at a time. */
import type { Database } from '../database/index.ts';
import { cleanUpIfDue, RETENTION_DAYS, takeTurn } from '../queue/index.ts';

export interface CleanupPolicy {
  /** Default 24. */
  everyHours?: number | undefined;
  /** How long history, audit log and metrics are kept; default 30. */
  days?: number | undefined;
}

/** One kind of upkeep, by a name that is the same in all workers. */
export interface Upkeep {
  task: string;
  /** Null where it is only done when asked for. */
  everyMinutes: number | null;
  /** Whether somebody asked for it, taking the request. */
  takeRequest?(): Promise<boolean>;
  run(signal: AbortSignal): Promise<unknown>;
}

export interface MaintainerOptions {
  database: Database;
  workerId: string;
  cleanup: CleanupPolicy;
  /** Asked at each round: what there is to keep up may change. */
  upkeep(): readonly Upkeep[];
  onError(error: unknown): void;
}

/** How often a worker asks what is due: one that runs once asks at its start. */
const ASK_EVERY_MS = 5_000;
const CLEAN_UP_EVERY_MS = 15 * 60_000;

export class Maintainer {
  readonly #options: MaintainerOptions;
  readonly #stopping = new AbortController();
  readonly #timer: NodeJS.Timeout;
  #nextCleanup = 0;
  #underWay: Promise<void> | null = null;

  /** Asks now and from time to time, until `stop`. */
  constructor(options: MaintainerOptions) {
    this.#options = options;
    this.#timer = setInterval(() => void this.ask(), ASK_EVERY_MS);
    this.#timer.unref();
    void this.ask();
  }

  /** Does what is due. One round at a time: who asks during one waits for it. */
  ask(): Promise<void> {
    this.#underWay ??= this.#round().finally(() => {
      this.#underWay = null;
    });
    return this.#underWay;
  }

  /** Begins nothing more; what is under way ends where it can be left. */
  cutShort(): void {
    clearInterval(this.#timer);
    this.#stopping.abort();
  }

  async stop(): Promise<void> {
    this.cutShort();
    await this.#underWay;
  }

  async #round(): Promise<void> {
    await this.#try(() => this.#cleanUp());
    for (const one of this.#options.upkeep())
      if (!this.#stopping.signal.aborted) await this.#try(() => this.#keepUp(one));
  }

  async #cleanUp(): Promise<void> {
    const now = performance.now();
    if (now < this.#nextCleanup) return;
    this.#nextCleanup = now + CLEAN_UP_EVERY_MS;
    const { database, workerId, cleanup } = this.#options;
    const { everyHours = 24, days = RETENTION_DAYS } = cleanup;
    await cleanUpIfDue(database, { everyHours, days }, `worker ${workerId}`);
  }

  async #keepUp({ task, everyMinutes, takeRequest, run }: Upkeep): Promise<void> {
    const { database } = this.#options;
    const isDue =
      ((await takeRequest?.()) ?? false) ||
      (everyMinutes !== null && (await takeTurn(database, task, everyMinutes)));
    if (isDue) await run(this.#stopping.signal);
  }

  async #try(work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#options.onError(error);
    }
  }
}
