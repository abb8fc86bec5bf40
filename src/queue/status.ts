/** The state of the queue as `queue status --json`, HTTP and the dashboard show it. */

export interface LaneCounts {
  ready: number;
  leased: number;
  waiting: number;
  parked: number;
  paused: boolean;
}

export interface WorkerStatus {
  id: string;
  host: string;
  pid: number;
  version: string;
  started_at: string;
  /** Seconds since its last heartbeat, by the database's clock. */
  heartbeat_age_s: number;
  /** Jobs it holds now. */
  leased: number;
  processed: number;
  last_error: string | null;
}

export interface QueueStatus {
  workers: WorkerStatus[];
  /** `unfolded`: changes that are logged but not yet jobs (entries of the change log, not records). */
  counts: { unfolded: number; ready: number; leased: number; waiting: number; parked: number };
  /** Seconds that the oldest ready job has waited; null when none is ready. */
  oldest_ready_s: number | null;
  lanes: Record<string, LaneCounts>;
}
