/**
 * A server that speaks S3 (s3rver), in this process, with the access keys that it knows. It checks whose key it is, not what a key of version 4 signed, and
 * knows no conditional writes; those are added here as Amazon documents them, so that both kinds of server are there.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** The folder that it is found from; undefined where it is not installed. */
const LIBRARY = process.env['EVERVEC_TEST_S3'];
export const hasS3 = LIBRARY !== undefined;

export const S3_KEYS = { accessKeyId: 'S3RVER', secretAccessKey: 'S3RVER' };

interface Context {
  readonly method: string;
  readonly path: string;
  status: number;
  body: unknown;
  readonly app: { store: Store };
  get(header: string): string;
}
interface Store {
  getObject(
    bucket: string,
    key: string,
  ): Promise<{ metadata: { etag: string }; content: { destroy(): void } } | null>;
}
type Middleware = (context: Context, next: () => Promise<void>) => Promise<void>;

interface Server {
  readonly middleware: Middleware[];
  run(): Promise<AddressInfo>;
  close(): Promise<void>;
}

export interface S3Server extends AsyncDisposable {
  readonly endpoint: string;
  /** Answers the next requests of that method with this status; undefined as before. */
  refuse(method: string, status: number | undefined): void;
  /** Headers of what was asked, newest last. */
  readonly asked: { method: string; path: string; header(name: string): string }[];
}

export interface S3Options {
  /** What the server makes of a conditional write: keeps to it, does not see the condition, or says that it does not know such a thing. */
  readonly conditions: 'kept' | 'ignored' | 'refused';
}

export async function startS3({ conditions }: S3Options): Promise<S3Server> {
  if (LIBRARY === undefined) throw new Error('EVERVEC_TEST_S3 is not set: npm run services');
  const require = createRequire(path.join(LIBRARY, 'package.json'));
  withDes(require('node:crypto'));
  const S3rver: new (options: object) => Server = require('s3rver');
  const directory = await mkdtemp(path.join(tmpdir(), 'evervec-s3-'));
  const server = new S3rver({
    address: '127.0.0.1',
    port: 0,
    silent: true,
    directory,
    serviceEndpoint: 'localhost',
    vhostBuckets: false,
    configureBuckets: [{ name: 'kb' }],
  });
  const refused = new Map<string, number>();
  const asked: S3Server['asked'] = [];
  server.middleware.unshift(async (context, next) => {
    asked.push({ method: context.method, path: context.path, header: (name) => context.get(name) });
    const status = refused.get(context.method);
    if (status === undefined) return await next();
    context.status = status;
    context.body = '<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>';
  });
  if (conditions === 'kept') server.middleware.splice(1, 0, conditionalWrites());
  if (conditions === 'refused') server.middleware.splice(1, 0, refuseConditions);
  const { port } = await server.run();
  return {
    endpoint: `http://127.0.0.1:${port}`,
    asked,
    refuse: (method, status) =>
      void (status === undefined ? refused.delete(method) : refused.set(method, status)),
    [Symbol.asyncDispose]: async () => {
      await server.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

type MakeCipher = (name: string, key: Buffer, iv: Buffer) => unknown;

/** Its tokens of lists are enciphered by DES, which OpenSSL has left as Triple DES with one key thrice. */
function withDes(crypto: Record<'createCipheriv' | 'createDecipheriv', MakeCipher>): void {
  for (const name of ['createCipheriv', 'createDecipheriv'] as const) {
    const make = crypto[name];
    crypto[name] = (cipher, key, iv) =>
      cipher === 'des'
        ? make('des-ede3-cbc', Buffer.concat([key, key, key]), iv)
        : make(cipher, key, iv);
  }
}

const refuseConditions: Middleware = async (context, next) => {
  const hasCondition = context.get('if-match') !== '' || context.get('if-none-match') !== '';
  if (context.method !== 'PUT' || !hasCondition) return await next();
  context.status = 501;
  context.body = '<?xml version="1.0"?><Error><Code>NotImplemented</Code></Error>';
};

/** One conditional write at a time: the look and the write are one step. */
function conditionalWrites(): Middleware {
  let last: Promise<unknown> = Promise.resolve();
  return async (context, next) => {
    const wanted = context.get('if-match');
    const isNew = context.get('if-none-match') === '*';
    if (context.method !== 'PUT' || (wanted === '' && !isNew)) return await next();
    const before = last;
    const turn = Promise.withResolvers<void>();
    last = turn.promise;
    await before;
    try {
      const [, bucket = '', ...key] = context.path.split('/');
      const found = await context.app.store.getObject(bucket, decodeURIComponent(key.join('/')));
      found?.content.destroy();
      const etag = found?.metadata.etag;
      if (isNew ? etag === undefined : etag === wanted) return await next();
      context.status = 412;
      context.body = '<?xml version="1.0"?><Error><Code>PreconditionFailed</Code></Error>';
    } finally {
      turn.resolve();
    }
  };
}
