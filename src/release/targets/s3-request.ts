/** One signed request to a bucket: retried while the server is unwell, ended when it takes too long, and an error of ours when it is refused. */
import type { AwsClient } from 'aws4fetch';
import { ReleaseTargetError } from '../../errors/index.ts';

export interface S3Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/**
 * @param key of the object; empty for the bucket
 * @param expected statuses that are answers; all others are errors
 */
export type S3Request = (
  method: string,
  key: string,
  parts: {
    query?: Record<string, string>;
    headers?: Record<string, string>;
    body?: Uint8Array;
  },
  expected: readonly number[],
) => Promise<S3Answer>;

/** For 1 GiB at 4 MB/s. */
const TIMEOUT_MS = 300_000;
const TRIES = 3;

export function s3Requests(client: AwsClient, bucket: URL, name: string): S3Request {
  return async (method, key, { query = {}, headers = {}, body }, expected) => {
    const url = new URL(key.split('/').map(encodeURIComponent).join('/'), bucket);
    for (const [one, value] of Object.entries(query)) url.searchParams.set(one, value);
    const answer = await send(client, url, { method, headers, ...(body && { body }) }, name);
    if (expected.includes(answer.status)) return answer;
    throw refused(answer, `${method} ${key === '' ? 'the list' : key}`, name);
  };
}

async function send(
  client: AwsClient,
  url: URL,
  request: { method: string; headers: Record<string, string>; body?: Uint8Array },
  name: string,
): Promise<S3Answer> {
  for (let tries = 1; ; tries++)
    try {
      const response = await client.fetch(url.href, {
        ...request,
        body: (request.body as Uint8Array<ArrayBuffer> | undefined) ?? null,
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      const bytes = new Uint8Array(await response.arrayBuffer());
      return { status: response.status, headers: response.headers, bytes };
    } catch (error) {
      if (tries < TRIES) continue;
      throw new ReleaseTargetError(`${name}: ${url.host} can't be reached (${causeOf(error)}).`, {
        remedy: 'Check the endpoint, the region and the network, then run this again.',
        cause: error,
        isRetryable: true,
      });
    }
}

function causeOf(error: unknown): string {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  if (cause instanceof Error && 'code' in cause) return String(cause.code);
  return cause instanceof Error ? cause.name : 'unknown';
}

/** Of the server's answer only its code: messages may quote what was sent. */
function refused({ status, bytes }: S3Answer, what: string, name: string): ReleaseTargetError {
  const [, code] = /<Code>([A-Za-z0-9]{1,60})<\/Code>/.exec(Buffer.from(bytes).toString()) ?? [];
  const shown = code === undefined ? String(status) : `${status} ${code}`;
  return new ReleaseTargetError(`${name}: ${what} is answered ${shown}.`, {
    remedy: remedyOf(status),
    isRetryable: status >= 500 || status === 429,
  });
}

function remedyOf(status: number): string {
  if (status === 401 || status === 403)
    return 'Check the access key, and that it may list, get, put and delete objects there.';
  if (status === 404) return 'Check the name of the bucket, its region and its endpoint.';
  if (status >= 500 || status === 429) return 'Run this again later. It goes on where it stopped.';
  return 'Check the bucket, its region and its endpoint.';
}
