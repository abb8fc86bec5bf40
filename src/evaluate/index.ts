export * from './beir.ts';
export * from './metrics.ts';
