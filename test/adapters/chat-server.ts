/**
 * A server on a loopback port that speaks OpenAI's wire format of `POST /chat/completions`: asks for a tool once, and says
 * what it was told then.
 */
import { createServer } from 'node:http';

interface Message {
  role: string;
  content: string;
  tool_calls?: unknown;
}

export interface ChatServer extends AsyncDisposable {
  readonly url: string;
  readonly asked: { messages: Message[]; tools: { function: Record<string, unknown> }[] }[];
}

/** @param input of the tool `search`, as the model would write it */
export async function startChatServer(input: string): Promise<ChatServer> {
  const http = createServer(async (request, response) => {
    let text = '';
    for await (const piece of request.setEncoding('utf8')) text += piece;
    const body = JSON.parse(text) as ChatServer['asked'][number];
    server.asked.push(body);
    const told = body.messages.findLast(({ role }) => role === 'tool');
    const call = { id: 'call_1', type: 'function', function: { name: 'search', arguments: input } };
    const message =
      told === undefined
        ? { role: 'assistant', content: null, tool_calls: [call] }
        : { role: 'assistant', content: 'The harbour is full at spring tide [1].' };
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(
      JSON.stringify({
        id: 'chatcmpl-1',
        object: 'chat.completion',
        created: 1_700_000_000,
        model: 'gpt-test',
        choices: [{ index: 0, message, finish_reason: told === undefined ? 'tool_calls' : 'stop' }],
        usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 },
      }),
    );
  });
  http.listen(0, '127.0.0.1');
  await new Promise((resolve) => http.once('listening', resolve));
  const address = http.address();
  const server: ChatServer = {
    url: `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}/v1`,
    asked: [],
    [Symbol.asyncDispose]: async () => {
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    },
  };
  return server;
}
