/**
 * The models that are known by name: what they answer, take and cost. Calls nothing and loads no library. A model that
 * is not here works too, where its dimensions are told or can be found by a call.
 */
import { ConfigError } from '../../errors/index.ts';
import { EMBEDDED_DIMENSIONS, EMBEDDED_NAMES, type EmbeddedName } from '../embedded/index.ts';

export const PROVIDERS = [
  'evervec',
  'openai',
  'openai-compatible',
  'cohere',
  'ollama',
  'transformers',
] as const;
export type ProviderName = (typeof PROVIDERS)[number];

/** What the configuration says of a model of a provider. */
export interface ProviderSettings {
  readonly provider: ProviderName;
  /** The provider's own name of it; default the first of `KNOWN_MODELS`. Needed for `openai-compatible`. */
  readonly model?: string | undefined;
  /** Width of the vectors, 1 to 16,000; default the model's own. */
  readonly dimensions?: number | undefined;
  /** Default the provider's public address; Ollama's is http://127.0.0.1:11434. */
  readonly baseUrl?: string | undefined;
  readonly apiKey?: string | undefined;
  /** Tokens of one text, at least 32; default what is known of the model. */
  readonly maxInputTokens?: number | undefined;
  /** `transformers` only. Holds models, each in a folder of its name; default from the network. */
  readonly folder?: string | undefined;
  /** `transformers` only. What of the tokens' vectors is taken; default `mean`. */
  readonly pooling?: (typeof POOLINGS)[number] | undefined;
  /** `transformers` only. Precision of the weights; default `fp32`. */
  readonly dtype?: (typeof DTYPES)[number] | undefined;
  /** `transformers` only. Put before each text, where the model was trained so. */
  readonly prefix?: { readonly document: string; readonly query: string } | undefined;
}

export const POOLINGS = ['mean', 'cls', 'last_token'] as const;
export const DTYPES = ['fp32', 'fp16', 'q8', 'q4'] as const;
const LOCAL_ONLY = ['folder', 'pooling', 'dtype', 'prefix'] as const;

export interface KnownModel {
  readonly provider: ProviderName;
  readonly model: string;
  readonly dimensions: number;
  /** Widths that may be asked for instead: any up to `dimensions`, these, or none. */
  readonly otherDimensions: 'any' | readonly number[];
  /** Of one text; null where it is all the same how many. */
  readonly maxInputTokens: number | null;
  /** In US dollars at list price; null where nobody bills by tokens, or there is none. */
  readonly pricePerMillionTokens: number | null;
  /** Put before each text, where the model was trained so. */
  readonly prefix?: { readonly document: string; readonly query: string };
}

const evervec = (model: EmbeddedName): KnownModel => ({
  provider: 'evervec',
  model,
  dimensions: EMBEDDED_DIMENSIONS,
  otherDimensions: [],
  maxInputTokens: null,
  pricePerMillionTokens: 0,
});

/*
 * https://developers.openai.com/api/docs/models/text-embedding-3-large (its price, and 3-small's), the API reference of
 * "Create embeddings" (8,192 tokens for all embedding models), openrouter.ai (price of ada-002). Read in November 2026.
 */
const openai = (
  model: string,
  dimensions: number,
  otherDimensions: KnownModel['otherDimensions'],
  pricePerMillionTokens: number,
): KnownModel => ({
  provider: 'openai',
  model,
  dimensions,
  otherDimensions,
  maxInputTokens: 8_192,
  pricePerMillionTokens,
});

/*
 * https://docs.cohere.com/docs/embed-2: dimensions, 512 tokens and 128k. No list price of the v3 models is published any more.
 * Read in November 2026.
 */
const cohere = (model: string, dimensions: number): KnownModel => ({
  provider: 'cohere',
  model,
  dimensions,
  otherDimensions: [],
  maxInputTokens: 512,
  pricePerMillionTokens: null,
});

/*
 * What the server takes of each, which may be less than the model could: nomic-embed-text 2,048, mxbai-embed-large 512,
 * all-minilm 256 (ollama/ollama issue 14186; prefixes from the cards of nomic-ai and mixedbread-ai). Read in November 2026.
 */
const ollama = (
  model: string,
  dimensions: number,
  maxInputTokens: number,
  prefix?: KnownModel['prefix'],
): KnownModel => ({
  provider: 'ollama',
  model,
  dimensions,
  otherDimensions: [],
  maxInputTokens,
  pricePerMillionTokens: null,
  ...(prefix && { prefix }),
});

/*
 * The cards of thenlper/gte-small and sentence-transformers/all-MiniLM-L6-v2 (its max_seq_length): both mean pooling, no
 * prefix. Read in November 2026.
 */
const local = (model: string, dimensions: number, maxInputTokens: number): KnownModel => ({
  provider: 'transformers',
  model,
  dimensions,
  otherDimensions: [],
  maxInputTokens,
  pricePerMillionTokens: 0,
});

export const KNOWN_MODELS: readonly KnownModel[] = [
  ...EMBEDDED_NAMES.map(evervec),
  openai('text-embedding-3-small', 1_536, 'any', 0.02),
  openai('text-embedding-3-large', 3_072, 'any', 0.13),
  openai('text-embedding-ada-002', 1_536, [], 0.1),
  {
    ...cohere('embed-v4.0', 1_536),
    otherDimensions: [256, 512, 1_024],
    maxInputTokens: 128_000,
    // https://www.getmaxim.ai/bifrost/model-library: not Cohere's own page.
    pricePerMillionTokens: 0.12,
  },
  cohere('embed-english-v3.0', 1_024),
  cohere('embed-multilingual-v3.0', 1_024),
  cohere('embed-english-light-v3.0', 384),
  cohere('embed-multilingual-light-v3.0', 384),
  ollama('nomic-embed-text', 768, 2_048, {
    document: 'search_document: ',
    query: 'search_query: ',
  }),
  ollama('mxbai-embed-large', 1_024, 512, {
    document: '',
    query: 'Represent this sentence for searching relevant passages: ',
  }),
  ollama('all-minilm', 384, 256),
  local('gte-small', 384, 512),
  local('all-MiniLM-L6-v2', 384, 256),
];

export interface ChosenModel {
  readonly name: string;
  /** Undefined: to be found by a call. */
  readonly dimensions: number | undefined;
  /** Whether they have to be asked for, since they are not the model's own. */
  readonly asksForDimensions: boolean;
  readonly known: KnownModel | undefined;
}

/** @throws ConfigError when there is no such model, or not in these dimensions */
export function chooseModel(settings: ProviderSettings): ChosenModel {
  const { provider, dimensions } = settings;
  const misplaced = LOCAL_ONLY.filter((field) => settings[field] !== undefined);
  if (provider !== 'transformers' && misplaced.length > 0)
    throw wrong(
      `Provider ${provider} takes no ${misplaced.join(', ')}.`,
      'Leave it out: it is for provider transformers.',
    );
  const those = KNOWN_MODELS.filter((one) => one.provider === provider);
  const name = settings.model ?? those[0]?.model;
  if (name === undefined)
    throw wrong(`Provider ${provider} needs the name of a model.`, 'Set model or EMBEDDING_MODEL.');
  // Ollama's names may carry a tag; ":latest" is the name without one.
  const known = those.find((one) => one.model === name.replace(/:latest$/, ''));
  const isListed = provider === 'openai' || provider === 'cohere';
  if (known === undefined && isListed && dimensions === undefined)
    throw wrong(
      `Provider ${provider} has no model "${name}" that is known here.`,
      `Use one of ${those.map((one) => one.model).join(', ')}, or say the dimensions of the other.`,
    );
  if (known !== undefined && dimensions !== undefined) refuseWidth(known, dimensions);
  return {
    name,
    dimensions: dimensions ?? known?.dimensions,
    asksForDimensions:
      known !== undefined && dimensions !== undefined && dimensions !== known.dimensions,
    known,
  };
}

function refuseWidth({ model, dimensions, otherDimensions }: KnownModel, wanted: number): void {
  if (wanted === dimensions) return;
  if (otherDimensions === 'any' ? wanted < dimensions : otherDimensions.includes(wanted)) return;
  const others =
    otherDimensions === 'any' ? ' or fewer' : otherDimensions.map((n) => `, ${n}`).join('');
  throw wrong(
    `Model ${model} does not answer ${wanted} dimensions.`,
    `Set dimensions to ${dimensions}${others}, or leave it out.`,
  );
}

function wrong(message: string, remedy: string): ConfigError {
  return new ConfigError(message, { remedy, isUsage: true });
}
