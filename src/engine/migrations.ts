/**
 * Takes a source from one space to another without a moment without search: another model, width, chunker or language.
 * The second space fills beside the first, changes go to both, it is checked and then searched from one commit on (I7);
 * the first is kept for a while to go back to. Each step can be asked for again after a crash and goes on where it was.
 */
import type { Database } from '../database/index.ts';
import type { ModelChoice } from '../embed/index.ts';
import { settingsOf } from '../embed/index.ts';
import { MigrationError } from '../errors/index.ts';
import { isBackfillPending } from '../queue/index.ts';
import type { SearchAnswer, SearchRequest } from '../search/index.ts';
import { findStandby } from '../source/index.ts';
import { queueAll } from './backfill.ts';
import { type BackfillPlan, planBackfill } from './backfill-plan.ts';
import { type CreateWorker, type FillOptions, type FillProgress, fillSpace } from './fill-space.ts';
import { checkSpace, type SpaceCheck } from './migration-check.ts';
import type { Models } from './models.ts';
import { dropSecond, exchangeSpaces, makeSecond, requireSource } from './second-space.ts';
import { type SpaceStatus, spaceStatus } from './space-status.ts';
import { activeSpace, chunkerOf, differences, type WantedSpace, wantedSpace } from './spaces.ts';
import type { Wired, Wiring } from './wiring.ts';

export interface MigrationsOptions {
  database: Database;
  models: Models;
  wiring: Wiring;
  /** For labelled queries. */
  search(request: SearchRequest): Promise<SearchAnswer>;
  createWorker: CreateWorker;
}

export interface MigrationPlan extends BackfillPlan {
  from: string;
  to: string;
  /** What changes; empty where the source is as asked for already. */
  differs: string[];
}

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
    return await makeSecond(this.#options.database, name, await this.#wanted(name, to), by);
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
  async fill(name: string, options: FillOptions = {}): Promise<boolean> {
    const { database, createWorker } = this.#options;
    const second = () => this.#wireSecond(name);
    return await fillSpace({ database, second, createWorker }, name, options);
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
    await exchangeSpaces(this.#options.database, name, second.space, 'switch', options);
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
    await exchangeSpaces(this.#options.database, name, space, 'rollback', options);
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
