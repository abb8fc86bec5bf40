/** Search and sources: what is asked of the data itself. */
import { UnknownRecordError } from '../../errors/index.ts';
import type { SearchRequest, SimilarRequest } from '../../search/index.ts';
import { readJson } from '../body.ts';
import type { Engine } from '../engine.ts';
import * as schemas from '../schemas.ts';
import type { LimitedSearch } from '../search-limit.ts';
import { nothing } from './known.ts';
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
      const response = answerWith(schemas.searchAnswer, answer);
      if (answer.cache !== undefined) response.headers.set('x-evervec-cache', answer.cache);
      return response;
    },
  );
  addRoute(
    app,
    'read',
    {
      method: 'post',
      path: '/v1/similar',
      summary: 'Similar records',
      description:
        'Finds the records that are nearest to one of them, by the mean of its vectors, and not that one. ' +
        'One that the token does not see is as unknown as one that is not there: 404.',
      request: { body: { required: true, ...json('', schemas.similarRequest) } },
      responses: { 200: json('The nearest, nearest first.', schemas.searchAnswer), ...failures },
    },
    async ({ request, caller: { tiers } }) => {
      const wanted = await readJson(request, schemas.similarRequest);
      const asked = { ...(wanted as SimilarRequest), ...(tiers !== null && { tiers }) };
      const answer = await engine.similar(asked).catch((error: unknown) => {
        throw error instanceof UnknownRecordError ? nothing('record') : error;
      });
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
