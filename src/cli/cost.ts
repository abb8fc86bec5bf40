/** `evervec cost`: what models were asked for and what that cost. */
import { type Command, Option } from 'commander';
import {
  type BudgetState,
  COST_BY,
  type CostBy,
  type CostReport,
  type CostSums,
} from '../operate/index.ts';
import { formatTable, print, printJson } from './output.ts';
import { MAX_WIDTH, withSources } from './queue/list.ts';
import { type CommonOptions, withCommonOptions, withEvervec } from './session.ts';
import { wholeNumber } from './worker.ts';

interface Options extends CommonOptions {
  days?: number;
  from?: string;
  to?: string;
  by?: CostBy;
  source?: string[];
}

export function addCost(program: Command): void {
  withSources(withCommonOptions(program.command('cost')))
    .addOption(
      new Option('--days <n>', 'up to today (default: 30)').argParser(wholeNumber(1, 36_500)),
    )
    .option('--from <day>', 'first day, as 2026-01-31; days are those of UTC')
    .option('--to <day>', 'last day (default: today)')
    .addOption(
      new Option('--by <what>', 'what a line is of (default: source)').choices([...COST_BY]),
    )
    .description('calls, tokens and money that models took, in US dollars')
    .action(async ({ source, days, from, to, by, ...options }: Options) => {
      const wanted = { days, from, to, by, sources: source };
      const report = await withEvervec(options, (evervec) => evervec.cost(wanted));
      if (options.json) return printJson(report);
      print(formatCost(report));
    });
}

function formatCost({ from, to, by, rows, total, budgets }: CostReport): string {
  if (rows.length === 0)
    return [`no model was called from ${from} to ${to}`, ...formatBudgets(budgets)].join('\n');
  const header = [by, 'calls', 'texts', 'saved', 'tokens', 'failed', 'US$'];
  const lines = rows.map((row) => [row.name === '' ? '(none)' : row.name, ...cells(row)]);
  const isEstimated = rows.some((row) => row.estimated_tokens > 0);
  return [
    formatTable(header, [...lines, ['total', ...cells(total)]], MAX_WIDTH),
    '',
    `${from} to ${to}, days of UTC; US dollars at the price per million tokens of the time.`,
    'saved: texts that needed no call. failed: calls without a usable answer, in brackets those that may be billed.',
    ...(isEstimated ? ['~ in part estimated: the provider did not count these tokens.'] : []),
    ...(total.unpriced_tokens > 0
      ? ['unknown: no price is known; set price.perMillionTokens (0 where it is free).']
      : []),
    ...formatBudgets(budgets),
  ].join('\n');
}

function cells(sums: CostSums): (string | number)[] {
  const { calls, texts, saved, tokens, estimated_tokens, failed, failed_billed } = sums;
  return [
    calls,
    texts,
    saved,
    `${estimated_tokens > 0 ? '~' : ''}${tokens.toLocaleString('en')}`,
    failed_billed > 0 ? `${failed} (${failed_billed})` : String(failed),
    formatMoney(sums),
  ];
}

/** What has no price is never shown as 0. */
function formatMoney({ money, unpriced_tokens }: CostSums): string {
  if (money === null) return 'unknown';
  return unpriced_tokens > 0 ? `${dollars(money)} + unknown` : dollars(money);
}

/** To the cent where there are some, else as small as it is: an embedding costs millionths. */
export function dollars(money: string): string {
  const value = Number(money);
  if (value === 0 || value >= 1) return value.toFixed(2);
  return value.toLocaleString('en', { maximumSignificantDigits: 3 });
}

/** A line for each budget: what is left of it today. */
export function formatBudgets(budgets: readonly BudgetState[]): string[] {
  return budgets.map(({ of, unit, budget, left }) => {
    const [some, all] =
      unit === 'money'
        ? [`$${dollars(left)}`, `$${dollars(budget)}`]
        : [Number(left).toLocaleString('en'), `${Number(budget).toLocaleString('en')} tokens`];
    return `today's budget of ${of}: ${some} of ${all} left`;
  });
}
