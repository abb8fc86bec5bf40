/** Counts what clients report. Anybody may send anything here, so little is taken, from few at a time, and less is believed. */
import { z } from '@hono/zod-openapi';

import type { ReleaseServing } from '../../engine/index.ts';
import { HttpRequestError } from '../../errors/index.ts';
import {
  MAX_REPORT_BYTES,
  MAX_REPORTS,
  REPORT_CODES,
  REPORT_REASONS,
  REPORT_STAGES,
} from '../../format/report.ts';
import { readJson } from '../body.ts';
import { RateLimit } from '../rate-limit.ts';
import { nothingHere, requireOrigin, servedRelease } from '../release-access.ts';
import { type App, type Bindings, failures, json } from './route.ts';

const count = z.int().min(0).max(Number.MAX_SAFE_INTEGER);
const sequence = count.openapi({ description: 'Of the release; 0 for none.' });

const entry = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('checked'), sequence }),
  z.strictObject({ kind: z.literal('installed'), sequence }),
  z.strictObject({ kind: z.literal('downloaded'), sequence, bytes: count }),
  z.strictObject({
    kind: z.literal('failed'),
    sequence,
    stage: z.enum(REPORT_STAGES),
    code: z.enum(REPORT_CODES),
  }),
  z.strictObject({ kind: z.literal('rolledBack'), sequence, why: z.enum(REPORT_REASONS) }),
]);

const message = z
  .strictObject({
    client: z.string().regex(/^\d{1,9}\.\d{1,9}\.\d{1,9}$/, 'three numbers'),
    channel: z.string().min(1).max(100),
    reports: z.array(entry).min(1).max(MAX_REPORTS),
  })
  .openapi('ReleaseReports');

/** Of one network. */
const BURST = 30;
const PER_MINUTE = 30;
/** Plain text needs no permission of a browser to be sent to another origin. */
const TYPES = /^(application\/json|text\/plain) *(;|$)/i;

export function addReleaseReports(app: App, serving: ReleaseServing | undefined): void {
  const limit = new RateLimit({ burst: BURST, perMinute: PER_MINUTE });
  app.openAPIRegistry.registerPath({
    method: 'post',
    path: '/v1/releases/{name}/reports',
    summary: 'Report how a release does',
    description:
      'What a client of a release with `serve.reports` did. Counted by hour; nothing is kept of who sent it. As `application/json` or `text/plain`, up to ' +
      '8 KiB. What a message says twice counts once. Needs no token.',
    security: [],
    request: {
      params: z.object({ name: z.string() }),
      body: { required: true, ...json('', message) },
    },
    responses: { 204: { description: 'It is counted.' }, ...failures },
  });
  app.post('/v1/releases/:name/reports', async (context) => {
    const release = servedRelease(serving, context.req.param('name'));
    if (serving === undefined || release.settings.reports === null)
      throw nothingHere('Nobody listens to reports of this release.');
    requireOrigin(release, context.req.raw);
    const { network } = context.env as Bindings;
    const wait = limit.take(network);
    if (wait > 0) throw tooMany(wait);
    const options = { maxBytes: MAX_REPORT_BYTES, types: TYPES };
    const reports = await readJson(context.req.raw, message, options);
    if (!(await serving.report(release, reports, network)))
      throw new HttpRequestError('BODY', 400, 'This release has no such channel or number.', {
        remedy: 'Report what was offered here.',
      });
    return new Response(null, { status: 204 });
  });
}

function tooMany(seconds: number): HttpRequestError {
  return new HttpRequestError('TOO_MANY', 429, 'Too many reports came from this network.', {
    remedy: 'Send several in one message, after Retry-After.',
    headers: { 'retry-after': String(seconds) },
  });
}
