/** What documents were: their versions, what differs between two, and the way back. */
import { readJson } from '../body.ts';
import * as shapes from '../document-schemas.ts';
import type { Engine } from '../engine.ts';
import { readQuery } from '../query.ts';
import { actorOf, idOf, known, tiersOf } from './known.ts';
import { addRoute, answerWith, type App, failures, json } from './route.ts';

/** The server answers nobody else meanwhile. */
const DIFF_TIMEOUT_MS = 300;

export function addVersionRoutes(app: App, { documents }: Engine): void {
  const versions = {
    method: 'get' as const,
    path: '/v1/documents/{id}/versions',
    summary: 'Versions',
    description: 'What a document was: who changed it, when and why. The newest first.',
    responses: { 200: json('All that are kept.', shapes.versions), ...failures },
  };
  addRoute(app, 'read', versions, async ({ caller, params }) => {
    const id = idOf(params, 'document');
    const all = await known(documents.versions(id, tiersOf(caller)));
    return answerWith(shapes.versions, { versions: all });
  });
  const diff = {
    method: 'get' as const,
    path: '/v1/documents/{id}/diff',
    summary: 'Difference of two versions',
    description: 'By lines or by words, in order.',
    request: { query: shapes.diffQuery },
    responses: { 200: json('What is the same, added and removed.', shapes.diff), ...failures },
  };
  addRoute(app, 'read', diff, async ({ request, caller, params }) => {
    const id = idOf(params, 'document');
    const { from, to, unit = 'lines' } = readQuery(request, shapes.diffQuery);
    const options = { unit, timeoutMs: DIFF_TIMEOUT_MS, tiers: tiersOf(caller) };
    const { isCoarse, ...found } = await known(documents.diff(id, from, to, options));
    return answerWith(shapes.diff, { ...found, is_coarse: isCoarse });
  });
  const rollback = {
    method: 'post' as const,
    path: '/v1/documents/{id}/rollback',
    summary: 'Roll back',
    description: 'Makes a new version with the text of an old one.',
    request: { body: { required: true, ...json('', shapes.rollbackBody) } },
    responses: { 200: json('It was done.', shapes.rolledBack), ...failures },
  };
  addRoute(app, 'write', rollback, async ({ request, caller, params }) => {
    const id = idOf(params, 'document');
    const { version, summary } = await readJson(request, shapes.rollbackBody);
    const options = { by: actorOf(caller), summary, tiers: tiersOf(caller) };
    const made = await known(documents.rollBack(id, version, options));
    return answerWith(shapes.rolledBack, { version: made });
  });
}
