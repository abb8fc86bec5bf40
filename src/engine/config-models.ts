/** What a configuration may say about models and re-rankers: settings, or objects of the program. */
import { z } from 'zod';
import {
  type AiSdkModel,
  type AiSdkReranker,
  DTYPES,
  type EmbeddingModel,
  type ModelChoice,
  POOLINGS,
  PROVIDERS,
  type RerankerChoice,
  type RerankFunction,
} from '../embed/index.ts';

const modelObject = z.custom<EmbeddingModel | AiSdkModel>(
  (value) =>
    typeof value === 'object' &&
    value !== null &&
    'doEmbed' in value &&
    ('dimensions' in value || 'specificationVersion' in value),
  'a model object has doEmbed, and dimensions or the specificationVersion of the AI SDK',
);

const providerModel = z.strictObject({
  provider: z.enum(PROVIDERS),
  /** The provider's own name of it; default the first of `evervec model list`. `openai-compatible` needs one. */
  model: z.string().min(1).max(200).optional(),
  /** Default the model's own; where that is not known, found by a call before the first set-up. */
  dimensions: z.int().min(1).max(16_000).optional(),
  /** Default the provider's. `openai-compatible` needs one. */
  baseUrl: z.url({ protocol: /^https?$/, error: 'not an http address' }).optional(),
  /** Better in the environment. */
  apiKey: z.string().optional(),
  /** Tokens of one text, 32 or more; default what is known of the model. Chunks are cut to it. */
  maxInputTokens: z.int().min(32).optional(),
  /** `transformers`: holds models, each in a folder of its name; default from the network. */
  folder: z.string().min(1).optional(),
  /** `transformers`: default `mean`. */
  pooling: z.enum(POOLINGS).optional(),
  /** `transformers`: precision of the weights, default `fp32`. */
  dtype: z.enum(DTYPES).optional(),
  /** `transformers`: put before each text, where the model was trained so. */
  prefix: z.strictObject({ document: z.string(), query: z.string() }).optional(),
});

/** Which of its forms a model has is seen from the value, so that a fault names the field that is wrong. */
export const model = z.unknown().transform((value, context) => {
  if (value === 'embedded') return value;
  const isObject = typeof value === 'object' && value !== null;
  if (!isObject) {
    const message = 'a model is "embedded", { provider: … } or a model object';
    context.issues.push({ code: 'custom', message, input: value });
    return z.NEVER;
  }
  const parsed = 'doEmbed' in value ? modelObject.safeParse(value) : providerModel.safeParse(value);
  if (parsed.success) return parsed.data;
  for (const { path, message } of parsed.error.issues)
    context.issues.push({ code: 'custom', path, message, input: null });
  return z.NEVER;
}) as z.ZodType<ModelChoice>;

const rerankModel = z.custom<AiSdkReranker | RerankFunction>(
  (value) =>
    typeof value === 'function' ||
    (typeof value === 'object' && value !== null && 'doRerank' in value),
  'a re-ranker is a re-ranking model of the AI SDK or a function',
);

const rerankerSettings = z.strictObject({
  model: rerankModel,
  candidates: z.int().min(1).max(200).optional(),
  timeoutMs: z.int().min(1).max(60_000).optional(),
});

/** The model alone, or with its settings. */
export const reranker = z.unknown().transform((value, context): RerankerChoice => {
  const isSettings = typeof value === 'object' && value !== null && !('doRerank' in value);
  const parsed = rerankerSettings.safeParse(isSettings ? value : { model: value });
  if (parsed.success) return parsed.data;
  for (const { path, message } of parsed.error.issues)
    context.issues.push({ code: 'custom', path: isSettings ? path : [], message, input: null });
  return z.NEVER;
}) as z.ZodType<RerankerChoice>;
