/**
 * OpenAI's vectors as base64 (little-endian float32): 8 kB in place of some 30 for 1,536 numbers. `@ai-sdk/openai` asks for
 * numbers and takes nothing else, so a `fetch` asks otherwise, and hands what it gets past the library: in the answer's
 * body, beside an empty list. A server that answers numbers all the same is taken as it is.
 */
import { Buffer } from 'node:buffer';
import { ModelAnswerError } from '../../errors/index.ts';

/** Where the text stands in an item of `data`. */
const FIELD = 'embedding_base64';

/** A `fetch` that takes vectors as base64. @param asks whether to ask for it, too; default true */
export function base64Fetch(asks = true): typeof fetch {
  return async (input, init) => {
    const response = await fetch(input, asks ? asking(init) : init);
    if (!response.ok) return response;
    const text = await response.text();
    // Of another length than it came.
    const { status } = response;
    const headers = { 'content-type': response.headers.get('content-type') ?? 'application/json' };
    return new Response(pastLibrary(text), { status, headers });
  };
}

function asking(init: RequestInit | undefined): RequestInit | undefined {
  if (typeof init?.body !== 'string') return init;
  const body = { ...(JSON.parse(init.body) as object), encoding_format: 'base64' };
  return { ...init, body: JSON.stringify(body) };
}

function pastLibrary(text: string): string {
  // Most bodies are numbers: they need not be read twice.
  if (!/"embedding"\s*:\s*"/.test(text)) return text;
  let body: { data?: unknown };
  try {
    body = JSON.parse(text) as { data?: unknown };
  } catch {
    return text;
  }
  if (!Array.isArray(body.data)) return text;
  const data = body.data.map((item: { embedding?: unknown } | null) =>
    typeof item?.embedding === 'string'
      ? { ...item, embedding: [], [FIELD]: item.embedding }
      : item,
  );
  return JSON.stringify({ ...body, data });
}

/**
 * The vector that came as base64 with an item of `data`; null where it came as numbers.
 * @throws ModelAnswerError where it is no base64 of float32
 */
export function base64Vector(item: unknown, provider: string): Float32Array | null {
  const text = typeof item === 'object' && item !== null && FIELD in item ? item[FIELD] : undefined;
  if (typeof text !== 'string') return null;
  const bytes = Buffer.from(text, 'base64');
  if (bytes.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text))
    throw new ModelAnswerError(`${provider} answered an embedding that is no base64 of numbers.`, {
      remedy: 'Check the server: it has to answer numbers, or little-endian float32 as base64.',
    });
  const vector = new Float32Array(bytes.length / 4);
  for (let at = 0; at < vector.length; at++) vector[at] = bytes.readFloatLE(4 * at);
  return vector;
}
