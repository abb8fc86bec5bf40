export { type AuditEntry, listAudit, recordAudit } from './audit.ts';
export { pauseForBudget } from './budget-pause.ts';
export { type ClaimRequest, claim } from './claim.ts';
export { type CleanupReport, cleanUp, cleanUpIfDue, RETENTION_DAYS } from './cleanup.ts';
export { CLEARABLE_STATES, type Cleared, clearQueue } from './clear.ts';
export {
  type Completed,
  complete,
  fail,
  lockOwned,
  type RetryPolicy,
  release,
  renew,
} from './complete.ts';
export { notifyWorkers, startQueue, stopQueue } from './control.ts';
export {
  countDeadLetters,
  type DeadLetter,
  type DeadLetterFilter,
  listDeadLetters,
  retryDeadLetters,
  retryJobs,
} from './dead-letters.ts';
export {
  type BulkOrigin,
  type BulkRecords,
  countPending,
  enqueueBulk,
  isBackfillPending,
  isPending,
} from './enqueue.ts';
export {
  type Folded,
  type FoldRequest,
  fold,
  KEYS_UNLEASED,
  loggedSources,
  takeTruncations,
} from './fold.ts';
export {
  type FailedTry,
  type FinishedBatch,
  type HistoryEntry,
  listRecent,
  recordWork,
} from './history.ts';
export { findHold, type Hold } from './hold.ts';
export { type Claim, type Failed, JobState, type LeasedJob } from './jobs.ts';
export {
  bulkLane,
  defaultPriority,
  type LaneSettings,
  pauseLanes,
  resumeLanes,
  saveLanes,
  standbyLane,
} from './lanes.ts';
export {
  listMetrics,
  type MetricBucket,
  type SourceStats,
  sourceStats,
  type StatsWindow,
} from './metrics.ts';
export { postpone } from './postpone.ts';
export { nextDue, reap, wake } from './reap.ts';
export {
  COUNT_LIMIT,
  type LaneCounts,
  type QueueStatus,
  queueStatus,
  type WorkerStatus,
} from './status.ts';
export { takeBackBackfill } from './take-back.ts';
export { listStuck, resetStuck, type StuckJob } from './stuck.ts';
export {
  heartbeat,
  SILENT_AFTER_S,
  signOff,
  type WorkerIdentity,
  type WorkerState,
} from './workers.ts';
export { takeTurn } from './turns.ts';
export { inPages } from './pages.ts';
