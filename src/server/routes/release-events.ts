/** Tells open clients that a channel has changed. They look for themselves then, and verify what they find. */
import { z } from '@hono/zod-openapi';

import type { ReleaseServing } from '../../engine/index.ts';
import type { EventStreams } from '../event-streams.ts';
import { readQuery } from '../query.ts';
import { nothingHere, servedRelease } from '../release-access.ts';
import { type App, type Bindings, failures } from './route.ts';

const query = z.strictObject({
  after: z
    .string()
    .regex(/^\d{1,15}$/, 'not a whole number')
    .transform(Number)
    .optional()
    .openapi({ type: 'integer', description: 'The version of the channel that the client has.' }),
});

export function addReleaseEvents(
  app: App,
  serving: ReleaseServing | undefined,
  streams: EventStreams,
): void {
  app.openAPIRegistry.registerPath({
    method: 'get',
    path: '/v1/releases/{name}/events',
    summary: 'News of a release',
    description:
      'Server-sent events: `release` with `{ version, sequence, spreadMs }` when the channel has changed, and at once where it has another version than ' +
      '`after` or `Last-Event-ID`. Clients should look within `spreadMs`, by chance. A comment every 20 s. Needs no token.',
    security: [],
    request: { params: z.object({ name: z.string() }), query },
    responses: {
      200: {
        description: 'Without end.',
        content: { 'text/event-stream': { schema: z.string() } },
      },
      ...failures,
    },
  });
  app.get('/v1/releases/:name/events', (context) => {
    const release = servedRelease(serving, context.req.param('name'));
    if (!release.settings.push) throw nothingHere('Nobody is told of this release.');
    const { after } = readQuery(context.req.raw, query);
    if (context.req.method === 'HEAD')
      return context.body(null, 200, { 'content-type': 'text/event-stream' });
    const last = Number(context.req.header('last-event-id') ?? Number.NaN);
    const known = Number.isSafeInteger(last) ? last : (after ?? null);
    return streams.answer(context, release, (context.env as Bindings).network, known);
  });
}
