/**
 * What a search notices of a change of model: 100,000 records go from one space to another under 50 changes and 20 searches
 * a second. A worker process and the process of the migration do the work; this one writes and searches, on schedules that
 * do not wait. Each answer is held against the model that it says it is of. Before the migration begins, a process that
 * does nothing keeps a processor busy for a while, as building the index will: what searches notice of that is the machine's.
 */
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { createEmbeddedModel, type EmbeddingModel, embedTexts } from '../src/embed/index.ts';
import type { Evervec } from '../src/index.ts';
import { openArticles, prepareArticles } from './articles.ts';
import { type Bench, quantile, single } from './bench.ts';
import { mirroredModel } from './mirrored-model.ts';
import { sampleTexts } from './sample-texts.ts';
import { ScratchDatabases, withClient } from './scratch-databases.ts';

const ROWS = 100_000;
const CHANGES_PER_SECOND = 50;
const SEARCHES_PER_SECOND = 20;
/** Before the migration and after the switch, each. */
const SECONDS = 40;
/** Under load before anything counts: connections are made, and what was just written comes into memory. */
const WARM_SECONDS = 10;
const TEXT_CHARS = 300;
const QUERY_CHARS = 40;

/** What is under way: `warming`, `before`, `busy`, `beginning`, then what the migration's process tells, then `after`. */
interface Phase {
  name: string;
  latencies: number[];
  failed: number;
  mixed: number;
}

class Watch {
  readonly phases: Phase[] = [];
  readonly #models = new Map<string, EmbeddingModel>();
  readonly #evervec: Evervec;

  constructor(evervec: Evervec) {
    this.#evervec = evervec;
    for (const model of [createEmbeddedModel(), mirroredModel()]) this.#models.set(model.id, model);
    this.enter('warming');
  }

  enter(name: string): void {
    this.phases.push({ name, latencies: [], failed: 0, mixed: 0 });
  }

  /** Searches until `over`; one that takes long does not hold up the next. */
  async search(over: AbortSignal): Promise<void> {
    const underWay: Promise<void>[] = [];
    await onSchedule(SEARCHES_PER_SECOND, QUERY_CHARS, 7, over, async (query) => {
      underWay.push(this.#ask(query));
    });
    await Promise.all(underWay);
  }

  async #ask(query: string): Promise<void> {
    const phase = this.phases.at(-1);
    if (phase === undefined) return;
    const started = performance.now();
    try {
      const { hits, space } = await this.#evervec.search({ query });
      phase.latencies.push(performance.now() - started);
      const model = this.#models.get(space['articles'] ?? '');
      const [top] = hits;
      if (top === undefined || model === undefined) return;
      const [asked, found] = await embedTexts(model, [query, top.chunk.text]);
      const cosine = (asked ?? new Float32Array()).reduce(
        (sum, value, i) => sum + value * (found?.[i] ?? 0),
        0,
      );
      // halfvec has eleven bits.
      if (Math.abs(cosine - (top.scores.vector ?? cosine)) > 0.01) phase.mixed += 1;
    } catch (error) {
      phase.failed += 1;
      console.error(error);
    }
  }
}

/** Calls `act` with a text of its own `perSecond` times a second. */
async function onSchedule(
  perSecond: number,
  chars: number,
  seed: number,
  over: AbortSignal,
  act: (text: string, n: number) => Promise<void>,
): Promise<void> {
  const texts = sampleTexts(1_000_000, chars, seed);
  const start = performance.now();
  for (let n = 0; !over.aborted; n++) {
    await delay(Math.max(0, start + (n * 1_000) / perSecond - performance.now()));
    await act(texts.next().value ?? '', n);
  }
}

async function write(url: string, rows: number, over: AbortSignal): Promise<void> {
  await withClient(url, async (client) => {
    await onSchedule(CHANGES_PER_SECOND, TEXT_CHARS, 1_000, over, async (text, n) => {
      await client.query('update articles set body = $2 where id = $1', [
        ((n * 7919) % rows) + 1,
        text,
      ]);
    });
  });
}

function start(role: 'worker' | 'migrate', url: string): ChildProcess {
  return fork(fileURLToPath(new URL('./migration-process.ts', import.meta.url)), [role, url]);
}

/** One processor, by a process that touches neither disk nor memory: the least that an index can take while it is built. */
async function keepBusy(ms: number): Promise<void> {
  const busy = spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore' });
  await delay(ms);
  busy.kill();
  await once(busy, 'exit');
}

async function fillFirst(url: string): Promise<void> {
  const evervec = await openArticles(url);
  await withClient(url, (client) => client.query('insert into articles select * from staging'));
  await evervec.setup();
  await evervec.backfill();
  await (await evervec.worker()).drain();
  await evervec.close();
}

async function measure(url: string, rows: number, note: (line: string) => void): Promise<Phase[]> {
  await fillFirst(url);
  note(`${rows.toLocaleString('en')} records are in the first space`);
  const evervec = await openArticles(url, { otherModels: [mirroredModel()] });
  const worker = start('worker', url);
  await once(worker, 'message');
  const watch = new Watch(evervec);
  const over = new AbortController();
  const load = Promise.all([watch.search(over.signal), write(url, rows, over.signal)]);
  try {
    await delay(WARM_SECONDS * 1_000);
    watch.enter('before');
    await delay(SECONDS * 1_000);
    watch.enter('busy');
    await keepBusy(SECONDS * 1_000);
    watch.enter('beginning');
    const migration = start('migrate', url);
    migration.on('message', (step: string) => {
      note(step);
      watch.enter(step);
    });
    const [code] = (await once(migration, 'exit')) as [number];
    if (code !== 0) throw new Error('the migration failed');
    watch.enter('after');
    await delay(SECONDS * 1_000);
  } finally {
    over.abort();
    await load;
    worker.disconnect();
    await once(worker, 'exit');
    await evervec.close();
  }
  return watch.phases;
}

const total = (phases: readonly Phase[], of: 'failed' | 'mixed') =>
  phases.reduce((sum, phase) => sum + phase[of], 0);

export const bench: Bench = {
  name: 'model-switch',
  claim:
    'p99 of a search during the migration of 100,000 records, and after ÷ before, at 50 changes/s and 20 searches/s',
  aim: { text: '≤ 1.5, no failed search, no mixed result', ratio: 1.5, bound: 'at most' },

  async run({ rows = ROWS, note }) {
    const databases = await ScratchDatabases.open();
    try {
      const template = await prepareArticles(databases, rows, ['body']);
      const phases = await databases.use((url) => measure(url, rows, note), template);
      const [, before, busy, ...others] = phases;
      const since = others.flatMap(({ latencies }) => latencies);
      const figures: Record<string, number> = {};
      for (const { name, latencies } of phases) {
        if (latencies.length === 0) continue;
        figures[`${name}: searches`] = latencies.length;
        figures[`${name}: p50, ms`] = quantile(latencies, 0.5);
        figures[`${name}: p99, ms`] = quantile(latencies, 0.99);
      }
      figures['failed searches'] = total(phases, 'failed');
      figures['mixed results'] = total(phases, 'mixed');
      const isWhole = figures['failed searches'] + figures['mixed results'] === 0;
      const rest = quantile(before?.latencies ?? [], 0.99);
      figures['p99 beside a busy process ÷ before'] = quantile(busy?.latencies ?? [], 0.99) / rest;
      const ratio = quantile(since, 0.99) / rest;
      return { figures, ratio: single(isWhole ? ratio : Number.POSITIVE_INFINITY) };
    } finally {
      await databases.close();
    }
  },
};
