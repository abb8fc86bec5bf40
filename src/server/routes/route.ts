/** What all routes have in common: one description for OpenAPI, the scope that is asked for, and typed answers. */
import { createRoute, type OpenAPIHono, type RouteConfig, z } from '@hono/zod-openapi';
import type { Context } from 'hono';

import { type Caller, requireScope, type Scope } from '../access.ts';
import { failure } from '../schemas.ts';
import { textAnswer } from '../text-answer.ts';

/** What the handler hands to the routes with each request; null on paths that are open to all. */
export interface Bindings {
  caller: Caller | null;
  /** Which the request is from: see `network.ts`. */
  network: string;
}

export type App = OpenAPIHono<{ Bindings: Bindings }>;

export interface Asked {
  request: Request;
  caller: Caller;
  /** Of the path, by the names that stand in braces there. */
  params: Readonly<Record<string, string>>;
}

export const json = <Schema extends z.ZodType>(description: string, schema: Schema) => ({
  description,
  content: { 'application/json': { schema } },
});

export const failures = {
  '4XX': json('The request is at fault; the message says how.', failure),
  '5XX': json('The server is; with 503, try again after `Retry-After`.', failure),
};

/** `value` as the answer; the compiler checks it against `schema`, which is for that and for OpenAPI alone. */
export function answerWith<Schema extends z.ZodType>(
  _schema: Schema,
  value: z.input<Schema>,
  status = 200,
): Response {
  return textAnswer(JSON.stringify(value), {
    status,
    headers: { 'content-type': 'application/json' },
  });
}

/** Adds a route that callers of `scope` and more may use. */
export function addRoute(
  app: App,
  scope: Scope,
  config: RouteConfig,
  run: (asked: Asked) => Promise<Response>,
): void {
  const description = `${config.description ?? ''} Scope \`${scope}\`.`.trim();
  const names = [...config.path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => [name, z.string()]);
  const params = names.length > 0 && { params: z.object(Object.fromEntries(names)) };
  const request = { ...config.request, ...params };
  app.openAPIRegistry.registerPath(createRoute({ ...config, request, description }));
  const path = config.path.replaceAll(/\{(\w+)\}/g, ':$1');
  app.on([config.method.toUpperCase()], path, async (context: Context) => {
    const { caller } = context.env as Bindings;
    if (caller === null) throw new Error(`${config.path} is guarded, and nobody was let in.`);
    requireScope(caller, scope);
    return await run({ request: context.req.raw, caller, params: context.req.param() });
  });
}
