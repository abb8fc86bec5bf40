/** Labelled queries of sources, and how well searches do on them: against the live space, read-only. */
import type { Connection, Database } from '../database/index.ts';
import { EvaluationError, LabelError, QueryError } from '../errors/index.ts';
// Not by way of the folder's index, which reads files: an edge runtime has none.
import {
  checkLabel,
  deleteLabels,
  judgedQueries,
  type KeptLabel,
  type Label,
  listLabels,
  saveLabel,
} from '../evaluate/labels.ts';
import { type KeptRun, listRuns, type Measured, type Run, saveRun } from '../evaluate/runs.ts';
import { recordAudit } from '../queue/index.ts';
import { VERSION } from '../runtime/index.ts';
import type { SearchAnswer, SearchMode, SearchRequest } from '../search/index.ts';
import { findSource, listSources } from '../source/index.ts';
import { measure, withReranking } from './measure.ts';
import { onSchema } from './on-schema.ts';
import { unknownSource } from './unknown-source.ts';

export interface LabelsOptions {
  database: Database;
  search(request: SearchRequest, signal?: AbortSignal): Promise<SearchAnswer>;
  /** Those that can be searched in here. */
  modes: readonly SearchMode[];
  canRerank: boolean;
}

export interface SourceEvaluation {
  source: string;
  model: string;
  queries: number;
  modes: Measured;
}

export interface EvaluateSourceOptions {
  /** Default all that there are here. */
  modes?: readonly SearchMode[] | undefined;
  /** Also with re-ranking; default false. */
  rerank?: boolean | undefined;
  /** The newest labelled queries only. */
  limitQueries?: number | undefined;
  signal?: AbortSignal | undefined;
  onProgress?(done: number, total: number): void;
  onWarning?(text: string): void;
}

export class Labels {
  readonly #options: LabelsOptions;

  constructor(options: LabelsOptions) {
    this.#options = options;
  }

  /**
   * Notes that a record answers a query, and how well; one for the same two is replaced.
   * @param options `by` who says so; `tiers` those that they see, default all
   * @throws LabelError where the record is not there, or not to be seen; UnknownSourceError
   */
  async add(
    label: Label,
    options: { by?: string; tiers?: readonly string[] | undefined } = {},
  ): Promise<void> {
    const { database } = this.#options;
    const query = checkLabel(label);
    await onSchema(requireRecord(database, label, options.tiers));
    await onSchema(saveLabel(database, { ...label, query }, options.by ?? 'program'));
  }

  /** @param source default all */
  async list(source?: string): Promise<KeptLabel[]> {
    return await onSchema(listLabels(this.#options.database, source));
  }

  /** @returns how many there were */
  async delete(
    which: { source: string; query?: string | undefined; key?: string | undefined },
    by = 'program',
  ): Promise<number> {
    return await onSchema(
      this.#options.database.transaction(async (tx) => {
        const deleted = await deleteLabels(tx, which);
        // How many, never which: a query is its asker's.
        const target = `source ${which.source}`;
        if (deleted > 0)
          await recordAudit(tx, {
            actor: by,
            action: 'labels delete',
            target,
            detail: { deleted },
          });
        return deleted;
      }),
    );
  }

  /**
   * How well searches of a source rank what is labelled. Queries are embedded as those of users, and counted as such.
   * @throws EvaluationError where nothing is labelled; UnknownSourceError
   */
  async evaluate(source: string, options: EvaluateSourceOptions = {}): Promise<SourceEvaluation> {
    const { database, search, modes, canRerank } = this.#options;
    const { rerank = false, limitQueries, onProgress, onWarning, signal } = options;
    if (rerank && !canRerank)
      throw new EvaluationError('There is no re-ranker here.', {
        remedy: 'Set reranker in the configuration.',
        isUsage: true,
      });
    const model = await onSchema(requireModel(database, source));
    const queries = await onSchema(judgedQueries(database, source, limitQueries));
    if (queries.length === 0)
      throw new EvaluationError(`No query of source "${source}" is labelled.`, {
        remedy: `Say which records answer what: evervec label ${source} "query" KEY --grade 2.`,
        isUsage: true,
      });
    const measured = await measure(queries, {
      search,
      modes: withReranking(options.modes ?? modes, rerank),
      sources: [source],
      parallel: database.capabilities.connections,
      signal,
      ...(onProgress && { onProgress }),
      ...(onWarning && { onWarning }),
    });
    return { source, model, queries: queries.length, modes: measured };
  }

  /** Writes an evaluation down, to be compared with others. */
  async keep(run: Omit<Run, 'version'>): Promise<void> {
    await onSchema(saveRun(this.#options.database, { ...run, version: VERSION }));
  }

  /** What was written down, the latest first. */
  async history(options: { name?: string | undefined; limit?: number } = {}): Promise<KeptRun[]> {
    return await onSchema(listRuns(this.#options.database, options));
  }
}

const MODEL = `
select space.model_id as model from evervec.sources source join evervec.spaces space on space.id = source.active_space_id
where source.name = $1 and source.standby_of is null`;

async function requireModel(connection: Connection, source: string): Promise<string> {
  const { rows } = await connection.query<{ model: string }>(MODEL, [source]);
  if (rows[0] !== undefined) return rows[0].model;
  throw unknownSource(source, await listSources(connection));
}

const FIND = `
select count(*)::integer as found
from evervec.chunks_near($1, array[$2::text], array[0], 0, $3::jsonb)`;

/** @throws LabelError, UnknownSourceError */
async function requireRecord(
  connection: Connection,
  { source, key }: Label,
  tiers: readonly string[] | undefined,
): Promise<void> {
  if ((await findSource(connection, source)) === null)
    throw unknownSource(source, await listSources(connection));
  const values = [source, key.replaceAll('\0', '').toWellFormed(), tiers ? { tiers } : {}];
  const { rows } = await connection.query<{ found: number }>(FIND, values).catch((error) => {
    // A key that is no value of its column names no record.
    if (error instanceof QueryError && error.sqlState?.startsWith('22') === true)
      return { rows: [] };
    throw error;
  });
  if ((rows[0]?.found ?? 0) > 0) return;
  throw new LabelError(`Source "${source}" has no record of that key that a search could find.`, {
    remedy: 'Take the key from a hit. What was just written is found once it is embedded.',
    isUsage: true,
  });
}
