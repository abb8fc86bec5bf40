/**
 * A provider on a loopback port that speaks the wire format of OpenAI, Cohere or Ollama, told by the path it is asked
 * at, and misbehaves as the test says. Vectors are those of the fault suite's server, so that its checks hold.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type ModelServer, vectorOf } from '../faults/model-server.ts';

export const KEY = 'sk-test-0123456789abcdef';

export interface Asked {
  readonly path: string;
  readonly authorization: string | undefined;
  readonly body: Record<string, unknown>;
  readonly texts: readonly string[];
}

/**
 * `cut` ends the connection, `hang` never answers; `said` is the message of a refusal; `vectors` are answered in the wire
 * format, in place of the right ones, `raw` is written where a number is to be.
 */
export type Play =
  | 'well'
  | 'cut'
  | 'hang'
  | { status: number; headers?: Record<string, string>; said?: string }
  | { raw: string }
  | { vectors: (texts: readonly string[]) => unknown[] }
  | { shuffled: true };

export interface WireServer extends Omit<ModelServer, 'behave'> {
  readonly asked: Asked[];
  play: (asked: Asked) => Play;
}

export async function startWireServer(): Promise<WireServer> {
  const http = createServer(async (request, response) => {
    const asked = await read(request);
    server.asked.push(asked);
    server.calls += 1;
    answer(response, asked, server);
  });
  http.listen(0, '127.0.0.1');
  await new Promise((resolve) => http.once('listening', resolve));
  const address = http.address();
  const server: WireServer = {
    url: `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`,
    paid: new Map(),
    calls: 0,
    asked: [],
    play: () => 'well',
    [Symbol.asyncDispose]: async () => {
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    },
  };
  return server;
}

async function read(request: IncomingMessage): Promise<Asked> {
  let text = '';
  for await (const piece of request.setEncoding('utf8')) text += piece;
  const body = JSON.parse(text) as Record<string, unknown>;
  const texts = (body['input'] ?? body['texts']) as string[];
  const { authorization } = request.headers;
  return { path: request.url ?? '', authorization, body, texts };
}

function answer(response: ServerResponse, asked: Asked, server: WireServer): void {
  const play = server.play(asked);
  if (play === 'hang') return;
  if (play === 'cut') {
    response.destroy();
    return;
  }
  if (typeof play === 'object' && 'status' in play) {
    // What providers do say: the key and the text come back in the message.
    const { said = 'wrong' } = play;
    const message = `${said}: ${asked.authorization} ${asked.texts[0]}`;
    send(response, play.status, JSON.stringify(errorOf(asked, message)), play);
    return;
  }
  for (const text of asked.texts) server.paid.set(text, (server.paid.get(text) ?? 0) + 1);
  const vectors =
    typeof play === 'object' && 'vectors' in play
      ? play.vectors(asked.texts)
      : asked.texts.map(vectorOf);
  const body = JSON.stringify(inFormat(asked, vectors, play !== 'well' && 'shuffled' in play));
  // What JSON has no word for, some servers write all the same.
  send(
    response,
    200,
    play !== 'well' && 'raw' in play
      ? body.replace(/\[(?=-?\d)|"embedding":(?=")/, (at) =>
          at === '[' ? `[${play.raw},` : `${at}${play.raw},"was":`,
        )
      : body,
  );
}

/** Each in its own shape; Ollama's is a bare string. */
function errorOf({ path }: Asked, message: string): unknown {
  if (path.endsWith('/v2/embed')) return { id: '1', message };
  if (path.endsWith('/api/embed')) return { error: message };
  return { error: { message, type: 'invalid_request_error', param: null, code: null } };
}

function inFormat({ path, body }: Asked, vectors: unknown[], isShuffled: boolean): unknown {
  if (path.endsWith('/v2/embed'))
    return {
      id: '1',
      embeddings: { float: vectors },
      meta: { api_version: { version: '2' }, billed_units: { input_tokens: 3 } },
    };
  if (path.endsWith('/api/embed'))
    return {
      model: body['model'],
      embeddings: vectors,
      total_duration: 1,
      load_duration: 1,
      prompt_eval_count: 3,
    };
  const isBase64 = body['encoding_format'] === 'base64';
  const data = vectors.map((vector, index) => ({
    object: 'embedding',
    index,
    embedding: isBase64 && isNumbers(vector) ? base64Of(vector) : vector,
  }));
  return {
    object: 'list',
    data: isShuffled ? data.toReversed() : data,
    model: body['model'],
    usage: { prompt_tokens: 3, total_tokens: 3 },
  };
}

function isNumbers(vector: unknown): vector is number[] {
  return Array.isArray(vector) && vector.every((value) => typeof value === 'number');
}

function base64Of(numbers: readonly number[]): string {
  const bytes = Buffer.alloc(4 * numbers.length);
  numbers.forEach((value, at) => bytes.writeFloatLE(value, 4 * at));
  return bytes.toString('base64');
}

function send(
  response: ServerResponse,
  status: number,
  body: string,
  { headers = {} }: { headers?: Record<string, string> } = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(body);
}
