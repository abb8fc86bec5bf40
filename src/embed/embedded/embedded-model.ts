/**
 * The models that are always there: no download, no key, no dependency, the same in Node and in the browser.
 * `near-words` is trained, and knows words that mean the same; `hashed-words` is lexical, came first, and stays for the spaces
 * that were made with it (docs/embedded-model.md).
 */
import type { EmbedCall, EmbeddingModel } from '../model.ts';
import { createEmbedder } from './embed-in-wasm.ts';
import { embedHashed } from './hashed-words.ts';
import { loadWordVectors } from './load-model.ts';
import { NEAR_WORDS_FINGERPRINT } from './near-words-fingerprint.ts';
import { EMBEDDED_DIMENSIONS } from './text-sum.ts';

/** A call blocks its thread: this many bytes take about 10 ms in WebAssembly, 30 in JavaScript. */
const MAX_BATCH_BYTES = 256 * 1024;
/** UTF-16 units after which a call lets other work of its thread go first. */
const UNITS_BETWEEN_PAUSES = 8 * 1024;

const PROVIDER = 'evervec';

export type EmbeddedName = 'near-words' | 'hashed-words';
/** The default first. */
export const EMBEDDED_NAMES: readonly EmbeddedName[] = ['near-words', 'hashed-words'];

interface Kind {
  /** Raise it with every change that changes a bit of any vector: it makes a new space. */
  readonly version: string;
  readonly fusionWeight: number;
  open(): Promise<(text: string) => Float32Array>;
}

/** One for a process: it has a copy of the model. */
let nearWords: ((text: string) => Float32Array) | undefined;

const KINDS: Record<EmbeddedName, Kind> = {
  'near-words': {
    version: `1-${NEAR_WORDS_FINGERPRINT.slice(0, 8)}`,
    fusionWeight: 0.2,
    async open() {
      const words = await loadWordVectors();
      return (nearWords ??= createEmbedder(words));
    },
  },
  'hashed-words': { version: '1', fusionWeight: 0.2, open: async () => embedHashed },
};

/** Whether a model is one of these, of any version: its calls cost nothing but time. */
export function isEmbedded(model: EmbeddingModel): boolean {
  return model.provider === PROVIDER;
}

/**
 * 384 dimensions, no limit to a text's length, no usage to bill; documents and queries alike. The file of `near-words`
 * is read by the first call (ModelFileError when it can't be).
 */
export function createEmbeddedModel(name: EmbeddedName = 'near-words'): EmbeddingModel {
  const { version, fusionWeight, open } = KINDS[name];
  let unitsSincePause = 0;
  async function doEmbed({ values, abortSignal }: EmbedCall) {
    const embed = await open();
    const embeddings: Float32Array[] = [];
    for (const value of values) {
      if (unitsSincePause > UNITS_BETWEEN_PAUSES) {
        unitsSincePause = 0;
        await new Promise<void>(nextTurn);
        abortSignal?.throwIfAborted();
      }
      unitsSincePause += value.length;
      embeddings.push(embed(value));
    }
    return { embeddings, usage: undefined };
  }
  return {
    provider: PROVIDER,
    modelId: name,
    id: `${PROVIDER}/${name}@${version}/${EMBEDDED_DIMENSIONS}`,
    dimensions: EMBEDDED_DIMENSIONS,
    maxEmbeddingsPerCall: undefined,
    supportsParallelCalls: false,
    maxInputTokens: undefined,
    maxBatchTokens: undefined,
    maxBatchBytes: MAX_BATCH_BYTES,
    fusionWeight,
    doEmbed,
  };
}

/** After what waits for this thread. Browsers have timers alone, which take longer. */
function nextTurn(resolve: () => void): void {
  if (typeof setImmediate === 'function') setImmediate(resolve);
  else setTimeout(resolve, 0);
}
