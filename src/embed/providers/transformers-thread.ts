/**
 * The thread that Transformers.js runs in: it computes for as long as a call takes, and would hold up everything else.
 * Answers calls one after the other; loads the model with the first. Tells no text in a failure.
 */
import { parentPort, workerData } from 'node:worker_threads';

export interface ThreadInput {
  /** URL of the library's module. */
  library: string;
  model: string;
  /** Where models lie, each in a folder of its name; null: from the network, kept by the library. */
  folder: string | null;
  dtype: string;
  pooling: string;
  maxTokens: number;
}

export interface ThreadCall {
  id: number;
  texts: readonly string[];
}

export type ThreadAnswer =
  | { id: number; vectors: Float32Array[]; tokens: number }
  /** `name` of what went wrong. */
  | { id: number; fault: 'load' | 'missing' | 'tooLong' | 'run'; name: string };

interface Tensor {
  readonly dims: readonly number[];
  readonly data: Float32Array;
}
interface Extractor {
  (texts: readonly string[], options: object): Promise<Tensor>;
  readonly tokenizer: {
    (text: string, options: object): { readonly input_ids: { readonly dims: readonly number[] } };
    readonly model_max_length: number;
  };
}
interface Library {
  readonly env: { allowRemoteModels: boolean; localModelPath: string };
  pipeline(task: 'feature-extraction', model: string, options: object): Promise<Extractor>;
}

const input = workerData as ThreadInput;
let extractor: Extractor | undefined;

async function load(): Promise<Extractor> {
  const module = (await import(input.library)) as Library & { default?: Library };
  const library = module.default ?? module;
  if (input.folder !== null) {
    library.env.allowRemoteModels = false;
    library.env.localModelPath = input.folder;
  }
  return await library.pipeline('feature-extraction', input.model, { dtype: input.dtype });
}

async function answer({ id, texts }: ThreadCall): Promise<ThreadAnswer> {
  try {
    extractor ??= await load();
  } catch (error) {
    const name = nameOf(error);
    return { id, fault: name === 'ModelFileNotFoundError' ? 'missing' : 'load', name };
  }
  try {
    const { tokenizer } = extractor;
    const lengths = texts.map(
      (text) => tokenizer(text, { truncation: false }).input_ids.dims[1] ?? 0,
    );
    // The library would cut it, and not say so.
    const most = Math.min(input.maxTokens, tokenizer.model_max_length);
    if (lengths.some((length) => length > most)) return { id, fault: 'tooLong', name: 'TooLong' };
    const { pooling } = input;
    const { data, dims } = await extractor(texts, { pooling, normalize: true });
    const width = dims[1] ?? 0;
    const vectors = texts.map((_, at) => data.slice(at * width, (at + 1) * width));
    return { id, vectors, tokens: lengths.reduce((sum, length) => sum + length, 0) };
  } catch (error) {
    return { id, fault: 'run', name: nameOf(error) };
  }
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : typeof error;
}

async function reply(call: ThreadCall, before: Promise<void>): Promise<void> {
  await before;
  const answered = await answer(call);
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, no window
  parentPort?.postMessage(answered);
}

let turn = Promise.resolve();
parentPort?.on('message', (call: ThreadCall) => {
  turn = reply(call, turn);
});
