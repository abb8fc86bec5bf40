/** Search and sources: what is asked of the data itself. */
import type { SearchRequest } from '../../search/index.ts';
import { readJson } from '../body.ts';
import type { Engine } from '../engine.ts';
import * as schemas from '../schemas.ts';
import type { LimitedSearch } from '../search-limit.ts';
import { addRoute, answerWith, type App, failures, json } from './route.ts';

export function addSearchRoutes(app: App, engine: Engine, limited: LimitedSearch): void {
  addRoute(
    app,
    'read',
    {
      method: 'post',
      path: '/v1/search',
      summary: 'Search',
      description:
        'Finds records by meaning, by words, or both, over one source or several. ' +
        'Of sources with tiers of access, the tiers of the token alone.',
      request: { body: { required: true, ...json('', schemas.searchRequest) } },
      responses: { 200: json('The best records, best first.', schemas.searchAnswer), ...failures },
    },
    async ({ request, caller: { tiers } }) => {
      const wanted = await readJson(request, schemas.searchRequest);
      // JSON has no undefined: what zod types as `string | undefined` is a string or absent.
      const asked = { ...(wanted as SearchRequest), ...(tiers !== null && { tiers }) };
      const answer = await limited((signal) => engine.search(asked, signal), request.signal);
      return answerWith(schemas.searchAnswer, answer);
    },
  );
  addRoute(
    app,
    'read',
    {
      method: 'get',
      path: '/v1/sources',
      summary: 'Sources',
      description: 'The tables that are kept embedded, with what is searchable of them.',
      responses: { 200: json('All sources that are set up.', schemas.sources), ...failures },
    },
    async () => answerWith(schemas.sources, { sources: await engine.sources() }),
  );
}
