/** Imports of many documents in one body. */
import * as shapes from '../document-schemas.ts';
import type { Engine } from '../engine.ts';
import { task as taskShape } from '../task-schemas.ts';
import { readImport } from '../upload.ts';
import type { Uploads } from '../upload-limit.ts';
import { addRoute, type App, failures, json } from './route.ts';
import { accept } from './tasks.ts';

const text = { schema: { type: 'string' as const } };

export function addImportRoutes(app: App, engine: Engine, uploads: Uploads): void {
  const config = {
    method: 'post' as const,
    path: '/v1/imports',
    summary: 'Import',
    description:
      'A document per line of JSON or per row of CSV. The parameters are of documents that don’t tell otherwise.',
    request: {
      query: shapes.importQuery,
      body: { required: true, content: { 'application/x-ndjson': text, 'text/csv': text } },
    },
    responses: {
      202: json('Accepted; `Location` tells where the task is.', taskShape),
      ...failures,
    },
  };
  addRoute(app, 'admin', config, ({ request, caller }) =>
    uploads.run(request, async (maxBytes) =>
      accept(engine, caller, await readImport(request, maxBytes, engine.documents)),
    ),
  );
}
