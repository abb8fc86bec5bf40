/** Reads a JSON body: the content type, the size, the text, the JSON and the shape, each with its own refusal. */
import type { z } from '@hono/zod-openapi';

import { HttpRequestError } from '../errors/index.ts';

export const MAX_BODY_BYTES = 1_048_576;

/**
 * A page of another site can make a browser send a form, plain text or nothing at all to an open server, but neither
 * `application/json` nor an `Authorization` header without asking first, and nobody answers that question. So a POST
 * without a body is taken only with that header.
 * @param options `mayBeEmpty`: no body means `{}`; `maxBytes`: default 1 MB; `types` that are taken, default `application/json`
 * @throws HttpRequestError saying what is wrong and where
 */
export async function readJson<Schema extends z.ZodType>(
  request: Request,
  schema: Schema,
  options: { mayBeEmpty?: boolean; maxBytes?: number; types?: RegExp } = {},
): Promise<z.output<Schema>> {
  const isBare =
    options.mayBeEmpty === true &&
    !request.headers.has('content-type') &&
    request.headers.has('authorization');
  const { types = JSON_TYPE } = options;
  if (!isBare) checkContentType(request, types);
  const text = decode(await readBytes(request, options.maxBytes ?? MAX_BODY_BYTES));
  if (isBare && text !== '') checkContentType(request, types);
  const value = isBare ? {} : parseJson(text);
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new HttpRequestError(
    'BODY',
    400,
    `The request is wrong: ${describeIssues(parsed.error)}.`,
    {
      remedy: 'See /docs for the fields.',
    },
  );
}

const JSON_TYPE = /^application\/json *(;|$)/i;

function checkContentType(request: Request, types: RegExp): void {
  const type = request.headers.get('content-type') ?? '';
  if (types.test(type)) return;
  throw new HttpRequestError(
    'CONTENT_TYPE',
    415,
    type === '' ? 'The request has no content type.' : 'That content type is not taken here.',
    { remedy: 'Send JSON with "Content-Type: application/json".' },
  );
}

/**
 * Counts while it reads: a length that the caller states is a hint, and may be missing.
 * @throws HttpRequestError at the limit, before the rest is read
 */
export async function readBytes(request: Request, maxBytes: number): Promise<Buffer> {
  const stated = Number(request.headers.get('content-length') ?? Number.NaN);
  if (stated > maxBytes) throw tooLarge(maxBytes);
  const chunks: Uint8Array[] = [];
  let size = 0;
  const take = (chunk: Uint8Array) => {
    size += chunk.byteLength;
    if (size > maxBytes) throw tooLarge(maxBytes);
    chunks.push(chunk);
  };
  try {
    // A connection gives no more than it stated. Read whole, a body needs no stream, but is copied: an upload is not.
    if (stated <= MAX_BODY_BYTES) take(new Uint8Array(await request.arrayBuffer()));
    else for await (const chunk of request.body ?? []) take(chunk);
  } catch (cause) {
    if (cause instanceof HttpRequestError) throw cause;
    throw new HttpRequestError('BODY', 400, 'The body could not be read to its end.', {
      remedy: 'Send it again.',
      cause,
    });
  }
  return Buffer.concat(chunks);
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new HttpRequestError('BODY', 400, 'The body is not UTF-8.', {
      remedy: 'Send the JSON as UTF-8.',
      cause,
    });
  }
}

function tooLarge(maxBytes: number): HttpRequestError {
  return new HttpRequestError(
    'TOO_LARGE',
    413,
    `The body has more than ${maxBytes.toLocaleString('en')} bytes.`,
    {
      remedy: 'Send less at once: the passage that matters, or fewer documents.',
      // The rest of the body is not read, so the connection can't be used again.
      headers: { connection: 'close' },
    },
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.slice(0, 200) : '';
    throw new HttpRequestError('BODY', 400, `The body is not JSON: ${reason}.`, {
      remedy: 'Check quotes, commas and brackets.',
      cause,
    });
  }
}

/** `limit: Too big: expected number to be <=1000; offset: …`, the first few. */
export function describeIssues(error: z.ZodError): string {
  return error.issues
    .slice(0, 5)
    .map(({ path, message }) => {
      const at = path.map(String).join('.');
      return at === '' ? message : `${at}: ${message}`;
    })
    .join('; ');
}
