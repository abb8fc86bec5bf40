/** The page at `/docs`: the OpenAPI document and the error codes, as HTML without a script. */
import type { OpenAPIHono } from '@hono/zod-openapi';

import { escapeHtml, htmlAnswer } from './page.ts';

type Document = ReturnType<OpenAPIHono['getOpenAPI31Document']>;

interface Operation {
  summary?: string;
  description?: string;
  parameters?: { name: string; in: string; schema?: Shape; description?: string }[];
  requestBody?: { content?: Answer };
  responses?: Record<string, { description?: string; content?: Answer }>;
}

type Answer = Record<string, { schema?: { $ref?: string } }>;

const EXAMPLE = `curl -s http://127.0.0.1:3883/v1/search \\
  -H 'content-type: application/json' \\
  -d '{"query": "quiet overnight flight to London", "limit": 3}'`;

/** Code, status, what it means and what to do. */
const CODES: readonly (readonly [code: string, status: string, meaning: string])[] = [
  [
    'EVERVEC_HTTP_BODY',
    '400',
    'The body is not JSON, or a field is missing, unknown or out of range. The message names it.',
  ],
  [
    'EVERVEC_SEARCH_REQUEST',
    '400',
    'The search can’t be run as asked: an unknown filter column, a value of another type.',
  ],
  [
    'EVERVEC_LABEL',
    '400',
    'A labelled query can’t be kept: a grade out of range, a record that no search of yours finds.',
  ],
  [
    'EVERVEC_UNKNOWN_SOURCE',
    '400',
    'A source is named that is not set up. The remedy lists those that are.',
  ],
  [
    'EVERVEC_HTTP_QUERY',
    '400',
    'A parameter of the URL is unknown, given twice or out of range. The message names it.',
  ],
  [
    'EVERVEC_HTTP_CONFIRM',
    '400',
    'The action wants "confirm": true in the body, or ?confirm=true where it has none. Nothing was done.',
  ],
  [
    'EVERVEC_HTTP_MULTIPART',
    '400',
    'The form can’t be read, has too many parts, or a field that is unknown or too long.',
  ],
  [
    'EVERVEC_HTTP_FILE',
    '400',
    'A file of the form is missing, empty, or has a name that is none. Nothing was accepted.',
  ],
  [
    'EVERVEC_DOCUMENT',
    '400',
    'A field of the document is wrong, or it is there already and that was to be an error.',
  ],
  ['EVERVEC_CONFIG', '400', 'Documents are switched off here.'],
  [
    'EVERVEC_QUEUE_REQUEST',
    '400',
    'The queue can’t do that as asked. The remedy says what it takes.',
  ],
  [
    'EVERVEC_COST_REQUEST',
    '400',
    'The days of `from`, `to` or `days` are none, or contradict each other.',
  ],
  ['EVERVEC_UNKNOWN_JOB', '400', 'There is no such job, or it is not one to retry.'],
  ['EVERVEC_UNKNOWN_LANE', '400', 'There is no such lane. The remedy lists those that are.'],
  ['EVERVEC_SCHEMA', '400', 'Evervec is not set up in the database, or not up to date.'],
  ['EVERVEC_HTTP_UNAUTHORIZED', '401', 'The token is missing or wrong. Send it as a bearer token.'],
  [
    'EVERVEC_HTTP_FORBIDDEN',
    '403',
    'The token is right, but its scope does not reach this far: the message names both. Or pages of this origin may not report here.',
  ],
  [
    'EVERVEC_HTTP_HOST',
    '403',
    'Without a token the server answers to 127.0.0.1 and localhost only, and takes no files from pages of other sites.',
  ],
  [
    'EVERVEC_HTTP_NOT_FOUND',
    '404',
    'There is nothing at this path, or nothing that the token sees.',
  ],
  ['EVERVEC_HTTP_METHOD', '405', 'The path takes another method; see the Allow header.'],
  [
    'EVERVEC_HTTP_TOO_LARGE',
    '413',
    'The body is larger than 1 MB; of an upload, than server.uploadMaxBytes.',
  ],
  [
    'EVERVEC_HTTP_CONTENT_TYPE',
    '415',
    'The path takes another type, most application/json. Without a body a POST needs a bearer token.',
  ],
  [
    'EVERVEC_HTTP_TOO_MANY',
    '429',
    'Too many reports came from this network. Try again after Retry-After.',
  ],
  [
    'EVERVEC_HTTP_BUSY',
    '503',
    'As many searches, uploads or open connections as the server takes at once are there. Try again after Retry-After.',
  ],
  ['EVERVEC_HTTP_TIME_LIMIT', '503', 'The search took longer than the server allows.'],
  [
    'EVERVEC_DATABASE_UNREACHABLE',
    '503',
    'The database does not answer. Try again after Retry-After.',
  ],
  ['EVERVEC_QUERY', '500', 'A statement failed. The SQLSTATE says how, the server’s log where.'],
  ['EVERVEC_PERMISSION', '500', 'The server’s database role lacks a privilege.'],
  [
    'EVERVEC_MODEL_ANSWER',
    '500',
    'The embedding model gave no usable answer; 503 where trying again may help.',
  ],
  [
    'EVERVEC_INTERNAL',
    '500',
    'A fault of the server. Its log has the details under the request id.',
  ],
];

export function renderDocs(assets: { style: string }, document: Document): () => Response {
  const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>HTTP interface · Evervec</title>
<style></style>
</head>
<body class="docs">
<header class="top"><a class="brand" href="/">Evervec</a><span class="tagline">HTTP interface, version ${escapeHtml(document.info.version)}</span></header>
<main>
<h1>HTTP interface</h1>
<p>Everything is JSON. The same as an <a href="/openapi.json">OpenAPI document</a>, for tools that make clients from it.
Where a token is set, send it as <code>Authorization: Bearer …</code>.</p>
<pre tabindex="0"><code>${escapeHtml(EXAMPLE)}</code></pre>
<h2>Routes</h2>
${operations(document)}
<h2>Shapes</h2>
${shapes(document)}
<h2>Errors</h2>
<p>Every error is <code>{ "error": { "code", "message", "remedy", "link", "requestId" } }</code>. The code is stable; the
message may change. The request id is also in the <code>X-Request-Id</code> header and in the server’s log.</p>
<dl class="codes">${CODES.map(codeEntry).join('')}</dl>
</main>
</body>
</html>
`;
  return htmlAnswer(html, { style: assets.style });
}

function operations({ paths = {} }: Document): string {
  return Object.entries(paths)
    .flatMap(([path, methods]) =>
      (Object.entries(methods) as [string, Operation][]).map(([method, operation]) =>
        operationEntry(path, method, operation),
      ),
    )
    .join('');
}

function operationEntry(path: string, method: string, operation: Operation): string {
  const answers = Object.entries(operation.responses ?? {}).map(
    ([status, { description = '', content }]) =>
      `<dt>${escapeHtml(status)}</dt><dd>${prose(description)} ${shapeLink(content)}</dd>`,
  );
  const body = operation.requestBody
    ? `<dt>body</dt><dd>${shapeLink(operation.requestBody.content)}</dd>`
    : '';
  const asked = (operation.parameters ?? []).filter((one) => one.in === 'query');
  const parameters = asked.map(
    ({ name, schema = {}, description = schema.description ?? '' }) =>
      `<dt><code>?${escapeHtml(name)}=</code></dt><dd>${typeText(schema)}. ${prose(description)}</dd>`,
  );
  return `<section class="operation">
<h3><span class="method">${escapeHtml(method.toUpperCase())}</span> <code>${escapeHtml(path)}</code></h3>
<p>${prose(operation.description ?? operation.summary ?? '')}</p>
<dl class="answers">${parameters.join('')}${body}${answers.join('')}</dl>
</section>
`;
}

function shapeLink(content: Answer | undefined): string {
  const schema = content?.['application/json']?.schema;
  return schema?.$ref ? typeText(schema) : '';
}

/** The part of a JSON schema that our shapes use. */
interface Shape {
  $ref?: string;
  type?: string | string[];
  description?: string;
  enum?: (string | null)[];
  items?: Shape;
  properties?: Record<string, Shape>;
  required?: string[];
  additionalProperties?: Shape | boolean;
  anyOf?: Shape[];
  minimum?: number;
  maximum?: number;
}

function shapes({ components }: Document): string {
  return Object.entries((components?.schemas ?? {}) as Record<string, Shape>)
    .map(
      ([name, shape]) =>
        `<section id="${name}"><h3>${name}</h3><dl class="shape">${fieldRows(shape, '')}</dl></section>`,
    )
    .join('\n');
}

/** A row for each field, those of objects inside with their path. */
function fieldRows(shape: Shape, path: string): string {
  return Object.entries(shape.properties ?? {})
    .map(([name, field]) => {
      const at = `${path}${name}`;
      const isRequired = shape.required?.includes(name) ?? false;
      const inner = field.items?.properties ? field.items : field;
      return (
        `<dt><code>${escapeHtml(at)}</code>${isRequired ? '' : ' <span class="status">optional</span>'}</dt>` +
        `<dd>${typeText(field)}${field.description ? `. ${prose(field.description)}` : ''}</dd>` +
        fieldRows(inner, `${at}${inner === field ? '.' : '[].'}`)
      );
    })
    .join('');
}

function typeText(shape: Shape): string {
  const name = shape.$ref?.split('/').at(-1);
  if (name !== undefined) return `<a href="#${name}">${name}</a>`;
  if (shape.enum)
    return shape.enum.map((one) => `<code>${escapeHtml(String(one))}</code>`).join(' or ');
  if (shape.anyOf) return shape.anyOf.map(typeText).join(' or ');
  if (shape.items) return `array of ${typeText(shape.items)}`;
  if (typeof shape.additionalProperties === 'object' && shape.additionalProperties.type)
    return `object of ${typeText(shape.additionalProperties)}`;
  const type = [shape.type ?? 'any value'].flat().join(' or ');
  const { minimum, maximum } = shape;
  // Whole numbers without a limit of ours carry the largest exact one.
  const isLimited = maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER;
  return isLimited ? `${type}, ${minimum ?? 0} to ${maximum}` : type;
}

/** Text with `code` in it. */
function prose(text: string): string {
  return escapeHtml(text).replaceAll(/`([^`]+)`/g, '<code>$1</code>');
}

function codeEntry([code, status, meaning]: (typeof CODES)[number]): string {
  return `<dt id="${code}"><code>${code}</code> <span class="status">${status}</span></dt><dd>${escapeHtml(meaning)}</dd>`;
}
