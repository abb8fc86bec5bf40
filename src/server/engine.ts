/** What the server asks of the engine. `Evervec` is one; tests pass another. */
import type { Drainable } from '../edge/index.ts';
import type { Migrations, QueueAdmin, SourceSummary } from '../engine/index.ts';
import type { CostOptions, CostReport, ModelCalls } from '../operate/index.ts';
import type { SearchAnswer, SearchRequest } from '../search/index.ts';

export interface Engine extends Drainable {
  search(request: SearchRequest, signal?: AbortSignal): Promise<SearchAnswer>;
  sources(): Promise<SourceSummary[]>;
  /** Which tiers of access there are. */
  documents: { readonly tiers: readonly string[] };
  cost(options: CostOptions): Promise<CostReport>;
  modelCalls(): Promise<ModelCalls[]>;
  /** The operators' side; all but what only the command asks. */
  queue: Omit<QueueAdmin, 'countFailed'>;
  /** Changes of model; filling a space is the workers' part. */
  migrations: Pick<
    Migrations,
    'status' | 'plan' | 'begin' | 'queue' | 'switch' | 'rollback' | 'drop'
  >;
}
