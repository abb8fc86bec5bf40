/** What the server asks of the engine. `Evervec` is one; tests pass another. */
import type { Drainable } from '../edge/index.ts';
import type {
  Documents,
  Labels,
  Migrations,
  QueueAdmin,
  Releases,
  SourceSummary,
  Tasks,
} from '../engine/index.ts';
import type { CostOptions, CostReport, ModelCalls } from '../operate/index.ts';
import type {
  CacheStats,
  ContextAnswer,
  ContextOptions,
  ContextRequest,
  SearchAnswer,
  SearchRequest,
  SimilarRequest,
} from '../search/index.ts';

export interface Engine extends Drainable {
  search(request: SearchRequest, signal?: AbortSignal): Promise<SearchAnswer>;
  similar(request: SimilarRequest): Promise<SearchAnswer>;
  context(
    request: ContextRequest,
    options?: ContextOptions,
    signal?: AbortSignal,
  ): Promise<ContextAnswer>;
  /** Null where no answers are kept. */
  readonly cacheStats: CacheStats | null;
  sources(): Promise<SourceSummary[]>;
  /** All but what reads files of this machine. */
  documents: Pick<
    Documents,
    | 'tiers'
    | 'checkFields'
    | 'add'
    | 'list'
    | 'collections'
    | 'get'
    | 'summary'
    | 'update'
    | 'versions'
    | 'diff'
    | 'rollBack'
    | 'delete'
    | 'deleteCollection'
    | 'export'
  >;
  labels: Pick<Labels, 'add'>;
  releases: Pick<Releases, 'health'>;
  /** What is accepted and done later; who does it is started beside the server. */
  tasks: Pick<Tasks, 'create' | 'get' | 'list' | 'cancel'>;
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
