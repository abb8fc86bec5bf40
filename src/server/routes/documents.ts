/** Documents: taken in, listed, read, changed, deleted. Their versions are in `versions.ts`. */
import { ReadableStream as NodeStream, TextEncoderStream } from 'node:stream/web';
import { textContent } from '../../document/index.ts';
import { HttpRequestError } from '../../errors/index.ts';
import { readJson } from '../body.ts';
import * as shapes from '../document-schemas.ts';
import type { Engine } from '../engine.ts';
import { readQuery } from '../query.ts';
import { task as taskShape } from '../task-schemas.ts';
import type { Uploads } from '../upload-limit.ts';
import { readUpload } from '../upload.ts';
import { actorOf, given, idOf, known, tiersOf } from './known.ts';
import { addRoute, answerWith, type App, type Asked, failures, json } from './route.ts';
import { accept } from './tasks.ts';

export function addDocumentRoutes(app: App, engine: Engine, uploads: Uploads): void {
  addTaking(app, engine, uploads);
  addReading(app, engine);
  addChanging(app, engine);
}

const IS_FORM = /^multipart\/form-data *(;|$)/i;

function addTaking(app: App, engine: Engine, uploads: Uploads): void {
  const config = {
    method: 'post' as const,
    path: '/v1/documents',
    summary: 'Take documents in',
    description:
      'Files, as `multipart/form-data`: 202 and a task, which extracts them. One text, as JSON: at once.',
    request: {
      body: {
        required: true,
        content: {
          'application/json': { schema: shapes.documentBody },
          'multipart/form-data': { schema: shapes.uploadBody },
        },
      },
    },
    responses: {
      200: json('It was there, or is a new version.', shapes.saved),
      201: json('It is new.', shapes.saved),
      202: json('Accepted; `Location` tells where the task is.', taskShape),
      ...failures,
    },
  };
  addRoute(app, 'admin', config, (asked) =>
    uploads.run(asked.request, async (maxBytes) => {
      const isForm = IS_FORM.test(asked.request.headers.get('content-type') ?? '');
      if (!isForm) return await takeText(engine, asked, maxBytes);
      const { options, files } = await readUpload(asked.request, maxBytes, engine.documents);
      return await accept(engine, asked.caller, { kind: 'upload', options, files });
    }),
  );
}

async function takeText(engine: Engine, { request, caller }: Asked, maxBytes: number) {
  const body = await readJson(request, shapes.documentBody, { maxBytes });
  const { collection = 'default', origin = null, on_duplicate, summary, text, ...fields } = body;
  const told = engine.documents.checkFields(given(fields));
  const { id, version, outcome } = await engine.documents.add(
    { ...told, title: told.title ?? '', collection, origin, content: textContent(text) },
    { by: actorOf(caller), onDuplicate: on_duplicate, summary },
  );
  return answerWith(shapes.saved, { id, version, outcome }, outcome === 'added' ? 201 : 200);
}

function addReading(app: App, { documents }: Engine): void {
  const list = {
    method: 'get' as const,
    path: '/v1/documents',
    summary: 'Documents',
    description: 'By collection and title, a page at a time.',
    request: { query: shapes.documentsQuery },
    responses: { 200: json('A page, and how many there are.', shapes.documents), ...failures },
  };
  addRoute(app, 'read', list, async ({ request, caller }) => {
    const wanted = readQuery(request, shapes.documentsQuery);
    return answerWith(
      shapes.documents,
      await documents.list({ ...wanted, tiers: tiersOf(caller) }),
    );
  });
  const one = {
    method: 'get' as const,
    path: '/v1/documents/{id}',
    summary: 'A document',
    description: 'All about a document; with `text=false` without its text.',
    request: { query: shapes.documentQuery },
    responses: { 200: json('As it is now.', shapes.document), ...failures },
  };
  addRoute(app, 'read', one, async ({ request, caller, params }) => {
    const { text } = readQuery(request, shapes.documentQuery);
    const id = idOf(params, 'document');
    const tiers = tiersOf(caller);
    if (text === 'false')
      return answerWith(shapes.documentSummary, await known(documents.summary(id, tiers)));
    return answerWith(shapes.document, await known(documents.get(id, tiers)));
  });
  const lines = {
    method: 'get' as const,
    path: '/v1/documents.jsonl',
    summary: 'Export',
    description: 'A line of JSON per document, as `POST /v1/imports` takes them.',
    request: { query: shapes.exportQuery },
    responses: {
      200: {
        description: 'The lines, as they are read.',
        content: { 'application/x-ndjson': { schema: { type: 'string' as const } } },
      },
      ...failures,
    },
  };
  addRoute(app, 'admin', lines, async ({ request }) => {
    const { collection } = readQuery(request, shapes.exportQuery);
    const body = NodeStream.from(documents.export({ collection })).pipeThrough(
      new TextEncoderStream(),
    );
    return new Response(body as ReadableStream, {
      headers: { 'content-type': 'application/x-ndjson; charset=utf-8' },
    });
  });
}

function addChanging(app: App, { documents }: Engine): void {
  const change = {
    method: 'patch' as const,
    path: '/v1/documents/{id}',
    summary: 'Change what is known',
    description: 'Fields only: its text and its vectors stay. What is left out stays as it is.',
    request: { body: { required: true, ...json('', shapes.documentPatch) } },
    responses: { 200: json('As it is now.', shapes.documentSummary), ...failures },
  };
  addRoute(app, 'write', change, async ({ request, caller, params }) => {
    const id = idOf(params, 'document');
    const fields = given(await readJson(request, shapes.documentPatch));
    requireTier(caller.tiers, fields.tier);
    const tiers = tiersOf(caller);
    await known(documents.update(id, fields, tiers));
    return answerWith(shapes.documentSummary, await known(documents.summary(id, tiers)));
  });
  const remove = {
    method: 'delete' as const,
    path: '/v1/documents/{id}',
    summary: 'Delete a document',
    description: 'With all its versions. It is in no search from then on.',
    responses: { 200: json('It is gone.', shapes.deleted), ...failures },
  };
  addRoute(app, 'admin', remove, async ({ caller, params }) => {
    await known(documents.delete(idOf(params, 'document'), actorOf(caller)));
    return answerWith(shapes.deleted, { deleted: 1 });
  });
}

/** Nobody moves a document to where they don't see it. */
function requireTier(seen: readonly string[] | null, wanted: string | undefined): void {
  if (seen === null || wanted === undefined || seen.includes(wanted)) return;
  throw new HttpRequestError('FORBIDDEN', 403, 'This token does not reach that tier.', {
    remedy: `It reaches ${seen.join(', ') || 'none'}.`,
  });
}
