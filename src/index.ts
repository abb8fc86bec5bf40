/** Evervec for programs: open, set up, work, search. */
export {
  type Advice,
  type BuildOptions,
  type Config,
  createEvervec,
  defineConfig,
  type Evervec,
  type EvervecOptions,
  type Reconciled,
  type Reindexed,
  type ReleaseBuilt,
  type SetupReport,
  type SourceSummary,
  type Verdict,
} from './engine/index.ts';
export { type AiSdkChoices, type AiSdkModel, fromAiSdk } from './embed/index.ts';
export { type SupabaseSession, supabaseModel } from './embed/index.ts';
export type { ProviderSettings } from './embed/index.ts';
export type { AiSdkReranker, RerankerSettings, RerankFunction } from './embed/index.ts';
export type { EmbedAnswer, EmbedCall, EmbeddingModel, EmbedKind } from './embed/index.ts';
export * from './errors/index.ts';
export type {
  BudgetState,
  CostOptions,
  CostReport,
  CostRow,
  CostSums,
  HealthCheck,
  HealthLimits,
  QueueHealth,
} from './operate/index.ts';
export type {
  AuditEntry,
  Cleared,
  CleanupReport,
  DeadLetter,
  HistoryEntry,
  MetricBucket,
  QueueStatus,
  SourceStats,
  StuckJob,
} from './queue/index.ts';
export type * from './search/context-request.ts';
export type {
  FieldFilter,
  Filter,
  FilterCondition,
  FilterElement,
  FilterValue,
  JoinedFilter,
} from './search/index.ts';
export type * from './search/request.ts';
export type { Row, SourceOptions } from './source/index.ts';
