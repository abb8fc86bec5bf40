export { embedTexts, type EmbedTextsOptions, type KnownVectors } from './embed-texts.ts';
export * from './embedded/index.ts';
export { guardModel } from './guarded-model.ts';
export { limitTime } from './limit-time.ts';
export * from './model.ts';
export { splitLongTexts } from './split-long-texts.ts';
export * from './providers/index.ts';
export { providerFault, retryAfter } from './provider-fault.ts';
export { estimateTokens } from './plan-calls.ts';
