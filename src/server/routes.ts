/** The routes under `/v1` and `/health`: their description for OpenAPI, and what they ask the engine. */
import { createRoute, type OpenAPIHono, type z } from '@hono/zod-openapi';

import type { SearchRequest } from '../search/index.ts';
import { readJson } from './body.ts';
import type { Engine, Health } from './engine.ts';
import * as schemas from './schemas.ts';

const json = <Schema extends z.ZodType>(description: string, schema: Schema) => ({
  description,
  content: { 'application/json': { schema } },
});

const failures = {
  '4XX': json('The request is at fault; the message says how.', schemas.failure),
  '5XX': json('The server is; with 503, try again after `Retry-After`.', schemas.failure),
};

const searchRoute = createRoute({
  method: 'post',
  path: '/v1/search',
  summary: 'Search',
  description: 'Finds records by meaning, by words, or both, over one source or several.',
  request: {
    body: { required: true, content: { 'application/json': { schema: schemas.searchRequest } } },
  },
  responses: { 200: json('The best records, best first.', schemas.searchAnswer), ...failures },
});

const queueRoute = createRoute({
  method: 'get',
  path: '/v1/queue/status',
  summary: 'State of the queue',
  description: 'Jobs of each lane, the oldest that waits, and the workers.',
  responses: { 200: json('The state now.', schemas.queueStatus), ...failures },
});

const sourcesRoute = createRoute({
  method: 'get',
  path: '/v1/sources',
  summary: 'Sources',
  description: 'The tables that are kept embedded, with what is searchable of them.',
  responses: { 200: json('All sources that are set up.', schemas.sources), ...failures },
});

const healthRoute = createRoute({
  method: 'get',
  path: '/health',
  summary: 'Health',
  description: 'For monitors and load balancers; needs no token.',
  security: [],
  responses: {
    200: json('Everything that search needs is there.', schemas.health),
    503: json('Something is not; `reasons` says what.', schemas.health),
  },
});

export function addRoutes(app: OpenAPIHono, engine: Engine): void {
  for (const route of [searchRoute, queueRoute, sourcesRoute, healthRoute])
    app.openAPIRegistry.registerPath(route);

  app.post(searchRoute.path, async (context) => {
    const request = await readJson(context.req.raw, schemas.searchRequest);
    // JSON has no undefined: what zod types as `string | undefined` is a string or absent.
    const answer = await engine.search(request as SearchRequest, context.req.raw.signal);
    return context.json(answer satisfies z.input<typeof schemas.searchAnswer>);
  });
  app.get(queueRoute.path, async (context) =>
    context.json((await engine.queueStatus()) satisfies z.input<typeof schemas.queueStatus>),
  );
  app.get(sourcesRoute.path, async (context) => {
    const sources = await engine.sources();
    return context.json({ sources } satisfies z.input<typeof schemas.sources>);
  });
  app.get(healthRoute.path, async (context) => {
    const health = await engine.health().catch(unknownHealth);
    return context.json(health, health.ok ? 200 : 503);
  });
}

function unknownHealth(): Health {
  return { ok: false, database: false, reasons: ['the check itself failed'] };
}
