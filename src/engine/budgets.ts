/** The budgets that are configured, and the checks that a model can be held to them. */
import type { BudgetLimits, DailyBudgets, EmbeddingModel } from '../embed/index.ts';
import type { Connection } from '../database/index.ts';
import { ConfigError } from '../errors/index.ts';
import type { Config } from './config.ts';

/** @returns null where none is configured */
export function budgetsOf({ budget, sources }: Config): DailyBudgets | null {
  const bySource: Record<string, BudgetLimits> = {};
  for (const [name, source] of Object.entries(sources))
    if (source.budget !== undefined) bySource[name] = source.budget.perDay;
  if (budget === undefined && Object.keys(bySource).length === 0) return null;
  return { all: budget?.perDay ?? {}, bySource };
}

/**
 * Those that hold anything back: a migration may cost where the configured model does not.
 * @param free ids of models that cost nothing
 * @returns null where none is configured, or all spaces are of those
 */
export async function budgetsInForce(
  connection: Connection,
  config: Config,
  free: readonly string[],
): Promise<DailyBudgets | null> {
  const budgets = budgetsOf(config);
  if (budgets === null) return null;
  const { rows } = await connection.query<{ may_cost: boolean }>(
    'select exists (select from evervec.spaces where model_id <> all ($1)) as may_cost',
    [free],
  );
  return rows[0]?.may_cost === true ? budgets : null;
}

/** @throws ConfigError where money is budgeted and nobody knows what the model costs */
export function refuseUnknownPrice(
  config: Config,
  model: EmbeddingModel,
  price: number | null,
): void {
  const budgets = budgetsOf(config);
  if (price !== null || budgets === null) return;
  const all = [budgets.all, ...Object.values(budgets.bySource)];
  if (all.every(({ money }) => money === undefined)) return;
  throw new ConfigError(`There is a budget of money, and what ${model.id} costs is not known.`, {
    remedy:
      'Set price.perMillionTokens to its price in US dollars (0 where it is free), or budget tokens.',
    isUsage: true,
  });
}
