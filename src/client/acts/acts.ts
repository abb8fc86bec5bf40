/** Runs the acts, one at a time, as the table says; knows none of them. */
import { EvervecError } from '../../errors/evervec-error.ts';
import { ReleaseUpdateError } from '../../errors/release-update-error.ts';
import { locked } from '../lock.ts';
import { type Phase, type Request, REST, type Rest, TABLE } from '../machine.ts';
import type { Session } from '../session.ts';
import { adopt } from './install.ts';

export class Acts {
  readonly #session: Session;
  #phase: Phase = 'new';
  #running: Promise<unknown> = Promise.resolve();
  #lastError: EvervecError | null = null;

  constructor(session: Session) {
    this.#session = session;
  }

  /** At rest it is told by what is there: another tab may have staged something. */
  get phase(): Phase {
    return REST.some((rest) => rest === this.#phase) ? this.#rest() : this.#phase;
  }

  get isClosed(): boolean {
    return this.#phase === 'closed';
  }

  /** Of the last act; null when it worked. */
  get lastError(): EvervecError | null {
    return this.#lastError;
  }

  /** When the act that goes on has ended. Never rejects. */
  async settled(): Promise<void> {
    await this.#running.catch(() => {});
  }

  close(): void {
    this.#phase = 'closed';
  }

  /** @throws what the effect throws; ReleaseUpdateError where the table refuses it */
  async run(request: Request, effect: () => Promise<void>): Promise<void> {
    for (;;) {
      const cell = TABLE[this.phase][request];
      if (cell === 'ignore') return;
      if (cell === 'refuse' || cell === 'never') throw this.#refusal(request);
      if (cell === 'join') return void (await this.#running);
      if (cell === 'wait') await this.settled();
      else {
        this.#phase = cell.to;
        const run = this.#run(request, effect);
        this.#running = run;
        return await run;
      }
    }
  }

  /** Over all tabs: the second finds what the first did. */
  async exclusively(act: () => Promise<void>): Promise<void> {
    const { options, web } = this.#session;
    const name = `evervec:${options.store.name}:install`;
    const run = async () => {
      await adopt(this.#session);
      await act();
    };
    await locked(name, run, web.signal);
  }

  async #run(request: Request, effect: () => Promise<void>): Promise<void> {
    try {
      await effect();
      this.#lastError = null;
      this.#enter(this.#rest());
    } catch (error) {
      const failure = errorOf(error);
      this.#lastError = failure;
      this.#enter(request === 'start' ? 'notStarted' : this.#rest());
      throw failure;
    }
  }

  #enter(outcome: Rest | 'notStarted'): void {
    const cell = TABLE[this.#phase][outcome];
    if (typeof cell === 'object') this.#phase = cell.to;
  }

  #rest(): Rest {
    const { ledger, offer } = this.#session;
    if (ledger.isOpen && ledger.state.staged !== null) return 'staged';
    return offer === null ? 'idle' : 'available';
  }

  #refusal(request: Request): ReleaseUpdateError {
    if (this.isClosed) return closed();
    return new ReleaseUpdateError('NO_UPDATE', `${request}: there is none (${this.phase}).`);
  }
}

export function closed(): ReleaseUpdateError {
  return new ReleaseUpdateError('CLOSED', 'The client was closed.');
}

/** What is not ours came from the platform or from the app's own functions. */
export function errorOf(error: unknown): EvervecError {
  if (EvervecError.isInstance(error)) return error;
  return new ReleaseUpdateError('STORE', 'The device or the app refused a step.', { cause: error });
}
