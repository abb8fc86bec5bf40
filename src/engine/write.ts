/**
 * Writing with the queue switched off: what a transaction changed is embedded before the writer hears that it is done.
 * Capture and jobs are the same as ever; only who works them off differs.
 */
import type { Connection, Database } from '../database/index.ts';
import type { Worker } from '../worker/index.ts';

export interface Written<T> {
  /** What the work returned. */
  result: T;
  /** Records that failed, or that others left, and wait for their vectors; null where the queue is on and a worker does it. */
  pending: number | null;
}

export class Writer {
  readonly #database: Database;
  readonly #createWorker: () => Promise<Worker>;
  #worker: Promise<Worker> | undefined;
  /** Writers take turns at the one worker: each sees to what it wrote itself, whoever else writes. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(database: Database, createWorker: () => Promise<Worker>) {
    this.#database = database;
    this.#createWorker = createWorker;
  }

  /** Runs `work` in a transaction. Once that has committed the rows stand, whatever the model does. */
  async write<T>(work: (tx: Connection) => Promise<T>): Promise<T> {
    // Before anything is written: what can't be embedded here, such as a source that is not set up, is refused.
    const worker = await this.#ready();
    const result = await this.#database.transaction(work);
    const turn = this.#turn.then(() => worker.drain());
    this.#turn = turn.catch(() => {});
    await turn;
    return result;
  }

  async #ready(): Promise<Worker> {
    this.#worker ??= this.#createWorker();
    try {
      return await this.#worker;
    } catch (error) {
      this.#worker = undefined;
      throw error;
    }
  }
}
