/**
 * Whose entries of the change log are folded next. As long as the log is short, whatever comes first. In a long one the
 * sources take turns: what one wrote by the million must not stand before another's single change.
 */
import type { Connection } from '../database/index.ts';
import { loggedSources } from '../queue/index.ts';

/** How often a long log is looked through for its sources, ms. */
const LOOK_EVERY_MS = 500;

export class LogTurns {
  readonly #lookEveryMs: number;
  #sourceIds: number[] = [];
  #next = 0;
  #nextLook = 0;

  constructor(options: { lookEveryMs?: number } = {}) {
    this.#lookEveryMs = options.lookEveryMs ?? LOOK_EVERY_MS;
  }

  /** The source whose turn it is; null is nobody's: take what comes first. */
  next(): number | null {
    this.#next += 1;
    return this.#sourceIds.length < 2
      ? null
      : (this.#sourceIds[this.#next % this.#sourceIds.length] ?? null);
  }

  /** The log has nothing of this source any more, or others have locked it: its turn would be for nothing. */
  skip(sourceId: number): void {
    this.#sourceIds = this.#sourceIds.filter((id) => id !== sourceId);
  }

  /** @param isLong whether a fold left entries in the log */
  async note(connection: Connection, isLong: boolean): Promise<void> {
    const now = performance.now();
    if (!isLong) {
      // Not looked through at the first sign of length: most bursts are over by then.
      this.#nextLook = now + this.#lookEveryMs;
      this.#sourceIds = [];
    } else if (now >= this.#nextLook) {
      this.#nextLook = now + this.#lookEveryMs;
      this.#sourceIds = await loggedSources(connection);
    }
  }
}
