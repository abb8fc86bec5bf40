/**
 * A provider of embeddings on a loopback port, played by the test: deterministic vectors, every text that it was asked
 * for counted, and any answer a real one can give. The worker's side of it is `remote-model.ts`.
 */
import { createHash } from 'node:crypto';
import { createServer, type ServerResponse } from 'node:http';

export const WIDTH = 8;

/** `null` as body: the connection stays open and nothing comes. */
export interface Reply {
  status: number;
  headers?: Record<string, string>;
  body: unknown;
}

export type Behaviour = (texts: readonly string[]) => Promise<Reply> | Reply;

export interface ModelServer extends AsyncDisposable {
  readonly url: string;
  /** Text → how often it was answered with a vector, that is, paid for. */
  readonly paid: Map<string, number>;
  /** Requests, whatever came of them. */
  calls: number;
  /** May be changed at any time. */
  behave: Behaviour;
}

/** The answer of a provider that is well. */
export const well: Behaviour = (texts) => ({
  status: 200,
  body: { embeddings: texts.map(vectorOf) },
});

export function vectorOf(text: string): number[] {
  const bytes = createHash('sha256').update(text).digest();
  return Array.from({ length: WIDTH }, (_, index) => (bytes[index] ?? 0) - 127.5);
}

export async function startModelServer(behave: Behaviour = well): Promise<ModelServer> {
  const http = createServer(async (request, response) => {
    let body = '';
    for await (const piece of request.setEncoding('utf8')) body += piece;
    const texts = JSON.parse(body) as string[];
    server.calls += 1;
    const reply = await server.behave(texts);
    if (reply.status === 200)
      for (const text of texts) server.paid.set(text, (server.paid.get(text) ?? 0) + 1);
    send(response, reply);
  });
  http.listen(0, '127.0.0.1');
  await new Promise((resolve) => http.once('listening', resolve));
  const address = http.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  const server: ModelServer = {
    url: `http://127.0.0.1:${port}/`,
    paid: new Map(),
    calls: 0,
    behave,
    [Symbol.asyncDispose]: async () => {
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    },
  };
  return server;
}

function send(response: ServerResponse, reply: Reply): void {
  if (reply.body === null) return;
  response.writeHead(reply.status, { 'content-type': 'application/json', ...reply.headers });
  response.end(JSON.stringify(reply.body));
}
