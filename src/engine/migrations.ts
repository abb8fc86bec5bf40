/**
 * Takes a source from one space to another without a moment without search: another model, width, chunker or language.
 * The second space fills beside the first, changes go to both, it is checked and then searched from one commit on (I7);
 * the first is kept for a while to go back to. Each step can be asked for again after a crash and goes on where it was.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Connection, type Database, transactPastDeadlocks } from '../database/index.ts';
import type { ModelChoice } from '../embed/index.ts';
import { settingsOf } from '../embed/index.ts';
import { MigrationError, QueryError } from '../errors/index.ts';
import {
  countPending,
  findHold,
  type Hold,
  isBackfillPending,
  isPending,
  notifyWorkers,
  recordAudit,
} from '../queue/index.ts';
import type { SearchAnswer, SearchRequest } from '../search/index.ts';
import { findSource, findStandby, type SourceRow, saveStandby } from '../source/index.ts';
import { createSpace, finishSpace, type Space } from '../space/index.ts';
import type { Worker } from '../worker/index.ts';
import { queueAll } from './backfill.ts';
import { type BackfillPlan, planBackfill } from './backfill-plan.ts';
import { checkSpace, type SpaceCheck } from './migration-check.ts';
import { onSchema } from './on-schema.ts';
import { type SpaceStatus, spaceStatus } from './space-status.ts';
import type { Models } from './models.ts';
import { removeStandby, takeSetupTurn } from './setup.ts';
import {
  activeSpace,
  chunkerOf,
  differences,
  notSetUp,
  type WantedSpace,
  wantedSpace,
} from './spaces.ts';
import type { Wired, Wiring } from './wiring.ts';

export interface MigrationsOptions {
  database: Database;
  models: Models;
  wiring: Wiring;
  /** For labelled queries. */
  search(request: SearchRequest): Promise<SearchAnswer>;
  /** A worker for the spaces that `wire` gives. */
  createWorker(wire: () => Promise<Wired[]>, onBatch: () => void): Promise<Worker>;
}

export interface MigrationPlan extends BackfillPlan {
  from: string;
  to: string;
  /** What changes; empty where the source is as asked for already. */
  differs: string[];
}

export interface FillProgress {
  source: string;
  step: 'queueing' | 'embedding' | 'indexing' | 'catching up' | 'checking';
  /** Records that still want work. */
  pending: number;
  /** What keeps them from being taken; absent where nothing does. */
  hold?: Hold;
}

/** How long the space before is kept, days. */
const KEEP_DAYS = 7;
const MAX_KEEP_DAYS = 365;
/** Until another look at what other workers have in hand. */
const LOOK_AGAIN_MS = 500;
/** Until it is asked again while batches are worked off. */
const ASK_AGAIN_MS = 1_000;
/** How long changes of the last moment may keep a space from getting its index, ms. */
const CHANGES_MS = 3_000;

export class Migrations {
  readonly #options: MigrationsOptions;

  constructor(options: MigrationsOptions) {
    this.#options = options;
  }

  /** @param names default: all that are configured */
  async status(names?: readonly string[]): Promise<SpaceStatus[]> {
    const { database, wiring } = this.#options;
    const statuses: SpaceStatus[] = [];
    for (const name of await wiring.chosen(names)) {
      const row = await requireSource(database, name);
      statuses.push(await spaceStatus(database, row, await this.#wanted(name)));
    }
    return statuses;
  }

  /**
   * What a migration would take and cost; changes nothing. A model whose width is not known is called once.
   * @param to default: the configured model; chunker and language are the configuration's
   */
  async plan(name: string, to?: ModelChoice): Promise<MigrationPlan> {
    const { database, wiring, models } = this.#options;
    const wanted = await this.#wanted(name, to);
    const model = to === undefined ? models.configured : await models.resolve(to);
    const row = await requireSource(database, name);
    const [from, standby] = [await activeSpace(database, row), await findStandby(database, row.id)];
    const second = standby && (await activeSpace(database, standby));
    const source = await wiring.resolve(name);
    // What a migration that was cut short has paid for counts.
    const space = second !== null && differences(second, wanted).length === 0 ? second : null;
    const planned = { row, source, space, chunker: chunkerOf(source, model) };
    const plan = await planBackfill(database, planned, models.priceOf(model));
    return { ...plan, from: from.modelId, to: wanted.modelId, differs: differences(from, wanted) };
  }

  /**
   * Gives a source its second space. One that is there already is gone on with, if it is the one asked for.
   * @returns false where the source is as asked for already
   * @throws MigrationError when it has another second space
   */
  async begin(name: string, to?: ModelChoice, by = 'program'): Promise<boolean> {
    const { database } = this.#options;
    const wanted = await this.#wanted(name, to);
    return await database.transaction(async (tx) => {
      await takeSetupTurn(tx);
      const row = await requireSource(tx, name);
      const active = await activeSpace(tx, row);
      const standby = await findStandby(tx, row.id);
      if (standby !== null) {
        const second = await activeSpace(tx, standby);
        if (differences(second, wanted).length === 0) return true;
        throw new MigrationError(
          `Source "${name}" has a second space already, of ${second.modelId}.`,
          {
            remedy: `Finish with it, or "evervec model drop ${name}".`,
            isUsage: true,
          },
        );
      }
      if (differences(active, wanted).length === 0) return false;
      await insertSecond(tx, row, wanted);
      const detail = { from: active.modelId, to: wanted.modelId };
      const target = `source ${name}`;
      await recordAudit(tx, { actor: by, action: 'migrate', target, detail });
      await notifyWorkers(tx);
      return true;
    });
  }

  /**
   * Queues all records for the second space; goes on where it was cut short.
   * @throws MigrationError when there is none
   */
  async queue(
    name: string,
    options: { by?: string; onProgress?: (progress: FillProgress) => void } = {},
  ): Promise<void> {
    const { database } = this.#options;
    const { row, source } = await this.#wireSecond(name);
    if (isQueuedAs({ row, source })) return;
    await queueAll(database, row, source, {
      by: options.by,
      onProgress: (_, pending) => options.onProgress?.({ source: name, step: 'queueing', pending }),
    });
  }

  /**
   * Works on the second space until it holds everything, has its index, and what changed while that was built; other
   * workers take part.
   * @returns false when `signal` aborted before that
   * @throws MigrationError when there is none
   */
  async fill(
    name: string,
    options: { signal?: AbortSignal; onProgress?: (progress: FillProgress) => void } = {},
  ): Promise<boolean> {
    const { database } = this.#options;
    const { signal = new AbortController().signal, onProgress } = options;
    const { row, space } = await this.#wireSecond(name);
    const tell = async (step: FillProgress['step']) => {
      const pending = await countPending(database, [row.id]);
      const hold = pending === 0 ? null : await findHold(database, row.id);
      onProgress?.({ source: name, step, pending, ...(hold && { hold }) });
      return pending;
    };
    // Where rows change without end something is always pending: what was queued to fill it has to be done, and that is all.
    let filledAt = Infinity;
    const isFull = async () => {
      const pending = await tell('embedding');
      if (pending > 0 && (await isBackfillPending(database, row.id))) return false;
      filledAt = Math.min(filledAt, performance.now());
      return pending === 0 || performance.now() - filledAt > CHANGES_MS;
    };
    if (!(await this.#work(name, isFull, signal))) return false;
    await tell('indexing');
    await finishSpace(database, space.id);
    // What changed meanwhile was put off: a switch must not take people back to before it.
    const since = await clockOf(database);
    const isCaughtUp = async () => {
      await tell('catching up');
      return !(await isPending(database, row.id, since));
    };
    return await this.#work(name, isCaughtUp, signal);
  }

  /** Works on the second space until `isDone`. @returns false when `signal` aborted before that */
  async #work(name: string, isDone: () => Promise<boolean>, signal: AbortSignal): Promise<boolean> {
    let isOver = false;
    const look = async () => (isOver ||= await isDone());
    let told: Promise<unknown> = Promise.resolve();
    let askAgainAt = 0;
    const worker = await this.#options.createWorker(
      async () => [await this.#wireSecond(name)],
      () => {
        // Batches are short, and to count what is left takes as long as some of them.
        if (performance.now() < askAgainAt) return;
        askAgainAt = Infinity;
        told = look()
          .then((isDone) => (isDone ? stop() : undefined))
          .catch(() => {})
          .finally(() => (askAgainAt = performance.now() + ASK_AGAIN_MS));
      },
    );
    const stop = () => void worker.stop();
    signal.addEventListener('abort', stop);
    try {
      while (!signal.aborted && !(await look()))
        if ((await worker.drain()) === 0) await sleep(LOOK_AGAIN_MS, null, { signal }).catch(stop);
    } finally {
      signal.removeEventListener('abort', stop);
      await told;
    }
    return !signal.aborted;
  }

  /**
   * Compares the second space with the first, and writes down what it found. Calls models for labelled queries alone, where
   * there are some.
   */
  async check(name: string): Promise<SpaceCheck> {
    return await this.#check(name, await this.#wireSecond(name), false);
  }

  async #check(name: string, second: Wired, takesRecent: boolean): Promise<SpaceCheck> {
    const { database, search } = this.#options;
    const row = await requireSource(database, name);
    const isQueued = isQueuedAs(second);
    const isPending = await isBackfillPending(database, second.row.id);
    const active = await activeSpace(database, row);
    const check = await checkSpace(database, active, second.space, second.row, {
      name,
      isQueued,
      isPending,
      takesRecent,
      search,
    });
    await database.query('update evervec.spaces set checked = $2 where id = $1', [
      second.space.id,
      check,
    ]);
    return check;
  }

  /**
   * Searches read the second space from now on, and the first becomes the second.
   * @param options `keepDays` how long the first is kept, default 7; `force` also where the check finds fault
   * @throws MigrationError when there is none, it was searched before (who asks twice must not go back), or the check
   *   finds fault
   */
  async switch(
    name: string,
    options: { keepDays?: number | undefined; force?: boolean | undefined; by?: string } = {},
  ): Promise<void> {
    const second = await this.#wireSecond(name);
    if (second.space.retiredAt !== null)
      throw new MigrationError(`Source "${name}" was switched already.`, {
        remedy: `The second space is the one from before: "evervec model rollback ${name}" goes back to it.`,
        isUsage: true,
      });
    const check = await this.#check(name, second, true);
    if (!options.force && check.faults.length > 0)
      throw new MigrationError(
        `The second space of "${name}" is not ready: ${check.faults.join('; ')}.`,
        {
          remedy: `Go on with "evervec model migrate ${name}", or switch all the same with --force.`,
          isUsage: true,
        },
      );
    await this.#exchange(name, second.space, 'switch', options);
  }

  /**
   * Back to the space that was searched before; the other is kept in its turn.
   * @throws MigrationError when that one is not there any more
   */
  async rollback(
    name: string,
    options: { keepDays?: number | undefined; by?: string } = {},
  ): Promise<void> {
    const { space } = await this.#wireSecond(name);
    if (space.retiredAt === null)
      throw new MigrationError(`The second space of "${name}" was never searched.`, {
        remedy: `Nothing was switched yet: "evervec model drop ${name}" ends the migration.`,
        isUsage: true,
      });
    await this.#exchange(name, space, 'rollback', options);
  }

  async #exchange(
    name: string,
    // As it was seen: where somebody else was first, an exchange would undo theirs.
    space: Space,
    action: 'switch' | 'rollback',
    { keepDays = KEEP_DAYS, by = 'program' }: { keepDays?: number | undefined; by?: string },
  ): Promise<void> {
    if (!(keepDays >= 0 && keepDays <= MAX_KEEP_DAYS))
      throw new MigrationError(`${keepDays} is no number of days to keep a space.`, {
        remedy: `Use 0 to ${MAX_KEEP_DAYS}.`,
        isUsage: true,
      });
    await transactPastDeadlocks(this.#options.database, async (tx) => {
      await exchangeSpaces(tx, name, space, keepDays);
      const detail = { to: space.modelId, keepDays };
      await recordAudit(tx, {
        actor: by,
        action: `model ${action}`,
        target: `source ${name}`,
        detail,
      });
      await notifyWorkers(tx);
    });
  }

  /** Drops the second space: ends a migration, or gives up the way back. @returns whether there was one */
  async drop(name: string, by = 'program'): Promise<boolean> {
    const [known] = await this.#options.wiring.chosen([name]);
    return await dropSecond(this.#options.database, known ?? name, by);
  }

  async #wireSecond(name: string): Promise<Wired> {
    const wired = await this.#options.wiring.wire([name]);
    const second = wired.find(({ row }) => row.standby_of !== null);
    if (second !== undefined) return second;
    throw new MigrationError(`Source "${name}" has no second space.`, {
      remedy: `Begin with "evervec model migrate ${name}".`,
      isUsage: true,
    });
  }

  /** The space that the configuration asks for or, with `to`, that one with another model. */
  async #wanted(name: string, to?: ModelChoice): Promise<WantedSpace> {
    const { database, wiring, models } = this.#options;
    const source = await wiring.resolve(name);
    return to === undefined
      ? wantedSpace(database, source, models.configured, models.configuredSettings)
      : wantedSpace(database, source, await models.resolve(to), settingsOf(to));
  }
}

/** Whether all records were queued, with their texts made as they are now. */
function isQueuedAs({ row, source }: Pick<Wired, 'row' | 'source'>): boolean {
  return row.backfill?.isQueued === true && row.queued_fingerprint === source.fingerprint;
}

/** @throws MigrationError where `space` is the second one no more */
async function exchangeSpaces(
  tx: Connection,
  name: string,
  space: Space,
  keepDays: number,
): Promise<void> {
  try {
    await tx.query('select evervec.switch_space($1, $2, make_interval(secs => $3))', [
      name,
      space.id,
      keepDays * 86_400,
    ]);
  } catch (error) {
    if (!(error instanceof QueryError) || error.sqlState !== '55000') throw error;
    throw new MigrationError(`Somebody else was first: the spaces of "${name}" are others now.`, {
      remedy: 'See "evervec model status".',
      cause: error,
      isUsage: true,
    });
  }
}

/** Drops the second spaces whose time is over. */
export async function dropOutdated(database: Database): Promise<void> {
  const { rows } = await database.query<{ name: string }>(
    `select source.name from evervec.sources source join evervec.sources standby on standby.standby_of = source.id
    where standby.keep_until <= now() order by 1`,
  );
  for (const { name } of rows) await dropSecond(database, name, 'worker');
}

/** Drops a source's second space, if it has one. */
export async function dropSecond(database: Database, name: string, by: string): Promise<boolean> {
  return await transactPastDeadlocks(database, async (tx) => {
    await takeSetupTurn(tx);
    const row = await requireSource(tx, name);
    const isDropped = await removeStandby(tx, row);
    const entry = { actor: by, action: 'model drop', target: `source ${name}`, detail: {} };
    if (isDropped) await recordAudit(tx, entry);
    return isDropped;
  });
}

async function insertSecond(tx: Connection, row: SourceRow, wanted: WantedSpace): Promise<void> {
  const standby = await saveStandby(tx, row);
  await createSpace(tx, { ...wanted, sourceId: standby.id });
}

async function clockOf(connection: Connection): Promise<Date> {
  const { rows } = await connection.query<{ now: Date }>('select clock_timestamp() as now');
  return rows[0]?.now ?? new Date();
}

async function requireSource(connection: Connection, name: string): Promise<SourceRow> {
  const row = await onSchema(findSource(connection, name));
  if (row === null) throw notSetUp(name);
  return row;
}
