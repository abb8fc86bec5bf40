/** Listens on an address and hands requests to a handler; ends in an orderly way. */
import { type Server, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';

import { ConfigError, PortInUseError } from '../errors/index.ts';
import { checkHost, isLoopback } from './access.ts';
import type { HttpHandler } from './handler.ts';
import { textOf } from './text-answer.ts';

export interface ServeOptions {
  /** Default 127.0.0.1. Another address needs a handler with a token. */
  host?: string;
  /** 0 takes any free one. */
  port: number;
  /** How long `close` waits for requests that are under way; default 5,000. */
  closeDeadlineMs?: number;
}

export interface RunningServer {
  /** Where it can be reached from this machine. */
  readonly url: string;
  /** Takes no more requests, lets those under way finish until the deadline; a second call is harmless. */
  close(): Promise<void>;
}

const DEFAULT_HOST = '127.0.0.1';
const CLOSE_DEADLINE_MS = 5_000;
/** A client that is slower than this to send its request holds a connection for nothing; an upload takes its time. */
const REQUEST_TIMEOUT_MS = 300_000;
const HEADERS_TIMEOUT_MS = 15_000;

/** @throws ConfigError for an address that needs a token or is not ours; PortInUseError */
export async function serve(handler: HttpHandler, options: ServeOptions): Promise<RunningServer> {
  const { host = DEFAULT_HOST, port, closeDeadlineMs = CLOSE_DEADLINE_MS } = options;
  checkHost(host, handler.hasToken);
  const server = createAdaptorServer({
    fetch: async (request, { incoming, outgoing }) => {
      const response = await handler(request, incoming.socket.remoteAddress);
      const text = textOf(response);
      if (text === undefined || !(outgoing instanceof ServerResponse)) return response;
      outgoing.statusCode = response.status;
      outgoing.setHeaders(response.headers).end(text);
      return RESPONSE_ALREADY_SENT;
    },
    overrideGlobalObjects: false,
    serverOptions: { requestTimeout: REQUEST_TIMEOUT_MS, headersTimeout: HEADERS_TIMEOUT_MS },
  }) as Server;
  const close = prepareClosing(server);
  await listen(server, host, port);
  const address = server.address() as AddressInfo;
  let closed: Promise<void> | undefined;
  return {
    url: `http://${reachableName(host)}:${address.port}`,
    close: () => {
      handler.close();
      return (closed ??= close(closeDeadlineMs));
    },
  };
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (error: NodeJS.ErrnoException) => reject(explain(error, host, port));
    server.once('error', fail);
    server.listen({ port, host: host.replace(/^\[(.*)\]$/, '$1') }, () => {
      server.off('error', fail);
      resolve();
    });
  });
}

function explain(error: NodeJS.ErrnoException, host: string, port: number): Error {
  switch (error.code) {
    case 'EADDRINUSE':
      return new PortInUseError(`Port ${port} on ${host} is taken.`, {
        remedy: `Stop what listens there, or choose another port: --port ${port + 1}.`,
        isUsage: true,
        cause: error,
      });
    case 'EACCES':
      return new ConfigError(`Listening on port ${port} is not allowed to this user.`, {
        remedy: 'Choose a port above 1023: --port 3883.',
        isUsage: true,
        cause: error,
      });
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return new ConfigError(`"${host}" is not an address of this machine.`, {
        remedy: 'Listen on 127.0.0.1, or on 0.0.0.0 with AUTH_TOKEN set.',
        isUsage: true,
        cause: error,
      });
    default:
      return error;
  }
}

/** How the server ends. Watches connections from the start: Node's own lists leave out those that never asked. */
function prepareClosing(server: Server): (deadlineMs: number) => Promise<void> {
  const requestsOf = new Map<Socket, number>();
  let isClosing = false;
  const count = (socket: Socket, change: number) => {
    const requests = (requestsOf.get(socket) ?? 0) + change;
    requestsOf.set(socket, requests);
    if (isClosing && requests === 0) socket.end();
  };
  server.on('connection', (socket: Socket) => {
    requestsOf.set(socket, 0);
    socket.once('close', () => requestsOf.delete(socket));
  });
  server.on('request', ({ socket }, response) => {
    count(socket, 1);
    response.once('close', () => count(socket, -1));
  });
  return (deadlineMs) =>
    new Promise((resolve) => {
      isClosing = true;
      const deadline = setTimeout(() => server.closeAllConnections(), deadlineMs);
      server.close(() => {
        clearTimeout(deadline);
        resolve();
      });
      for (const [socket, requests] of requestsOf) if (requests === 0) socket.destroy();
    });
}

/** A wildcard address is one to listen on, not one to go to. */
function reachableName(host: string): string {
  if (host === '0.0.0.0' || host === '::' || host === '[::]') return DEFAULT_HOST;
  const isBareIPv6 = host.includes(':') && !host.startsWith('[');
  return isBareIPv6 ? `[${host}]` : isLoopback(host) ? host.toLowerCase() : host;
}
