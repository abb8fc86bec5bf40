export { type ClaimRequest, claim } from './claim.ts';
export {
  type Completed,
  complete,
  fail,
  lockOwned,
  type RetryPolicy,
  release,
  renew,
} from './complete.ts';
export { countPending, enqueueBulk, isPending } from './enqueue.ts';
export { type Folded, type FoldRequest, fold, takeTruncations } from './fold.ts';
export { type Claim, JobState, type LeasedJob } from './jobs.ts';
export { postpone } from './postpone.ts';
export { reap, wake } from './reap.ts';
export { type LaneCounts, type QueueStatus, queueStatus, type WorkerStatus } from './status.ts';
export { heartbeat, signOff, type WorkerIdentity } from './workers.ts';
