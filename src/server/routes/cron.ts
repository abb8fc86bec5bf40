/** The cron endpoint's place in the server; what it does is in `src/edge/drain.ts`. */
import { createDrainHandler, DRAIN_PATH, type Drainable } from '../../edge/index.ts';
import * as shapes from '../queue-schemas.ts';
import { type App, failures, json } from './route.ts';

export interface CronOptions {
  /** Without one the route answers 404. */
  secret?: string | undefined;
  /** Aborts when the server is about to end. */
  signal?: AbortSignal | undefined;
}

export function addCronRoute(app: App, engine: Drainable, options: CronOptions): void {
  const drain = createDrainHandler(async () => engine, options);
  for (const method of ['get', 'post'] as const) {
    app.openAPIRegistry.registerPath({
      method,
      path: DRAIN_PATH,
      summary: 'Work the queue off for a bounded time',
      description:
        'For a cron job of a platform: embeds what waits, for some seconds. Asks for `CRON_SECRET` as the bearer token; 404 where none is set.',
      security: [{ cron: [] }],
      request: { query: shapes.cronQuery },
      responses: { 200: json('What was done.', shapes.drained), ...failures },
    });
  }
  app.on(['GET', 'POST'], DRAIN_PATH, (context) => drain(context.req.raw));
}
