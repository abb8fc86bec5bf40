export * from './cost.ts';
export * from './health.ts';
