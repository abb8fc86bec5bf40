export { addCostRoute } from './cost.ts';
export { addCronRoute, type CronOptions } from './cron.ts';
export { addHealthRoute } from './health.ts';
export { addModelRoutes } from './models.ts';
export { addQueueActions } from './queue-actions.ts';
export { addQueueReads } from './queue-reads.ts';
export type { App, Bindings } from './route.ts';
export { addSearchRoutes } from './search.ts';
