/**
 * How well searches rank, measured on a collection with judged queries: its documents become a source in a scratch schema,
 * embedded by a worker and searched as users search. It judges; it changes no setting and no ranking.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Connection, Database } from '../database/index.ts';
import {
  type EmbeddingModel,
  embedTexts,
  estimateTokens,
  isEmbedded,
  resolveModel,
} from '../embed/index.ts';
import { EvaluationError } from '../errors/index.ts';
import {
  type CollectionDocument,
  type JudgedQueries,
  type Measured,
  readDocuments,
} from '../evaluate/index.ts';
import { type Logger, silentLogger } from '../runtime/index.ts';
import type { SearchMode } from '../search/index.ts';
import { sidecarName } from '../space/index.ts';
import type { Config } from './config.ts';
import type { Evervec } from './engine.ts';
import { measure, withReranking } from './measure.ts';
import { SCRATCH_SCHEMA, withScratch } from './scratch.ts';

export const EVALUATED_MODES: readonly SearchMode[] = ['text', 'vector', 'hybrid'];

export interface Evaluation {
  split: string;
  /** The model's id, as it is stamped on a space. */
  model: string;
  documents: number;
  queries: number;
  modes: Measured;
}

export interface EvaluateOptions {
  /** Default all three. */
  modes?: readonly SearchMode[];
  /** Each mode also with the configured re-ranker; default false. */
  rerank?: boolean;
  /** Of a chunk, 16 to 100,000. Default: whole documents, as far as the model takes them. */
  maxChars?: number;
  logger?: Logger;
  signal?: AbortSignal;
  onProgress?(
    step: 'loading' | 'embedding' | 'searching',
    done: number,
    total: number | null,
  ): void;
  /** What is odd about the collection and does not keep it from being measured. */
  onWarning?(text: string): void;
  /** Asked before anything is embedded that may cost money; false ends it. Default: yes. */
  confirm?(estimate: { model: string; tokens: number; cost: number | null }): Promise<boolean>;
}

/**
 * @param config its database and model count, its sources are left alone
 * @param folder of the collection, whose `judged` queries have been read
 * @returns null where it was not confirmed
 * @throws EvaluationError; whatever reading, the database or the model throw. The scratch schema is gone by then.
 */
export async function evaluate(
  config: Config,
  folder: string,
  judged: JudgedQueries,
  options: EvaluateOptions = {},
): Promise<Evaluation | null> {
  const { modes = EVALUATED_MODES, logger = silentLogger, signal } = options;
  const needsVectors = modes.some((mode) => mode !== 'text');
  const model = await resolveModel(config.model);
  if (options.rerank === true && config.reranker === undefined) throw noReranker();
  const scratch = scratchConfig(config, model, options);
  return await withScratch(scratch, logger, async (evervec) => {
    const documents = await load(evervec.database, folder, options);
    await warnOfUnknown(evervec.database, judged, options);
    await evervec.setup();
    if (needsVectors && !(await isWanted(evervec, judged, options))) return null;
    // One call tells what a queue would wait for: a key that is refused, an address where nobody answers.
    if (needsVectors && !isEmbedded(model))
      await embedTexts(evervec.model, [judged.queries[0]?.text ?? ''], { kind: 'query', signal });
    await evervec.backfill();
    await embed(evervec, documents, options);
    const warned = new Set<string>();
    const measured = await measure(judged.queries, {
      search: (request) => evervec.search(request, signal),
      modes: withReranking(modes, options.rerank === true),
      parallel: evervec.database.capabilities.connections,
      signal,
      onProgress: (done, total) => options.onProgress?.('searching', done, total),
      onWarning: (text) => {
        if (warned.size < warned.add(text).size) options.onWarning?.(text);
      },
    });
    signal?.throwIfAborted();
    return {
      split: judged.split,
      model: evervec.model.id,
      documents,
      queries: judged.queries.length,
      modes: measured,
    };
  }).catch((error: unknown) => {
    if (signal?.aborted !== true || error instanceof EvaluationError) throw error;
    throw new EvaluationError('The evaluation was stopped before its end.', {
      remedy: 'Nothing of it is left in the database; run it again for its figures.',
      cause: error,
    });
  });
}

function noReranker(): EvaluationError {
  return new EvaluationError('There is no re-ranker here.', {
    remedy: 'Set reranker in the configuration.',
    isUsage: true,
  });
}

const SOURCE = 'corpus';

/** Longest that the chunker makes. */
const MAX_CHARS = 100_000;
/** Fewer than English has, so that a chunk of a model's length is not too long for it. */
const CHARS_PER_TOKEN = 3;

function scratchConfig(config: Config, model: EmbeddingModel, options: EvaluateOptions): Config {
  const { database, quota, price, worker, reranker } = config;
  const { maxInputTokens = MAX_CHARS } = model;
  const {
    modes = EVALUATED_MODES,
    maxChars = Math.min(MAX_CHARS, maxInputTokens * CHARS_PER_TOKEN),
  } = options;
  return {
    ...(database !== undefined && { database }),
    // As it was told: an object is guarded by quota and breaker, which what comes along does without.
    ...(!isEmbedded(model) ? { model } : config.model !== undefined && { model: config.model }),
    ...(quota && { quota }),
    ...(price && { price }),
    ...(worker && { worker }),
    ...(reranker && { reranker }),
    ...(!modes.some((mode) => mode !== 'text') && { semanticSearch: false }),
    sources: {
      [SOURCE]: {
        table: SOURCE,
        schema: SCRATCH_SCHEMA,
        text: ['title', 'body'],
        record: ['id'],
        chunk: { maxChars },
      },
    },
  };
}

const TABLE = `
create table evervec.corpus (id text collate "C" primary key, title text not null, body text not null)`;

const INSERT = `
insert into evervec.corpus (id, title, body)
select * from unnest($1::text[], $2::text[], $3::text[]) on conflict (id) do nothing returning id`;

const MAX_BATCH = 1_000;
const MAX_BATCH_CHARS = 4_000_000;

/** @returns how many documents there are */
async function load(
  database: Database,
  folder: string,
  { signal, onProgress }: EvaluateOptions,
): Promise<number> {
  await database.query(TABLE);
  let loaded = 0;
  let batch: CollectionDocument[] = [];
  let chars = 0;
  const flush = async () => {
    signal?.throwIfAborted();
    await insert(database, batch);
    loaded += batch.length;
    onProgress?.('loading', loaded, null);
    batch = [];
    chars = 0;
  };
  for await (const document of readDocuments(folder)) {
    batch.push(document);
    chars += document.text.length;
    if (batch.length >= MAX_BATCH || chars >= MAX_BATCH_CHARS) await flush();
  }
  if (batch.length > 0) await flush();
  if (loaded > 0) return loaded;
  throw new EvaluationError(`corpus.jsonl of ${folder} holds no document.`, {
    remedy: 'Put one JSON object on each line: {"_id": "…", "title": "…", "text": "…"}.',
    isUsage: true,
  });
}

async function insert(connection: Connection, batch: readonly CollectionDocument[]): Promise<void> {
  const { rows } = await connection.query<{ id: string }>(INSERT, [
    batch.map(({ id }) => id),
    batch.map(({ title }) => title),
    batch.map(({ text }) => text),
  ]);
  if (rows.length === batch.length) return;
  const fresh = new Set(rows.map(({ id }) => id));
  // The first of a batch with that id was taken, so the next one is at fault.
  const again = batch.find(({ id }) => !fresh.delete(id));
  throw new EvaluationError(`corpus.jsonl, line ${again?.line}: its _id came before.`, {
    remedy: 'Give each document its own _id.',
    isUsage: true,
  });
}

const UNKNOWN = `
select count(distinct judged.id)::integer as count from unnest($1::text[]) as judged (id)
where not exists (select from evervec.corpus document where document.id = judged.id collate "C")`;

async function warnOfUnknown(
  database: Database,
  { queries, unknownQueries }: JudgedQueries,
  { onWarning }: EvaluateOptions,
): Promise<void> {
  if (unknownQueries > 0)
    onWarning?.(`${unknownQueries} queries are judged but not in queries.jsonl; they are left out`);
  const ids = queries.flatMap(({ judged }) => [...judged.keys()]);
  const { rows } = await database.query<{ count: number }>(UNKNOWN, [ids]);
  const count = rows[0]?.count ?? 0;
  if (count > 0)
    onWarning?.(`${count} documents are judged but not in corpus.jsonl; they count as not found`);
}

async function isWanted(
  evervec: Evervec,
  { queries }: JudgedQueries,
  { confirm }: EvaluateOptions,
): Promise<boolean> {
  if (!evervec.mayCost || confirm === undefined) return true;
  const [plan] = await evervec.planBackfill();
  // Each once: its vector is kept for the next mode.
  const queryTokens = queries.reduce((sum, { text }) => sum + estimateTokens(text), 0);
  const { tokens = 0, cost = null } = plan ?? {};
  const total = tokens + queryTokens;
  return await confirm({
    model: evervec.model.id,
    tokens: total,
    cost: cost === null ? null : (cost * total) / Math.max(tokens, 1),
  });
}

/** How long nothing may get done before the model is given up: a provider's limits are per minute. */
const GIVE_UP_MS = 90_000;
const LOOK_EVERY_MS = 1_000;

/** Works until nothing waits; what a provider holds up is waited for. */
async function embed(
  evervec: Evervec,
  documents: number,
  { signal, onProgress, onWarning }: EvaluateOptions,
): Promise<void> {
  let done = 0;
  let lastDone = performance.now();
  for (;;) {
    const worker = await evervec.worker(undefined, {
      // What it has in hand when it is stopped goes with the schema.
      stopMs: 0,
      onBatch: (batch) => {
        done += batch.done;
        if (batch.done > 0) lastDone = performance.now();
        onProgress?.('embedding', done, documents);
      },
    });
    const stop = () => void worker.stop();
    signal?.addEventListener('abort', stop);
    await worker.drain();
    signal?.removeEventListener('abort', stop);
    signal?.throwIfAborted();
    const pending = await evervec.pending();
    if (pending === 0) break;
    if (performance.now() - lastDone > GIVE_UP_MS)
      throw new EvaluationError(
        `${pending} documents can't be embedded: model ${evervec.model.id} does not answer as it should.`,
        { remedy: 'Run "evervec model test" to see what it says.' },
      );
    await delay(LOOK_EVERY_MS, undefined, { signal });
  }
  const { counts } = await evervec.queueStatus();
  if (counts.parked > 0)
    onWarning?.(`${counts.parked} documents were refused by the model; they can't be found`);
  // The planner's figures, as autovacuum brings them to a user's table.
  const spaces = await evervec.database.query<{ id: number }>('select id from evervec.spaces');
  for (const { id } of spaces.rows) await evervec.database.query(`analyze ${sidecarName(id)}`);
}
