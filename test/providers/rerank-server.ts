/**
 * A server on a loopback port that speaks Cohere's wire format of `POST /v2/rerank`, and misbehaves as the test says. By
 * itself it finds a text the better, the longer it is.
 */
import { createServer } from 'node:http';

export interface RerankCall {
  readonly path: string;
  readonly authorization: string | undefined;
  readonly body: { model: string; query: string; documents: string[]; top_n?: number };
}

export interface Scored {
  index: number;
  relevance_score: number;
}

/** `hang` never answers, `cut` ends the connection. */
export type RerankPlay =
  | 'well'
  | 'hang'
  | 'cut'
  | { status: number }
  | { results: unknown }
  | ((documents: readonly string[]) => Scored[]);

export interface RerankServer extends AsyncDisposable {
  readonly url: string;
  readonly asked: RerankCall[];
  play: RerankPlay;
}

export async function startRerankServer(): Promise<RerankServer> {
  const http = createServer(async (request, response) => {
    let text = '';
    for await (const piece of request.setEncoding('utf8')) text += piece;
    const call: RerankCall = {
      path: request.url ?? '',
      authorization: request.headers.authorization,
      body: JSON.parse(text),
    };
    server.asked.push(call);
    const { play } = server;
    if (play === 'hang') return;
    if (play === 'cut') return void response.destroy();
    const isRefused = typeof play === 'object' && 'status' in play;
    response.writeHead(isRefused ? play.status : 200, { 'content-type': 'application/json' });
    if (isRefused)
      return void response.end(
        // What providers do say: the key and the text come back in the message.
        JSON.stringify({ id: '1', message: `${call.authorization} ${call.body.documents[0]}` }),
      );
    const { documents } = call.body;
    const results =
      typeof play === 'object' ? play.results : (play === 'well' ? byLength : play)(documents);
    response.end(
      JSON.stringify({
        id: '07734bd2-2473-4f07-94e1-0d9f0e6843cf',
        results,
        meta: { api_version: { version: '2' }, billed_units: { search_units: 1 } },
      }),
    );
  });
  http.listen(0, '127.0.0.1');
  await new Promise((resolve) => http.once('listening', resolve));
  const address = http.address();
  const server: RerankServer = {
    url: `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}/v2`,
    asked: [],
    play: 'well',
    [Symbol.asyncDispose]: async () => {
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    },
  };
  return server;
}

/** As Cohere gives them: the best first. */
function byLength(documents: readonly string[]): Scored[] {
  const longest = Math.max(...documents.map(({ length }) => length));
  return documents
    .map(({ length }, index) => ({ index, relevance_score: length / longest }))
    .sort((a, b) => b.relevance_score - a.relevance_score);
}
