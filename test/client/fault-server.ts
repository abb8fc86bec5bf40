/** A web server for the files of a release site that does wrong what real hosts and networks do wrong. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';

export type Fault =
  /** Half of it, with the length of the whole; then the connection ends. */
  | 'cut'
  /** Half of it, and all that is said fits. */
  | 'short'
  /** One bit is another. */
  | 'flip'
  | 'recompressed'
  /** Sent with Content-Encoding, which whoever fetches undoes. */
  | 'encoded'
  /** Compressed once more, and Content-Encoding says so. */
  | 'encoded-twice'
  | '404'
  | '500'
  /** The page of a single-page app, with 200. */
  | 'app-page'
  /** Headers, and then nothing. */
  | 'stalled'
  /** Nothing at all. */
  | 'silent'
  /** A byte now and then. */
  | 'slow'
  /** All of it, and then more without end. */
  | 'endless'
  /** Other bytes: of another file, of an older one. */
  | Uint8Array<ArrayBuffer>;

export interface FaultServer {
  readonly url: string;
  /** By path; of what is not there, nothing is wrong. */
  readonly faults: Map<string, Fault>;
  /** Paths, in the order in which they were asked for. */
  readonly asked: string[];
  close(): Promise<void>;
}

export async function serveFiles(
  files: ReadonlyMap<string, Uint8Array<ArrayBuffer>>,
): Promise<FaultServer> {
  const faults = new Map<string, Fault>();
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const path = decodeURIComponent((request.url ?? '').replace(/^\/kb\/|\?.*$/g, ''));
    asked.push(path);
    answer(request, response, files.get(path), faults.get(path));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/kb/`,
    faults,
    asked,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function answer(
  request: IncomingMessage,
  response: ServerResponse,
  bytes: Uint8Array<ArrayBuffer> | undefined,
  fault: Fault | undefined,
): void {
  response.setHeader('Access-Control-Allow-Origin', '*');
  if (fault === 'app-page') return void response.end('<!doctype html><title>App</title>');
  if (fault === 'silent') return;
  if (bytes === undefined || fault === '404') return void response.writeHead(404).end('gone');
  if (fault === '500') return void response.writeHead(500).end('sorry');
  if (fault === undefined) return void response.end(bytes);
  if (typeof fault !== 'string') return void response.end(fault);
  withFault(request, response, bytes, fault);
}

function withFault(
  request: IncomingMessage,
  response: ServerResponse,
  bytes: Uint8Array<ArrayBuffer>,
  fault: Exclude<Fault, Uint8Array>,
): void {
  const half = bytes.subarray(0, bytes.length >> 1);
  if (fault === 'short') return void response.end(half);
  if (fault === 'flip') return void response.end(flipped(bytes));
  if (fault === 'recompressed') return void response.end(gzipSync(bytes, { level: 1 }));
  if (fault === 'encoded') return void response.setHeader('Content-Encoding', 'gzip').end(bytes);
  if (fault === 'encoded-twice')
    return void response.setHeader('Content-Encoding', 'gzip').end(gzipSync(bytes));
  if (fault === 'cut') {
    response.writeHead(200, { 'Content-Length': bytes.length });
    return void response.write(half, () => response.destroy());
  }
  if (fault === 'stalled') {
    response.writeHead(200, { 'Content-Length': bytes.length });
    return void response.write(half);
  }
  if (fault === 'slow') return drip(request, response, bytes);
  if (fault === 'endless') pour(request, response, bytes);
}

function flipped(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const copy = bytes.slice();
  const at = Math.floor(bytes.length * 0.7);
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
}

function drip(request: IncomingMessage, response: ServerResponse, bytes: Uint8Array): void {
  let at = 0;
  const timer = setInterval(() => {
    if (at < bytes.length) response.write(bytes.subarray(at, ++at));
  }, 10);
  request.on('close', () => clearInterval(timer));
}

function pour(request: IncomingMessage, response: ServerResponse, bytes: Uint8Array): void {
  const more = Buffer.alloc(65_536, 7);
  response.write(bytes);
  const go = () => {
    while (!response.destroyed && response.write(more));
  };
  response.on('drain', go);
  request.on('error', () => {});
  go();
}
