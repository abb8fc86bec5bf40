/** The module that a page's worker runs: an inline host, asked by messages (`messages.ts`). Importing it starts it. */
import type { IndexHost, QueryEmbedder } from '../index-host.ts';
import { carried } from './carried-error.ts';
import { createInlineHost } from './inline-host.ts';
import type { FromWorker, ToWorker } from './messages.ts';

/** What is used of a worker's own global object, whose types are not those of a page. */
interface WorkerScope {
  postMessage(message: FromWorker, transfer: Transferable[]): void;
  addEventListener(type: 'message', listener: (event: MessageEvent<ToWorker>) => void): void;
}

const scope = globalThis as unknown as WorkerScope;
const running = new Map<number, AbortController>();
const embedding = new Map<number, PromiseWithResolvers<ArrayLike<number>>>();
let host: IndexHost | undefined;
let embeddings = 0;

scope.addEventListener('message', ({ data }) => {
  if (data.type === 'open') host = createInlineHost({ embedder: embedderOf(data.embedder) });
  else if (data.type === 'call') void answer(data);
  else if (data.type === 'cancel') running.get(data.id)?.abort();
  else takeVector(data);
});
send({ type: 'ready' });

async function answer({ id, method, values }: ToWorker & { type: 'call' }): Promise<void> {
  const controller = new AbortController();
  running.set(id, controller);
  try {
    const value = await call(method, values, controller.signal);
    send({ type: 'answer', id, value }, value instanceof Uint8Array ? [value.buffer] : []);
  } catch (error) {
    send({ type: 'failure', id, error: carried(error) });
  } finally {
    running.delete(id);
  }
}

async function call(
  method: (ToWorker & { type: 'call' })['method'],
  values: readonly unknown[],
  signal: AbortSignal,
): Promise<unknown> {
  if (host === undefined) throw new Error('The worker was not opened.');
  const called = host[method] as (...values: unknown[]) => Promise<unknown>;
  return await called.apply(host, method === 'search' ? [...values, signal] : [...values]);
}

/** The app's model, which is on the other side. */
function embedderOf(fingerprint: string | null): QueryEmbedder | undefined {
  if (fingerprint === null) return undefined;
  return {
    fingerprint,
    embed(query) {
      const id = embeddings++;
      const asked = Promise.withResolvers<ArrayLike<number>>();
      embedding.set(id, asked);
      send({ type: 'embed', id, query });
      return asked.promise;
    },
  };
}

function takeVector({ id, vector }: ToWorker & { type: 'vector' }): void {
  const asked = embedding.get(id);
  embedding.delete(id);
  if (vector === null) asked?.reject(new Error('The app gave no vector.'));
  else asked?.resolve(vector);
}

function send(message: FromWorker, transfer: Transferable[] = []): void {
  scope.postMessage(message, transfer);
}
