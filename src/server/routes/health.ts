/** Health for monitors and load balancers: open to all, but figures and names only for who has a token. */
import { createRoute } from '@hono/zod-openapi';

import type { QueueHealth } from '../../operate/index.ts';
import type { Authenticate } from '../access.ts';
import type { Engine } from '../engine.ts';
import * as shapes from '../queue-schemas.ts';
import { answerWith, type App, json } from './route.ts';

const route = createRoute({
  method: 'get',
  path: '/health',
  summary: 'Health',
  description: 'For monitors and load balancers. Needs no token; with one it tells what was found.',
  security: [],
  responses: {
    200: json('All is well, or there are warnings only.', shapes.health),
    503: json('A check is bad.', shapes.health),
  },
});

export function addHealthRoute(app: App, engine: Engine, authenticate: Authenticate): void {
  app.openAPIRegistry.registerPath(route);
  const look = shareWhileUnderWay(() => engine.queue.health().catch(unknownHealth));
  app.get(route.path, async (context) => {
    const { healthy, level, checks } = await look();
    const shown = isKnown(authenticate, context.req.raw)
      ? checks
      : checks.map((check) => ({ what: check.what, level: check.level }));
    const status = healthy ? 200 : 503;
    return answerWith(shapes.health, { ok: healthy, level, checks: shown }, status);
  });
}

function isKnown(authenticate: Authenticate, request: Request): boolean {
  try {
    authenticate(request);
    return true;
  } catch {
    return false;
  }
}

/** The check is a dozen statements and anyone may ask: those who ask at once get the same answer. */
function shareWhileUnderWay<T>(ask: () => Promise<T>): () => Promise<T> {
  let underWay: Promise<T> | null = null;
  return () =>
    (underWay ??= ask().finally(() => {
      underWay = null;
    }));
}

function unknownHealth(): QueueHealth {
  const check = { what: 'health', level: 'bad', found: 'the check itself failed' } as const;
  return { healthy: false, level: 'bad', checks: [check] };
}
