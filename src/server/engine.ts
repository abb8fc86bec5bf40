/** What the server asks of the engine. `Evervec` is one; tests pass another. */
import type { SourceSummary } from '../engine/index.ts';
import type { QueueStatus } from '../queue/index.ts';
import type { SearchAnswer, SearchRequest } from '../search/index.ts';

export interface Engine {
  search(request: SearchRequest, signal?: AbortSignal): Promise<SearchAnswer>;
  queueStatus(): Promise<QueueStatus>;
  sources(): Promise<SourceSummary[]>;
  health(): Promise<Health>;
}

export interface Health {
  ok: boolean;
  database: boolean;
  /** Why it is not ok; empty when it is. */
  reasons: string[];
}
