/** An engine for tests of the server: realistic answers, and hooks to make it slow, fail, or say something else. */
import type { MigrationPlan, SourceSummary, SpaceStatus } from '../../src/engine/index.ts';
import type { CostOptions, CostReport, ModelCalls, QueueHealth } from '../../src/operate/index.ts';
import type { QueueStatus } from '../../src/queue/index.ts';
import type {
  ContextAnswer,
  ContextRequest,
  SearchAnswer,
  SearchHit,
  SearchRequest,
  SimilarRequest,
} from '../../src/search/index.ts';
import type { Engine } from '../../src/server/index.ts';

export const OFFER: SearchHit = {
  source: 'offers',
  key: '966',
  score: 1,
  scores: { vector: 0.4123, text: 0.0141 },
  chunk: {
    index: 0,
    text: 'First lifts in Gstaad: two seats from Stockholm\nOur group flies to Gstaad for a ski weekend; join us for the slopes of the Alps. Plenty of room for luggage, ski bags and boots.',
    start: 0,
    end: 171,
    section: null,
    page: null,
    of: 1,
  },
  record: {
    id: 966,
    title: 'First lifts in Gstaad: two seats from Stockholm',
    status: 'open',
    seats: 2,
    price_usd: 3_400,
    departs_at: '2026-12-15T14:30:00+00:00',
  },
};

/** A row whose text tries to be markup. */
export const HOSTILE: SearchHit = {
  ...OFFER,
  key: '<img src=x onerror=alert(1)>',
  score: 0.8349,
  scores: { vector: null, text: 0.02 },
  chunk: {
    index: 3,
    text: '<script>document.title = "taken"</script> ski <b>weekend</b> & luggage',
    start: 10,
    end: 80,
    section: 'Terms › <i>Luggage</i>',
    page: null,
    of: 1,
  },
  record: { title: '<img src=x onerror="document.title = \'taken\'">', note: null, tags: ['<b>'] },
};

const LANE = {
  priority: 0,
  concurrency: null,
  share: null,
  ready: 0,
  leased: 0,
  waiting: 0,
  parked: 0,
  paused: false,
  budget_paused: false,
  oldest_ready_s: null,
};

export class FakeEngine implements Engine {
  readonly requests: SearchRequest[] = [];
  hits: SearchHit[] = [OFFER, HOSTILE];
  /** Runs before each search is answered; may wait or throw. */
  beforeSearch: (request: SearchRequest, signal: AbortSignal | undefined) => unknown = () => {};
  beforeStatus: () => unknown = () => {};
  healthNow: QueueHealth = {
    healthy: true,
    level: 'good',
    checks: [{ what: 'database', level: 'good', found: 'answers in 3 ms' }],
  };
  readonly isQueueEnabled = true;
  // Documents are asked of a real engine: test/server/documents.test.ts.
  readonly documents = { tiers: ['public', 'premium'] } as unknown as Engine['documents'];
  readonly tasks = {} as Engine['tasks'];
  readonly releases = {} as Engine['releases'];
  readonly labels: Engine['labels'] = {
    add: async (...args) => this.#note('label', args, undefined),
  };
  readonly sourceNames = ['airports', 'offers'];
  state: QueueStatus = {
    stopped: false,
    stopped_at: null,
    stopped_by: null,
    count_limit: 10_000,
    at_least: [],
    workers: [
      {
        id: '0d1c6a8e-6a53-4a1e-9d33-1f2b6e1f2a10',
        host: 'embedder-1',
        pid: 4_812,
        version: '0.1.0',
        started_at: '2026-11-16T08:00:00.000Z',
        heartbeat_age_s: 1.4,
        is_silent: false,
        working_on: 'offers',
        working_s: 0.8,
        leased: 200,
        processed: 48_210,
        last_error: null,
      },
      {
        id: '7b2f5a34-55b1-4b66-8f6b-6d8f0a9c3e21',
        host: 'embedder-2',
        pid: 997,
        version: '0.1.0',
        started_at: '2026-11-16T08:00:00.000Z',
        heartbeat_age_s: 47,
        is_silent: false,
        working_on: null,
        working_s: null,
        leased: 0,
        processed: 1_204,
        last_error: 'The model answered 429 (too many requests).',
      },
    ],
    counts: { unfolded: 38, ready: 1_840, leased: 200, waiting: 12, parked: 3 },
    oldest_ready_s: 74,
    lanes: {
      airports: { ...LANE, paused: true, ready: 16 },
      offers: { ...LANE, ready: 1_824, leased: 200, waiting: 12, parked: 3, oldest_ready_s: 74 },
    },
  };
  sourceList: SourceSummary[] = [
    {
      name: 'airports',
      table: 'public.airports',
      model: 'evervec/hashed-words@1/384',
      records: 436,
      chunks: 436,
      is_estimate: false,
      is_filling: false,
      indexed: false,
    },
    {
      name: 'offers',
      table: 'public.jet_offers',
      model: 'evervec/hashed-words@1/384',
      records: 1_280,
      chunks: 1_311,
      is_estimate: true,
      is_filling: true,
      indexed: true,
    },
  ];

  async cost(options: CostOptions): Promise<CostReport> {
    const { from = '2026-11-01', to = '2026-11-30', by = 'source' } = options;
    const sums = {
      calls: 12,
      texts: 900,
      saved: 311,
      tokens: 81_000,
      estimated_tokens: 0,
      unpriced_tokens: 0,
      money: '0.00162',
      failed: 1,
      failed_billed: 0,
    };
    const rows = [{ name: 'offers', ...sums }];
    return { from, to, currency: 'USD', by, rows, total: sums, budgets: [] };
  }

  readonly cacheStats = null;

  async modelCalls(): Promise<ModelCalls[]> {
    const { calls, texts, saved, tokens, failed, money } = (await this.cost({})).total;
    const of = { provider: 'openai', model: 'openai/"small"', cause: 'query' } as const;
    return [{ ...of, calls, texts, saved, tokens, failed, money }];
  }

  readonly similarRequests: SimilarRequest[] = [];

  async similar(request: SimilarRequest): Promise<SearchAnswer> {
    this.similarRequests.push(request);
    return { hits: this.hits, took_ms: 1, mode: 'vector', space: { offers: 'test' } };
  }

  async search(request: SearchRequest, signal?: AbortSignal): Promise<SearchAnswer> {
    this.requests.push(request);
    await this.beforeSearch(request, signal);
    const hits = this.hits.slice(0, request.limit ?? 10);
    const space = { offers: 'evervec/hashed-words@1/384' };
    return { hits, took_ms: 12.34, mode: request.mode ?? 'hybrid', space };
  }

  async context(
    request: ContextRequest,
    _options?: unknown,
    signal?: AbortSignal,
  ): Promise<ContextAnswer> {
    const { hits: _, ...told } = await this.search(request, signal);
    return { ...told, text: '', tokens: 0, citations: [], mark: '', reason: 'nothing found' };
  }

  async sources(): Promise<SourceSummary[]> {
    return this.sourceList;
  }

  /** What was asked of the operators' side, with who asked last. */
  readonly acted: [action: string, ...unknown[]][] = [];

  readonly queue: Engine['queue'] = {
    status: async () => {
      await this.beforeStatus();
      return this.state;
    },
    health: async () => this.healthNow,
    stats: (...args) => this.#note('stats', args, []),
    metrics: (...args) => this.#note('metrics', args, []),
    recent: (...args) => this.#note('recent', args, []),
    failed: (...args) => this.#note('failed', args, { jobs: [], errors: [] }),
    stuck: (...args) => this.#note('stuck', args, []),
    audit: (...args) => this.#note('audit', args, []),
    retry: (...args) => this.#note('retry', args, 3),
    pause: (...args) => this.#note('pause', args, ['offers']),
    resume: (...args) => this.#note('resume', args, ['offers']),
    stop: (...args) => this.#note('stop', args, true),
    start: (...args) => this.#note('start', args, true),
    resetStuck: (...args) => this.#note('reset-stuck', args, 2),
    clear: (...args) => this.#note('clear', args, { logged: 0, ready: 1, waiting: 0, parked: 0 }),
    cleanup: (days, ...args) =>
      this.#note('cleanup', [days, ...args], {
        days,
        history_days: 1,
        audit_entries: 2,
        metrics: 3,
        workers: 0,
      }),
  };

  plan: MigrationPlan = {
    source: 'offers',
    from: 'evervec/hashed-words@1/384',
    to: 'openai/text-embedding-3-small/1536',
    differs: ['model evervec/hashed-words@1/384, not openai/text-embedding-3-small/1536'],
    rows: 1_280,
    sampled: 1_000,
    records: 1_280,
    chunks: 1_311,
    tokens: 262_200,
    cost: 0.005244,
    seconds: 3.2,
  };
  spaces: SpaceStatus[] = [
    {
      source: 'offers',
      model: 'evervec/hashed-words@1/384',
      dimensions: 384,
      chunking: 'text@2/max1600/overlap0',
      language: 'english',
      differs: [],
      second: null,
    },
  ];

  readonly migrations: Engine['migrations'] = {
    status: (...args) => this.#note('status', args, this.spaces),
    plan: (...args) => this.#note('plan', args, this.plan),
    begin: (...args) => this.#note('begin', args, true),
    queue: (...args) => this.#note('queue', args, undefined),
    switch: (...args) => this.#note('switch', args, undefined),
    rollback: (...args) => this.#note('rollback', args, undefined),
    drop: (...args) => this.#note('drop', args, true),
  };

  async #note<T>(action: string, args: unknown[], result: T): Promise<T> {
    this.acted.push([action, ...args]);
    return result;
  }

  async worker(): Promise<never> {
    throw new Error('This engine has no worker.');
  }

  async pending(): Promise<number> {
    return 0;
  }
}
