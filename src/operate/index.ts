export * from './cost.ts';
export * from './health.ts';
export * from './index-proposals.ts';
