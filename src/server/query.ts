/** Reads the parameters of a URL: each once, known, and of the right shape. */
import type { z } from '@hono/zod-openapi';

import { HttpRequestError } from '../errors/index.ts';
import { describeIssues } from './body.ts';

/** @throws HttpRequestError naming each parameter that is wrong */
export function readQuery<Schema extends z.ZodType>(
  request: Request,
  schema: Schema,
): z.output<Schema> {
  const { searchParams } = new URL(request.url);
  const names = [...searchParams.keys()];
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw wrong(`${twice}: given more than once`);
  const parsed = schema.safeParse(Object.fromEntries(searchParams));
  if (parsed.success) return parsed.data;
  throw wrong(describeIssues(parsed.error));
}

function wrong(faults: string): HttpRequestError {
  return new HttpRequestError('QUERY', 400, `The parameters are wrong: ${faults}.`, {
    remedy: 'See /docs for those that this path takes.',
  });
}
