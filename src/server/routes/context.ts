/** Passages for a prompt. */
import type { ContextRequest } from '../../search/index.ts';
import { readJson } from '../body.ts';
import { contextAnswer, contextRequest } from '../context-schemas.ts';
import type { Engine } from '../engine.ts';
import type { LimitedSearch } from '../search-limit.ts';
import { addRoute, answerWith, type App, failures, json } from './route.ts';

export function addContextRoute(app: App, engine: Engine, limited: LimitedSearch): void {
  const config = {
    method: 'post' as const,
    path: '/v1/context',
    summary: 'Context',
    description:
      'The passages that a search finds, within a number of tokens, by record and in reading order, with where they are ' +
      'from. Of sources with tiers of access, the tiers of the token alone.',
    request: { body: { required: true, ...json('', contextRequest) } },
    responses: {
      200: json('A text for a prompt, with its citations.', contextAnswer),
      ...failures,
    },
  };
  addRoute(app, 'read', config, async ({ request, caller: { tiers } }) => {
    const wanted = (await readJson(request, contextRequest)) as ContextRequest;
    const asked = { ...wanted, ...(tiers !== null && { tiers }) };
    const answer = await limited((signal) => engine.context(asked, {}, signal), request.signal);
    return answerWith(contextAnswer, answer);
  });
}
