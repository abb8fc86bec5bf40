/** What the server offers of releases, and how they do. */
import { z } from '@hono/zod-openapi';

import type { ReleaseServing, ServedRelease } from '../../engine/index.ts';
import type { Engine } from '../engine.ts';
import type { EventStreams } from '../event-streams.ts';
import { readQuery } from '../query.ts';
import { whole } from '../queue-schemas.ts';
import { servedRelease } from '../release-access.ts';
import { addRoute, answerWith, type App, failures, json } from './route.ts';

const offered = z.object({
  channel: z.string(),
  version: z.int(),
  current: z.int().openapi({ description: 'The sequence that all are offered.' }),
  candidate: z
    .object({ sequence: z.int(), rollout: z.int().openapi({ description: 'Of 10,000.' }) })
    .nullable(),
  expires: z.string(),
});

const release = z
  .object({
    name: z.string(),
    url: z
      .string()
      .nullable()
      .openapi({ description: 'Of its files here; null where a bucket has them.' }),
    push: z.boolean(),
    reports: z.boolean(),
    offered: offered.nullable().openapi({ description: 'Null while nothing is published.' }),
  })
  .openapi('ServedRelease');

const counts = { reports: z.int(), networks: z.int().nullable() };

const health = z
  .object({
    hours: z.int(),
    adoption: z.array(z.object({ sequence: z.int(), checks: z.int(), share: z.number() })),
    releases: z.array(
      z.object({
        sequence: z.int(),
        downloaded: z.int(),
        downloaded_bytes: z.int(),
        installed: z.int(),
        failed: z.int(),
        rolled_back: z.int(),
      }),
    ),
    failures: z.array(
      z.object({
        sequence: z.int(),
        kind: z.enum(['failed', 'rolledBack']),
        stage: z.string(),
        code: z.string(),
        ...counts,
      }),
    ),
    alerts: z.array(
      z.object({
        sequence: z.int(),
        at: z.string(),
        failing: z.int(),
        tried: z.int(),
        outcome: z.enum(['halted', 'alert']).nullable(),
        reason: z.string().nullable(),
      }),
    ),
  })
  .openapi('ReleaseHealth');

const one = release.extend({
  open: z
    .int()
    .openapi({ description: 'Connections to this server that wait for news, of all releases.' }),
  health: health.nullable().openapi({ description: 'Null where nobody may report.' }),
});
const list = z.object({ releases: z.array(release) });
const query = z.strictObject({ hours: whole(1, 8_760, 'How far back; default 24.') });

export function addReleaseRoutes(
  app: App,
  engine: Engine,
  serving: ReleaseServing | undefined,
  streams: EventStreams,
): void {
  const all = {
    method: 'get' as const,
    path: '/v1/releases',
    summary: 'Releases',
    description: 'Those that are served here, with what they offer.',
    responses: { 200: json('All of them.', list), ...failures },
  };
  addRoute(app, 'read', all, async () =>
    answerWith(list, { releases: (serving?.all ?? []).map(describe) }),
  );
  const single = {
    method: 'get' as const,
    path: '/v1/releases/{name}',
    summary: 'A release and its health',
    description: 'What it offers, and what clients reported.',
    request: { query },
    responses: { 200: json('It.', one), ...failures },
  };
  addRoute(app, 'read', single, async ({ request, params }) => {
    const found = servedRelease(serving, params['name']);
    const { hours } = readQuery(request, query);
    const channel = found.watch.channel?.channel;
    const isCounted = found.settings.reports !== null && channel !== undefined;
    const health = isCounted ? await engine.releases.health(found.name, channel, hours) : null;
    return answerWith(one, {
      ...describe(found),
      open: streams.count,
      health: health && writable(health),
    });
  });
}

export function addReleaseLook(app: App, serving: ReleaseServing | undefined): void {
  const look = {
    method: 'post' as const,
    path: '/v1/releases/{name}/look',
    summary: 'Look at what a release offers',
    description:
      'For who has published to a bucket: all servers on this database look at once, and tell open clients. They do by themselves every few seconds.',
    responses: { 200: json('What is offered.', release), ...failures },
  };
  addRoute(app, 'write', look, async ({ params }) => {
    const found = servedRelease(serving, params['name']);
    await serving?.announce();
    return answerWith(release, describe(found));
  });
}

/** As zod types it. */
function writable(
  found: Awaited<ReturnType<Engine['releases']['health']>>,
): z.input<typeof health> {
  const { hours, adoption, releases, failures, alerts } = found;
  return {
    hours,
    adoption: [...adoption],
    releases: [...releases],
    failures: [...failures],
    alerts: [...alerts],
  };
}

function describe({ name, folder, settings, watch }: ServedRelease): z.input<typeof release> {
  const { channel } = watch;
  return {
    name,
    url: folder === null ? null : `/releases/${name}/`,
    push: settings.push,
    reports: settings.reports !== null,
    offered: channel && {
      channel: channel.channel,
      version: channel.version,
      current: channel.current.sequence,
      candidate: channel.candidate
        ? { sequence: channel.candidate.sequence, rollout: channel.candidate.rollout }
        : null,
      expires: channel.expires,
    },
  };
}
