export { BudgetGate, type BudgetLimits, type DailyBudgets } from './budget.ts';
export { type CallPurpose, type Cause, causeOf, CAUSES } from './cause.ts';
export { embedTexts, type EmbedTextsOptions, type KnownVectors } from './embed-texts.ts';
export * from './embedded/index.ts';
export { guardModel } from './guarded-model.ts';
export { Ledger } from './ledger.ts';
export { limitTime } from './limit-time.ts';
export { meterModel, noteSaved } from './metered-model.ts';
export * from './model.ts';
export { QueryVectors, type QueryVectorsOptions } from './query-vectors.ts';
export { splitLongTexts } from './split-long-texts.ts';
export { moneyFor, priceOf } from './price.ts';
export * from './providers/index.ts';
export {
  type AiSdkReranker,
  createReranker,
  type Reranker,
  type RerankerChoice,
  type RerankerSettings,
  type RerankFunction,
} from './reranker.ts';
export { providerFault, retryAfter } from './provider-fault.ts';
export { estimateTokens } from './plan-calls.ts';
