/** Collections of documents. */
import { COLLECTION_NAME } from '../../document/index.ts';
import { HttpRequestError } from '../../errors/index.ts';
import * as shapes from '../document-schemas.ts';
import type { Engine } from '../engine.ts';
import { readQuery } from '../query.ts';
import { actorOf, nothing, tiersOf } from './known.ts';
import { addRoute, answerWith, type App, failures, json } from './route.ts';

export function addCollectionRoutes(app: App, { documents }: Engine): void {
  const list = {
    method: 'get' as const,
    path: '/v1/collections',
    summary: 'Collections',
    description: 'With what is in them, of the tiers that the token sees.',
    responses: { 200: json('By name.', shapes.collections), ...failures },
  };
  addRoute(app, 'read', list, async ({ caller }) =>
    answerWith(shapes.collections, { collections: await documents.collections(tiersOf(caller)) }),
  );
  const remove = {
    method: 'delete' as const,
    path: '/v1/collections/{name}',
    summary: 'Delete a collection',
    description: 'With all its documents and their versions. Wants `confirm=true`.',
    request: { query: shapes.confirmQuery },
    responses: { 200: json('It is gone.', shapes.deleted), ...failures },
  };
  addRoute(app, 'admin', remove, async ({ request, caller, params }) => {
    const { name = '' } = params;
    if (!COLLECTION_NAME.test(name)) throw nothing('collection');
    if (readQuery(request, shapes.confirmQuery).confirm !== 'true') throw notConfirmed();
    const deleted = await documents.deleteCollection(name, actorOf(caller));
    if (deleted === null) throw nothing('collection');
    return answerWith(shapes.deleted, { deleted });
  });
}

function notConfirmed(): HttpRequestError {
  const message = 'This would delete the collection with all its documents; nothing was done.';
  return new HttpRequestError('CONFIRM', 400, message, {
    remedy: 'Add ?confirm=true if that is what you want.',
  });
}
