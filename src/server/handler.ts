/**
 * The HTTP interface as one function from a `Request` to a `Response`, for any server that speaks them. Knows the
 * engine by its interface only, and no socket: `serve.ts` has that.
 */
import { randomUUID } from 'node:crypto';
import { OpenAPIHono } from '@hono/zod-openapi';
import type { Context } from 'hono';

import { answerFailure, DRAIN_PATH } from '../edge/index.ts';
import type { ReleaseServing } from '../engine/index.ts';
import { HttpRequestError } from '../errors/index.ts';
import { type Logger, silentLogger } from '../runtime/index.ts';
import {
  type Authenticate,
  checkHost,
  checkTokens,
  requireLoopbackName,
  requireToken,
  type TokenOptions,
} from './access.ts';
import { renderDocs } from './docs.ts';
import type { Engine } from './engine.ts';
import { type EventLimits, EventStreams } from './event-streams.ts';
import { networkOf } from './network.ts';
import { readAssets, renderPage } from './page.ts';
import { isPublicOfReleases, originHeaders } from './release-access.ts';
import {
  addCollectionRoutes,
  addContextRoute,
  addCostRoute,
  addCronRoute,
  addDocumentRoutes,
  addFeedbackRoute,
  addHealthRoute,
  addImportRoutes,
  addModelRoutes,
  addQueueActions,
  addQueueReads,
  addReleaseEvents,
  addReleaseFiles,
  addReleaseLook,
  addReleaseReports,
  addReleaseRoutes,
  addSearchRoutes,
  addTaskRoutes,
  addVersionRoutes,
  type App,
  type Bindings,
  type CronOptions,
} from './routes/index.ts';
import { limitSearches, type SearchLimits } from './search-limit.ts';
import { Uploads, type UploadLimits } from './upload-limit.ts';

export interface HandlerOptions {
  /**
   * An admin's bearer token, called "token" in the audit log. Without any token, callers of this machine only are
   * answered, and those may do everything.
   */
  token?: string;
  /** More tokens, by the name that the audit log knows them by. */
  tokens?: Readonly<Record<string, TokenOptions>>;
  search?: SearchLimits;
  upload?: UploadLimits;
  cron?: CronOptions;
  /** Releases that are shown; whoever started it also stops it. Default none. */
  releases?: ReleaseServing | undefined;
  events?: EventLimits;
  /** A header with the address of who asks, which a server in front sets; default the address of the connection. */
  addressHeader?: string | undefined;
  /** What `cleanup` keeps unless told otherwise, days; default 30. */
  retentionDays?: number;
  /** The address that will be listened on: refused here when it would need a token. */
  host?: string;
  /** Queries that the page offers before the first search. */
  examples?: readonly string[];
  /** For the OpenAPI document. */
  version?: string;
  logger?: Logger;
}

export interface HttpHandler {
  /** @param peer the address that the connection is from, where that is known */
  (request: Request, peer?: string): Promise<Response>;
  /** Ends answers that have no end by themselves. */
  close(): void;
  /** Whether a token guards it, so that it may listen on any address. */
  readonly hasToken: boolean;
}

/** Paths that tell nothing of the installation: the page asks for the token itself, cron has a secret of its own. */
const OPEN_PATHS: ReadonlySet<string> = new Set(['/', '/docs', '/health', DRAIN_PATH]);

/** @throws ConfigError for tokens that can't be sent or told apart, or an address that needs one */
export function createHandler(engine: Engine, options: HandlerOptions = {}): HttpHandler {
  const { logger = silentLogger } = options;
  const { tiers } = engine.documents;
  const tokens = checkTokens(options.token, options.tokens ?? {}, tiers);
  const hasToken = Object.keys(tokens).length > 0;
  if (options.host !== undefined) checkHost(options.host, hasToken);
  const authenticate = hasToken ? requireToken(tokens, tiers) : requireLoopbackName;

  const app: App = new OpenAPIHono<{ Bindings: Bindings }>();
  const limited = limitSearches(options.search ?? {});
  addSearchRoutes(app, engine, limited);
  addContextRoute(app, engine, limited);
  addFeedbackRoute(app, engine);
  addQueueReads(app, engine);
  addQueueActions(app, engine, options.retentionDays);
  addCostRoute(app, engine);
  addModelRoutes(app, engine);
  const uploads = new Uploads(options.upload ?? {});
  addDocumentRoutes(app, engine, uploads);
  addVersionRoutes(app, engine);
  addCollectionRoutes(app, engine);
  addImportRoutes(app, engine, uploads);
  addTaskRoutes(app, engine);
  addHealthRoute(app, engine, authenticate);
  addCronRoute(app, engine, options.cron ?? {});
  const streams = new EventStreams(options.events ?? {});
  addReleaseRoutes(app, engine, options.releases, streams);
  addReleaseLook(app, options.releases);
  addReleaseEvents(app, options.releases, streams);
  addReleaseReports(app, options.releases);
  addReleaseFiles(app, options.releases);
  addPages(app, options, hasToken);
  app.notFound((context) => {
    throw notFound(app, context);
  });
  app.onError((error) => {
    throw error;
  });
  const { addressHeader } = options;
  const answer = async (request: Request, peer?: string) => {
    const requestId = randomUUID();
    const header = addressHeader === undefined ? null : request.headers.get(addressHeader);
    const guards = { authenticate, hasToken, network: networkOf(peer, header) };
    const response = await respond(app, request, guards).catch((error) =>
      answerFailure(error, { requestId, logger, hasDocs: true }),
    );
    const own = { ...originHeaders(options.releases, request), 'x-request-id': requestId };
    addHeaders(response, own);
    return response;
  };
  return Object.assign(answer, { hasToken, close: () => streams.close() });
}

interface Guards {
  readonly authenticate: Authenticate;
  readonly hasToken: boolean;
  readonly network: string;
}

async function respond(
  app: App,
  request: Request,
  { authenticate, hasToken, network }: Guards,
): Promise<Response> {
  const { pathname } = new URL(request.url);
  // Without a token even what is public is guarded, but not what has a secret of its own.
  const isPublic = OPEN_PATHS.has(pathname) || isPublicOfReleases(pathname);
  const isOpen = isPublic && (hasToken || pathname === DRAIN_PATH);
  return await app.fetch(request, { caller: isOpen ? null : authenticate(request), network });
}

/** What is the same for every caller, made once. */
function addPages(app: App, options: HandlerOptions, hasToken: boolean): void {
  const assets = readAssets();
  const page = renderPage(assets, options.examples ?? []);
  app.openAPIRegistry.registerComponent('securitySchemes', 'bearer', {
    type: 'http',
    scheme: 'bearer',
  });
  app.openAPIRegistry.registerComponent('securitySchemes', 'cron', {
    type: 'http',
    scheme: 'bearer',
    description: 'CRON_SECRET',
  });
  const openapi = app.getOpenAPI31Document({
    openapi: '3.1.0',
    info: {
      title: 'Evervec',
      version: options.version ?? '0.1.0',
      description: 'Search over tables that are kept embedded, and the queue that keeps them so.',
    },
    ...(hasToken && { security: [{ bearer: [] }] }),
  });
  const docs = renderDocs(assets, openapi);
  app.get('/', () => page());
  app.get('/docs', () => docs());
  app.get('/openapi.json', (context) => context.json(openapi));
}

/** 405 where the path is known, with the methods that it takes. */
function notFound(app: App, context: Context): HttpRequestError {
  const methods = app.routes
    .filter((route) => isAt(route.path, context.req.path) && route.method !== 'ALL')
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

/** Whether a path is that of a route, whatever stands in the places that it leaves open. */
function isAt(route: string, path: string): boolean {
  const open = route.split('/');
  const parts = path.split('/');
  return (
    open.length === parts.length &&
    open.every((part, index) => part.startsWith(':') || part === parts[index])
  );
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

/** Headers that the answer has of its own stay, but for `own`. */
function addHeaders({ headers }: Response, own: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(own)) headers.set(name, value);
  for (const [name, value] of Object.entries(STANDARD_HEADERS))
    if (!headers.has(name)) headers.set(name, value);
}
