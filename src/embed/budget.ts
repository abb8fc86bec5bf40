/**
 * The budget of a day: before each call for documents it is asked what was spent, and once that reaches the budget the
 * lanes of what would spend more are paused. Queries are counted and never stopped, and neither is what is free.
 *
 * What is spent is what the ledger says, calls under way included, at their estimate. Calls that ask in the same moment
 * do not see each other: so it may be overshot by one call for each that all workers have under way.
 */
import type { Database } from '../database/index.ts';
import { BudgetReachedError } from '../errors/index.ts';
import { pauseForBudget, standbyLane } from '../queue/index.ts';
import type { Logger } from '../runtime/index.ts';
import type { CallPurpose } from './cause.ts';
import type { EmbedAnswer, EmbedCall, EmbeddingModel } from './model.ts';

export interface BudgetLimits {
  /** US dollars. */
  readonly money?: number | undefined;
  readonly tokens?: number | undefined;
}

/** Per day in UTC. */
export interface DailyBudgets {
  /** Of all sources together. */
  readonly all: BudgetLimits;
  /** Of each, by its name. */
  readonly bySource: Readonly<Record<string, BudgetLimits>>;
}

/** Which budget, in the words of the configuration; null of which is reached none. */
interface Spent {
  all: 'money' | 'tokens' | null;
  own: 'money' | 'tokens' | null;
  is_lifted: boolean;
}

/* What is free is not spent. Money as text: it is never a float. */
const REACHED = `
with today as materialized (
  select source, tokens, coalesce(money, 0) as money from evervec.calls
  where day = evervec.ledger_day() and price is distinct from 0
), spent as (
  select coalesce(sum(money), 0) as money, coalesce(sum(tokens), 0) as tokens,
    coalesce(sum(money) filter (where source = $1), 0) as own_money,
    coalesce(sum(tokens) filter (where source = $1), 0) as own_tokens
  from today
)
select
  case when money >= $3::numeric then 'money' when tokens >= $4::numeric then 'tokens' end as all,
  case when own_money >= $5::numeric then 'money' when own_tokens >= $6::numeric then 'tokens' end as own,
  exists (
    select from evervec.sources source
    join evervec.lanes lane on source.lane_id = case when $2 then lane.bulk_of else lane.id end
    where source.name = $7 and lane.budget_lifted = evervec.ledger_day()
  ) as is_lifted
from spent`;

const asText = (value: number | undefined) => (value === undefined ? null : String(value));

export class BudgetGate {
  readonly #database: Database;
  readonly #budgets: DailyBudgets;
  readonly #sources: readonly string[];
  readonly #free: () => readonly string[];
  readonly #logger: Logger;

  /**
   * @param sources all that spend: they are paused when what they may spend together is spent
   * @param free ids of the models that cost nothing, asked when lanes are paused
   */
  constructor(
    database: Database,
    budgets: DailyBudgets,
    sources: readonly string[],
    free: () => readonly string[],
    logger: Logger,
  ) {
    this.#database = database;
    this.#budgets = budgets;
    this.#sources = sources;
    this.#free = free;
    this.#logger = logger;
  }

  /** The model, asked for documents only within the budget. */
  guard(model: EmbeddingModel): EmbeddingModel {
    const doEmbed = async (call: EmbedCall): Promise<EmbedAnswer> => {
      const [source] = call.purpose?.sources ?? [];
      if (call.kind === 'document' && source !== undefined)
        await this.#pass(source, call.purpose ?? { sources: [], cause: 'change' });
      return await model.doEmbed(call);
    };
    return Object.create(model, { doEmbed: { value: doEmbed } });
  }

  /** @throws BudgetReachedError, with the lanes paused */
  async #pass(source: string, { isBulk = false, isBeside }: CallPurpose): Promise<void> {
    const { all } = this.#budgets;
    const own = this.#budgets.bySource[source] ?? {};
    const limits = [all.money, all.tokens, own.money, own.tokens];
    if (limits.every((limit) => limit === undefined)) return;
    const { rows } = await this.#database.query<Spent>(REACHED, [
      source,
      isBulk,
      ...limits.map(asText),
      isBeside ? standbyLane(source) : source,
    ]);
    const [spent] = rows;
    if (spent === undefined || spent.is_lifted) return;
    if (spent.all !== null) await this.#stop(this.#sources, 'all sources', spent.all, all);
    if (spent.own !== null) await this.#stop([source], `source ${source}`, spent.own, own);
  }

  async #stop(
    sources: readonly string[],
    of: string,
    unit: 'money' | 'tokens',
    limits: BudgetLimits,
  ): Promise<never> {
    const detail = { of, unit, budget: asText(limits[unit]) };
    const lanes = await pauseForBudget(this.#database, sources, this.#free(), detail);
    // Who paused them says so; all others find it done.
    if (lanes.length > 0)
      this.#logger.warn(
        { ...detail, lanes },
        'daily budget reached: nothing more is embedded until 00:00 UTC, or "evervec queue resume"',
      );
    throw new BudgetReachedError(`The daily budget of ${of} is reached.`, {
      remedy:
        'Work goes on by itself at 00:00 UTC; "evervec queue resume" lets it go on for the rest of today.',
    });
  }
}
