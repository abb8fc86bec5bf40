/** Serves the page and its releases on loopback, with the headers that a host of them should send. */
import { readFile } from 'node:fs/promises';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { Refused } from './say.ts';

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.json': 'application/json',
  '.webmanifest': 'application/manifest+json',
};

/** Own files alone. WebAssembly multiplies the vectors; without the word for it the page would do so in JavaScript. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "worker-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const HEADERS = {
  'content-security-policy': POLICY,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
  'cross-origin-resource-policy': 'same-origin',
};

/** What never changes under its name. */
const IMMUTABLE = /^kb\/(b|d|m|releases)\//;
const PAGE = 'index.html';
/** Names of letters and digits, none that begins with a dot: no way out of the folder. */
const NAME = /^\w[\w.-]*(\/\w[\w.-]*)*$/;

export interface Site {
  readonly app: string;
  readonly kb: string;
  /** 0: any that is free. */
  readonly port: number;
}

export interface RunningSite {
  readonly url: string;
  close(): Promise<void>;
}

/** @throws Refused where the port is taken */
export async function serveSite({ app, kb, port }: Site): Promise<RunningSite> {
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://x');
    if (request.method !== 'GET' && request.method !== 'HEAD') return answer(response, 405);
    const [file, body] = await read({ app, kb }, pathname === '/' ? PAGE : pathname.slice(1));
    answer(response, 200, body, {
      'content-type': TYPES[path.extname(file)] ?? 'application/octet-stream',
      'cache-control': IMMUTABLE.test(file) ? 'public, max-age=31536000, immutable' : 'no-cache',
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        error.code === 'EADDRINUSE'
          ? new Refused(`Port ${port} is taken. Name another one: npm run example:pwa -- --port N`)
          : error,
      ),
    );
    server.listen(port, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/**
 * What is not there is the page, as hosts of single pages answer. A client asks for each next `root.N.json` until there is none, and a browser
 * would write every 404 to its console.
 */
async function read(
  { app, kb }: Pick<Site, 'app' | 'kb'>,
  name: string,
): Promise<[string, Buffer]> {
  const file = NAME.test(name) ? name : PAGE;
  const at = file.startsWith('kb/') ? path.join(kb, file.slice(3)) : path.join(app, file);
  const body = await readFile(at).catch(() => undefined);
  return body === undefined ? [PAGE, await readFile(path.join(app, PAGE))] : [file, body];
}

function answer(
  response: ServerResponse,
  status: number,
  body?: Buffer,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { ...HEADERS, ...headers }).end(body);
}
