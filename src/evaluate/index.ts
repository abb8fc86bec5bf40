export * from './beir.ts';
export * from './labels.ts';
export * from './metrics.ts';
export * from './runs.ts';
