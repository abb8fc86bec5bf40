/** Servers on this machine that documents are fetched from, and fetchers that may do so. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import {
  type AddressInfo,
  createServer as createTcpServer,
  type Server,
  type Socket,
} from 'node:net';
import { onTestFinished } from 'vitest';
import type { Network } from '../../src/document/fetch/connection.ts';
import { createFetcher } from '../../src/document/fetch/fetcher.ts';
import type { Fetcher, FetchOptions } from '../../src/document/fetch/index.ts';
import { FetchError } from '../../src/errors/index.ts';
import { eventually } from '../setup/signal.ts';
import { CERTIFICATE, PRIVATE_KEY } from './loopback-certificate.ts';

export type Route = (request: IncomingMessage, response: ServerResponse) => void;

export interface WebServer {
  /** `http://127.0.0.1:PORT` */
  readonly origin: string;
  readonly port: number;
  /** Paths in the order in which they were asked for. */
  readonly asked: string[];
  readonly requests: IncomingMessage[];
  /** Until no connection is open any more. */
  idle(): Promise<void>;
}

/** Paths without a route answer 404, so there is no robots.txt but where a test wants one. */
export function webServer(routes: Readonly<Record<string, Route>>): Promise<WebServer> {
  return serve(createServer, 'http', routes);
}

export function secureServer(routes: Readonly<Record<string, Route>>): Promise<WebServer> {
  const create = (listener: Route) =>
    createSecureServer({ cert: CERTIFICATE, key: PRIVATE_KEY }, listener);
  return serve(create, 'https', routes);
}

async function serve(
  create: (listener: Route) => Server,
  scheme: string,
  routes: Readonly<Record<string, Route>>,
): Promise<WebServer> {
  const requests: IncomingMessage[] = [];
  const asked: string[] = [];
  const server = create((request, response) => {
    requests.push(request);
    asked.push(request.url ?? '');
    const route = routes[new URL(request.url ?? '', 'http://x').pathname];
    if (route === undefined) response.writeHead(404).end();
    else route(request, response);
  });
  return { ...(await listening(server, scheme)), requests, asked };
}

/** Answers each connection by hand. */
export async function tcpServer(answer: (socket: Socket) => void, scheme = 'http') {
  return await listening(createTcpServer(answer), scheme);
}

async function listening(server: Server, scheme: string) {
  const open = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    open.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => open.delete(socket));
  });
  const up = Promise.withResolvers<void>();
  server.listen(0, '127.0.0.1', up.resolve);
  await up.promise;
  onTestFinished(async () => {
    const down = Promise.withResolvers<void>();
    server.close(() => down.resolve());
    for (const socket of open) socket.destroy();
    await down.promise;
  });
  const { port } = server.address() as AddressInfo;
  const idle = async () => {
    await eventually('no open connection', () => open.size === 0 || undefined);
  };
  return { origin: `${scheme}://127.0.0.1:${port}`, port, idle };
}

/** May reach 127.0.0.1 and nothing else that is private; in no hurry, unless told. */
export function fetcher(options: FetchOptions = {}, network: Network = {}): Fetcher {
  const fetcher = createFetcher(
    { allow: ['127.0.0.1/32'], perHostIntervalMs: 0, ...options },
    network,
  );
  onTestFinished(() => fetcher.close());
  return fetcher;
}

/** What it fails with; a test that gets a document instead fails. */
export async function failure(work: Promise<unknown>): Promise<FetchError> {
  const error = await work.then(
    (result) => new Error(`fetched: ${JSON.stringify(result)}`),
    (error: unknown) => error,
  );
  if (error instanceof FetchError) return error;
  throw error;
}

export const redirect =
  (to: string, status = 302): Route =>
  (_, response) =>
    response.writeHead(status, { location: to }).end();

export const text =
  (body: string, headers: Readonly<Record<string, string>> = {}): Route =>
  (_, response) =>
    response.writeHead(200, { 'content-type': 'text/plain', ...headers }).end(body);
