/** What models were asked for and cost, from the ledger; and what is left of today's budgets. Days are those of UTC. */
import type { Connection } from '../database/index.ts';
import type { BudgetLimits, Cause, DailyBudgets } from '../embed/index.ts';
import { CostRequestError } from '../errors/index.ts';

export const COST_BY = ['source', 'model', 'day', 'cause'] as const;
export type CostBy = (typeof COST_BY)[number];

export interface CostOptions {
  /** Days up to today, 1 to 36,500; default 30. Not with `from` or `to`. */
  days?: number | undefined;
  /** First and last day, `2026-01-31`; default 30 days up to `to`, and today. */
  from?: string | undefined;
  to?: string | undefined;
  /** What a line is of; default `source`. */
  by?: CostBy | undefined;
  /** Names; default all that the ledger knows. */
  sources?: readonly string[] | undefined;
}

export interface CostSums {
  /** Calls of a model, also those that failed. */
  calls: number;
  /** Texts that were sent. */
  texts: number;
  /** Texts that were wanted and needed no call: kept, shared, or paid for before. */
  saved: number;
  /** That are or may be billed, and the part of them that is estimated since the provider did not count it. */
  tokens: number;
  estimated_tokens: number;
  /** Tokens whose price is not known: `money` is without them. */
  unpriced_tokens: number;
  /** US dollars, a decimal number; null where the price of nothing is known. */
  money: string | null;
  /** Calls without a usable answer, and those of them that are or may be billed. */
  failed: number;
  failed_billed: number;
}

export interface CostRow extends CostSums {
  /** Of what `by` says: the name of a source (empty: a call for none), the id of a model, a day, a cause. */
  name: string;
}

export interface BudgetState {
  /** `all sources`, `source offers`. */
  of: string;
  unit: 'money' | 'tokens';
  /** Decimal numbers: of a day, spent today, left of today. */
  budget: string;
  spent: string;
  left: string;
}

export interface CostReport {
  from: string;
  to: string;
  currency: 'USD';
  by: CostBy;
  rows: CostRow[];
  total: CostSums;
  /** Of today. */
  budgets: BudgetState[];
}

/** Of one provider, model and cause since the beginning. */
export interface ModelCalls extends Pick<
  CostSums,
  'calls' | 'texts' | 'saved' | 'tokens' | 'failed' | 'money'
> {
  provider: string;
  model: string;
  cause: Cause;
}

/* What nothing was sent for costs nothing, whatever its price. */
const SUMS = `coalesce(sum(calls), 0)::float8 as calls, coalesce(sum(texts), 0)::float8 as texts,
  coalesce(sum(saved), 0)::float8 as saved, coalesce(sum(tokens), 0)::float8 as tokens,
  coalesce(sum(estimated_tokens), 0)::float8 as estimated_tokens,
  coalesce(sum(tokens) filter (where price is null), 0)::float8 as unpriced_tokens,
  trim_scale(sum(coalesce(money, case when tokens = 0 and calls <= failed then 0 end)))::text as money,
  coalesce(sum(failed), 0)::float8 as failed, coalesce(sum(failed_billed), 0)::float8 as failed_billed`;

const COST = `
select name, grouping(name) as total, ${SUMS}
from (
  select *, case $4 when 'source' then source when 'model' then model when 'day' then day::text when 'cause' then cause end as name
  from evervec.calls
  where day between $1::date and $2::date and ($3::text[] is null or source = any ($3))
) call
group by rollup (name) order by name`;

const RANGE = `
select coalesce($1::date, coalesce($2::date, evervec.ledger_day()) - ($3::integer - 1))::text as from,
  coalesce($2::date, evervec.ledger_day())::text as to`;

const DAYS = 30;
const MAX_DAYS = 36_500;

/** @throws CostRequestError */
export async function readCost(
  connection: Connection,
  options: CostOptions,
  budgets: DailyBudgets | null,
): Promise<CostReport> {
  const { by = 'source', sources = null } = options;
  const { from, to } = await readRange(connection, options);
  const { rows } = await connection.query<CostRow & { total: number }>(COST, [
    from,
    to,
    sources,
    by,
  ]);
  const lines = rows.map(({ total, ...row }) => ({ isTotal: total > 0, row }));
  const { name: _, ...total } = lines.find(({ isTotal }) => isTotal)?.row ?? { name: '', ...NONE };
  return {
    from,
    to,
    currency: 'USD',
    by,
    rows: lines.filter(({ isTotal }) => !isTotal).map(({ row }) => row),
    total,
    budgets: await readBudgets(connection, budgets),
  };
}

const NONE: CostSums = {
  calls: 0,
  texts: 0,
  saved: 0,
  tokens: 0,
  estimated_tokens: 0,
  unpriced_tokens: 0,
  money: '0',
  failed: 0,
  failed_billed: 0,
};

async function readRange(
  connection: Connection,
  { days, from, to, by = 'source' }: CostOptions,
): Promise<{ from: string; to: string }> {
  if (!COST_BY.includes(by))
    throw wrong(`The ledger can't be read by ${by}.`, `Use ${COST_BY.join(', ')}.`);
  if (days !== undefined && (from !== undefined || to !== undefined))
    throw wrong('Days are given twice.', 'Give a number of days, or a first and a last one.');
  if (days !== undefined && !(Number.isInteger(days) && days >= 1 && days <= MAX_DAYS))
    throw wrong(`${days} is no number of days.`, `Give a whole number from 1 to ${MAX_DAYS}.`);
  for (const day of [from, to])
    if (day !== undefined && !isDay(day))
      throw wrong(`"${day}" is no day.`, 'Write it as 2026-01-31.');
  const { rows } = await connection.query<{ from: string; to: string }>(RANGE, [
    from ?? null,
    to ?? null,
    days ?? DAYS,
  ]);
  const range = rows[0] ?? { from: '', to: '' };
  if (range.from <= range.to) return range;
  throw wrong(`${range.from} is after ${range.to}.`, 'Give the earlier day first.');
}

function isDay(text: string): boolean {
  if (!/^[12]\d{3}-\d{2}-\d{2}$/.test(text)) return false;
  const time = Date.parse(`${text}T00:00:00Z`);
  return Number.isFinite(time) && new Date(time).toISOString().startsWith(text);
}

function wrong(message: string, remedy: string): CostRequestError {
  return new CostRequestError(message, { remedy, isUsage: true });
}

/* As the gate before each call sums it: without what is free. */
const LEFT = `
select trim_scale($3::numeric)::text as budget, trim_scale(spent)::text as spent,
  trim_scale(greatest(0, $3::numeric - spent))::text as left
from (
  select coalesce(sum(case $2 when 'money' then coalesce(money, 0) else tokens end), 0) as spent
  from evervec.calls
  where day = evervec.ledger_day() and price is distinct from 0 and ($1::text is null or source = $1)
) today`;

/** What is spent and left of each budget today. */
export async function readBudgets(
  connection: Connection,
  budgets: DailyBudgets | null,
): Promise<BudgetState[]> {
  if (budgets === null) return [];
  const limits: [string | null, BudgetLimits][] = [
    [null, budgets.all],
    ...Object.entries(budgets.bySource),
  ];
  const states: BudgetState[] = [];
  for (const [source, limit] of limits)
    for (const unit of ['money', 'tokens'] as const) {
      if (limit[unit] === undefined) continue;
      const { rows } = await connection.query<Omit<BudgetState, 'of' | 'unit'>>(LEFT, [
        source,
        unit,
        String(limit[unit]),
      ]);
      const of = source === null ? 'all sources' : `source ${source}`;
      for (const row of rows) states.push({ of, unit, ...row });
    }
  return states;
}

const TOTALS = `
select provider, model, cause, ${SUMS} from evervec.calls group by 1, 2, 3 order by 1, 2, 3`;

/** All that the ledger has, for counters that only grow. */
export async function readModelCalls(connection: Connection): Promise<ModelCalls[]> {
  return (await connection.query<ModelCalls>(TOTALS)).rows;
}
