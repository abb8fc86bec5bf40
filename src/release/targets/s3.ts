/**
 * A bucket that speaks S3. An upload appears whole by itself; that nothing is replaced, and that of two publishers one wins, the server's conditional
 * writes see to (`If-None-Match`, `If-Match`). A server without them leaves the moment between look and write open.
 */
import { createHash } from 'node:crypto';
import { AwsClient } from 'aws4fetch';
import { ReleaseConflictError, ReleaseTargetError } from '../../errors/index.ts';
import type { S3TargetOptions } from '../target-definition.ts';
import type { ReleaseTarget } from '../target.ts';
import { CHANGING, contentTypeOf, IMMUTABLE } from '../web-headers.ts';
import { checkPath, isEqual } from './path.ts';
import { listBucket } from './s3-list.ts';
import { s3Requests, type S3Request } from './s3-request.ts';

export interface S3Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
}

export function s3Target(options: S3TargetOptions, credentials: S3Credentials): ReleaseTarget {
  const { bucket, prefix = '', region = 'us-east-1' } = options;
  const folder = prefix.replaceAll(/^\/+|\/+$/g, '');
  const name = `s3 ${bucket}${folder === '' ? '' : `/${folder}`}`;
  const client = new AwsClient({ ...keysOf(credentials), service: 's3', region, retries: 4 });
  const request = s3Requests(client, bucketUrl(options, region), name);
  const write = writer(request);
  const key = (path: string) => {
    const checked = checkPath(path, name);
    return folder === '' ? checked : `${folder}/${checked}`;
  };
  const get = async (path: string) => (await read(request, key(path)))?.bytes;
  return {
    name,
    get,
    put: async (path, bytes) => await put({ request, write, name }, key(path), bytes),
    switchPointer: async (path, bytes, expected) =>
      await exchange({ request, write, name }, key(path), bytes, expected),
    list: async (below) =>
      await listBucket(request, folder, below === '' ? '' : checkPath(below, name)),
    remove: async (path) => void (await request('DELETE', key(path), {}, [204, 200, 404])),
  };
}

interface Bucket {
  readonly request: S3Request;
  readonly write: Write;
  /** For people. */
  readonly name: string;
}

function keysOf({ accessKeyId, secretAccessKey, sessionToken }: S3Credentials) {
  return { accessKeyId, secretAccessKey, ...(sessionToken !== undefined && { sessionToken }) };
}

function bucketUrl({ bucket, endpoint, pathStyle }: S3TargetOptions, region: string): URL {
  const server = new URL(endpoint ?? `https://s3.${region}.amazonaws.com`);
  if (pathStyle ?? endpoint !== undefined)
    server.pathname = `${server.pathname.replace(/\/$/, '')}/${bucket}/`;
  else server.host = `${bucket}.${server.host}`;
  if (!server.pathname.endsWith('/')) server.pathname += '/';
  return server;
}

async function read(request: S3Request, key: string) {
  const response = await request('GET', key, {}, [200, 404]);
  if (response.status === 404) return undefined;
  return { bytes: response.bytes, etag: response.headers.get('etag') };
}

async function put(
  { request, write, name }: Bucket,
  key: string,
  bytes: Uint8Array,
): Promise<void> {
  if (await isThere(request, key, bytes, name)) return;
  const status = await write(key, bytes, headersOf(key, IMMUTABLE), { 'if-none-match': '*' });
  // Somebody else was faster, with the same or with something else.
  if (isRefused(status) && !(await isThere(request, key, bytes, name)))
    throw new ReleaseConflictError(name, `${key} is being written by somebody else.`);
}

/**
 * @returns false when nothing is
 * @throws ReleaseTargetError when other bytes are
 */
async function isThere(request: S3Request, key: string, bytes: Uint8Array, name: string) {
  const head = await request('HEAD', key, {}, [200, 404]);
  if (head.status === 404) return false;
  // Most servers tell the MD5 of what they have.
  if (head.headers.get('etag') === `"${createHash('md5').update(bytes).digest('hex')}"`)
    return true;
  const found = await read(request, key);
  if (found === undefined) return false;
  if (isEqual(found.bytes, bytes)) return true;
  throw new ReleaseTargetError(`${name}: ${key} is there already, with other content.`, {
    remedy: 'If it is damaged, delete it and run this again.',
  });
}

async function exchange(
  { request, write, name }: Bucket,
  key: string,
  bytes: Uint8Array,
  expected: Uint8Array | undefined,
): Promise<void> {
  const found = await read(request, key);
  const isSame =
    found === undefined || expected === undefined
      ? found === expected
      : isEqual(found.bytes, expected);
  const lost = () =>
    new ReleaseConflictError(name, `${key} was changed by somebody else meanwhile.`);
  if (!isSame) throw lost();
  const condition: Record<string, string> =
    found === undefined
      ? { 'if-none-match': '*' }
      : found.etag === null
        ? {}
        : { 'if-match': found.etag };
  if (isRefused(await write(key, bytes, headersOf(key, CHANGING), condition))) throw lost();
}

/** @returns the status */
type Write = (
  key: string,
  bytes: Uint8Array,
  headers: Record<string, string>,
  condition: Record<string, string>,
) => Promise<number>;

/** Conditions that the server says it does not know are left out from then on. */
function writer(request: S3Request): Write {
  let isConditional = true;
  return async (key, body, headers, condition) => {
    if (isConditional) {
      const conditional = { headers: { ...headers, ...condition }, body };
      const { status } = await request('PUT', key, conditional, [200, 409, 412, NOT_IMPLEMENTED]);
      if (status !== NOT_IMPLEMENTED) return status;
      isConditional = false;
    }
    return (await request('PUT', key, { headers, body }, [200])).status;
  };
}

const NOT_IMPLEMENTED = 501;

/** The condition did not hold, or another conditional write was under way. */
function isRefused(status: number): boolean {
  return status === 412 || status === 409;
}

function headersOf(key: string, cacheControl: string): Record<string, string> {
  return { 'content-type': contentTypeOf(key), 'cache-control': cacheControl };
}
