export type { Backfilled, BackfillOptions } from './backfill.ts';
export type { BackfillPlan } from './backfill-plan.ts';
export { type Config, defineConfig, parseConfig } from './config.ts';
export { createEvervec, Evervec, type EvervecOptions, VERSION } from './engine.ts';
export { type ListOptions, QueueAdmin, type RetrySelection, unhealthy } from './queue-admin.ts';
export type { Reconciled } from './reconcile.ts';
export type { SetupReport } from './setup.ts';
export type { SourceSummary } from './summary.ts';
export type { Verdict } from './verify.ts';
