/**
 * The HTTP interface as one function from a `Request` to a `Response`, for any server that speaks them. Knows the
 * engine by its interface only, and no socket: `serve.ts` has that.
 */
import { randomUUID } from 'node:crypto';
import { OpenAPIHono } from '@hono/zod-openapi';
import type { Context } from 'hono';

import { HttpRequestError } from '../errors/index.ts';
import { type Logger, silentLogger } from '../runtime/index.ts';
import {
  type AccessCheck,
  checkHost,
  checkToken,
  requireLoopbackName,
  requireToken,
} from './access.ts';
import { renderDocs } from './docs.ts';
import type { Engine } from './engine.ts';
import { answerFailure } from './failure.ts';
import { readAssets, renderPage } from './page.ts';
import { addRoutes } from './routes.ts';

export interface HandlerOptions {
  /** Asked of every caller as a bearer token. Without one, callers of this machine only are answered. */
  token?: string;
  /** The address that will be listened on: refused here when it would need a token. */
  host?: string;
  /** Queries that the page offers before the first search. */
  examples?: readonly string[];
  /** For the OpenAPI document. */
  version?: string;
  logger?: Logger;
}

export interface HttpHandler {
  (request: Request): Promise<Response>;
  /** Whether a token guards it, so that it may listen on any address. */
  readonly hasToken: boolean;
}

/** Paths that hold nothing of the installation: the page asks for the token itself. */
const OPEN_PATHS: ReadonlySet<string> = new Set(['/', '/docs', '/health']);

/** @throws ConfigError for a token that can't be sent, or an address that needs one */
export function createHandler(engine: Engine, options: HandlerOptions = {}): HttpHandler {
  const { token, logger = silentLogger } = options;
  if (token !== undefined) checkToken(token);
  if (options.host !== undefined) checkHost(options.host, token !== undefined);
  const check = token === undefined ? requireLoopbackName : requireToken(token);

  const app = new OpenAPIHono();
  addRoutes(app, engine);
  addDocuments(app, options);
  app.notFound((context) => {
    throw notFound(app, context);
  });
  app.onError((error) => {
    throw error;
  });
  const answer = async (request: Request) => {
    const requestId = randomUUID();
    const response = await respond(app, check, token !== undefined, request).catch((error) =>
      answerFailure(error, requestId, logger),
    );
    return withStandardHeaders(response, requestId);
  };
  return Object.assign(answer, { hasToken: token !== undefined });
}

async function respond(
  app: OpenAPIHono,
  check: AccessCheck,
  hasToken: boolean,
  request: Request,
): Promise<Response> {
  const { pathname } = new URL(request.url);
  if (!hasToken || !OPEN_PATHS.has(pathname)) check(request);
  return await app.fetch(request);
}

/** What is the same for every caller, made once. */
function addDocuments(app: OpenAPIHono, options: HandlerOptions): void {
  const assets = readAssets();
  const page = renderPage(assets, options.examples ?? []);
  app.openAPIRegistry.registerComponent('securitySchemes', 'bearer', {
    type: 'http',
    scheme: 'bearer',
  });
  const openapi = app.getOpenAPI31Document({
    openapi: '3.1.0',
    info: {
      title: 'Evervec',
      version: options.version ?? '0.1.0',
      description: 'Search over tables that are kept embedded, and the state of the queue.',
    },
    ...(options.token !== undefined && { security: [{ bearer: [] }] }),
  });
  const docs = renderDocs(assets, openapi);
  app.get('/', () => page());
  app.get('/docs', () => docs());
  app.get('/openapi.json', (context) => context.json(openapi));
}

/** 405 where the path is known, with the methods that it takes. */
function notFound(app: OpenAPIHono, context: Context): HttpRequestError {
  const methods = app.routes
    .filter((route) => route.path === context.req.path && route.method !== 'ALL')
    .flatMap(({ method }) => (method === 'GET' ? ['GET', 'HEAD'] : [method]));
  if (methods.length === 0)
    return new HttpRequestError('NOT_FOUND', 404, 'There is nothing at this path.', {
      remedy: 'See /docs for what there is.',
    });
  const allowed = methods.join(', ');
  return new HttpRequestError('METHOD', 405, `This path takes ${allowed} only.`, {
    remedy: 'See /docs for an example.',
    headers: { allow: allowed },
  });
}

/** For answers that have none of their own; a page brings its own policy. */
const STANDARD_HEADERS: Readonly<Record<string, string>> = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=()',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
};

function withStandardHeaders(response: Response, requestId: string): Response {
  const headers = new Headers(response.headers);
  for (const [name, value] of Object.entries(STANDARD_HEADERS))
    if (!headers.has(name)) headers.set(name, value);
  headers.set('x-request-id', requestId);
  return new Response(response.body, { status: response.status, headers });
}
