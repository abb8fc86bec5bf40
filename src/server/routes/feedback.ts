/** What users say of hits. */
import { z } from '@hono/zod-openapi';

import { readJson } from '../body.ts';
import type { Engine } from '../engine.ts';
import { actorOf, tiersOf } from './known.ts';
import { addRoute, answerWith, type App, failures, json } from './route.ts';

const feedback = z
  .strictObject({
    source: z.string().min(1).max(200).openapi({ example: 'offers' }),
    query: z.string().max(10_000).regex(/\S/, 'must not be blank'),
    key: z.string().min(1).max(10_000).openapi({ description: 'Of the record, as in a hit.' }),
    grade: z
      .int()
      .min(0)
      .max(3)
      .openapi({ description: '0 does not answer the query, 3 answers it best.' }),
  })
  .openapi('Feedback');

export function addFeedbackRoute(app: App, engine: Engine): void {
  const config = {
    method: 'post' as const,
    path: '/v1/feedback',
    summary: 'Label a hit',
    description:
      'Notes how well a record answers a query; one for the same two is replaced. `evervec evaluate --source` measures with ' +
      'what is noted. The query is kept.',
    request: { body: { required: true, ...json('', feedback) } },
    responses: { 200: json('It is noted.', feedback), ...failures },
  };
  addRoute(app, 'write', config, async ({ request, caller }) => {
    const label = await readJson(request, feedback);
    await engine.labels.add(label, { by: actorOf(caller), tiers: tiersOf(caller) });
    return answerWith(feedback, label);
  });
}
