/** What models were asked for and cost: the ledger, looked at. */
import { z } from '@hono/zod-openapi';

import { COST_BY } from '../../operate/index.ts';
import type { Engine } from '../engine.ts';
import { METRICS_TYPE, metricsText } from '../metrics-text.ts';
import { readQuery } from '../query.ts';
import { namesOfSources, whole } from '../queue-schemas.ts';
import { addRoute, answerWith, type App, failures, json } from './route.ts';

const day = z.string().max(10).optional();

const costQuery = z.strictObject({
  days: whole(1, 36_500, 'Up to today; default 30.'),
  from: day.openapi({ description: 'First day, of UTC.', example: '2026-01-01' }),
  to: day.openapi({ description: 'Last day, of UTC; default today.', example: '2026-01-31' }),
  by: z.enum(COST_BY).optional().openapi({ description: 'What a row is of; default `source`.' }),
  source: namesOfSources,
});

const sums = {
  calls: z.int().openapi({ description: 'Also those that failed.' }),
  texts: z.int().openapi({ description: 'That were sent.' }),
  saved: z.int().openapi({ description: 'Texts that needed no call.' }),
  tokens: z.int(),
  estimated_tokens: z.int().openapi({ description: 'The part that the provider did not count.' }),
  unpriced_tokens: z.int().openapi({ description: 'Whose price is unknown: not in `money`.' }),
  money: z.string().nullable().openapi({
    description: 'US dollars, a decimal number; null where no price is known.',
    example: '0.00042',
  }),
  failed: z.int().openapi({ description: 'Calls without a usable answer.' }),
  failed_billed: z.int().openapi({ description: 'Those of them that are or may be billed.' }),
};

const cost = z
  .object({
    from: z.iso.date(),
    to: z.iso.date(),
    currency: z.literal('USD'),
    by: z.enum(COST_BY),
    rows: z.array(z.object({ name: z.string(), ...sums })),
    total: z.object(sums),
    budgets: z
      .array(
        z.object({
          of: z.string().openapi({ example: 'all sources' }),
          unit: z.enum(['money', 'tokens']),
          budget: z.string(),
          spent: z.string(),
          left: z.string(),
        }),
      )
      .openapi({ description: 'Of today.' }),
  })
  .openapi('Cost');

export function addCostRoute(app: App, engine: Engine): void {
  const config = {
    method: 'get' as const,
    path: '/v1/cost',
    summary: 'Cost',
    description: 'Calls, tokens and money that models took, by source, model, day or cause.',
    request: { query: costQuery },
    responses: { 200: json('Sums, and what is left of the budgets.', cost), ...failures },
  };
  addRoute(app, 'read', config, async ({ request }) => {
    const { source, ...wanted } = readQuery(request, costQuery);
    return answerWith(cost, await engine.cost({ ...wanted, sources: source }));
  });
  const metrics = {
    method: 'get' as const,
    path: '/metrics',
    summary: 'Metrics for Prometheus',
    description:
      'Counters of model calls by provider, model and cause; of this process, answers that were kept.',
    responses: {
      200: {
        description: 'Its text format.',
        content: { 'text/plain': { schema: z.string() } },
      },
      ...failures,
    },
  };
  addRoute(app, 'read', metrics, async () => {
    const text = metricsText(await engine.modelCalls(), engine.cacheStats);
    return new Response(text, { headers: { 'content-type': METRICS_TYPE } });
  });
}
