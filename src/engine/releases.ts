/** Releases of configured sources: which there are, and building them. What is built is a draft in a folder; publishing is another act. */
import path from 'node:path';
import type { Connection, Database } from '../database/index.ts';
import { ReleaseError, SchemaError } from '../errors/index.ts';
import type { IndexAbout } from '../format/index.ts';
import type {
  BuiltRelease,
  ContentRecord,
  LeftOut,
  OnBuildProgress,
  ReleaseBase,
  ReleaseHealth,
  ReleaseOptions,
  ReleasePlan,
  ReleaseTarget,
  TargetOptions,
} from '../release/index.ts';
import { RETENTION_DAYS } from '../queue/index.ts';
import type { Logger } from '../runtime/index.ts';
import { findSource, type SourceDefinition, type SourceRow } from '../source/index.ts';
import type { Config } from './config.ts';
import { DOCUMENTS } from './document-source.ts';
import { onSchema } from './on-schema.ts';
import type { ReleaseServing } from './release-serving.ts';
import { activeSpace, notSetUp } from './spaces.ts';
import type { Wiring } from './wiring.ts';

/** Loaded when something is built: most programs build nothing. */
const parts = () => import('../release/index.ts');

export interface BuildOptions {
  /** The folder that the draft is written to; one that is there is replaced in one step. */
  readonly folder: string;
  /** What clients have, newest first: skipped where the first is what would be built. Default none. */
  readonly bases?: readonly ReleaseBase[] | undefined;
  /** Builds what is published already, too. Default false. */
  readonly force?: boolean | undefined;
  /** Builds what there is while records wait or failed. Default false. */
  readonly allowStale?: boolean | undefined;
  readonly onProgress?: OnBuildProgress | undefined;
}

export interface ReleaseBuilt {
  readonly release: string;
  readonly source: string;
  /** `unchanged`: no draft was written, and one of other content that was there is gone. */
  readonly outcome: 'built' | 'unchanged';
  /** Of the plain index. */
  readonly sha256: string;
  readonly records: number;
  /** Records that were not current; above 0 with `allowStale` only. */
  readonly stale: number;
  /** Absent where nothing was built. */
  readonly draft?: {
    readonly folder: string;
    readonly change: 'major' | 'minor';
    readonly chunks: number;
    readonly dimensions: number;
    readonly model: string;
    /** Of the index, plain and gzipped; of the model that goes along, gzipped, or 0. */
    readonly bytes: number;
    readonly gzip_bytes: number;
    readonly model_bytes: number;
    /** 0 to 1; null where there are too few chunks to measure. */
    readonly recall: number | null;
    readonly canaries: number;
    /** One for each base: the gzipped delta from it, or why there is none. */
    readonly deltas: readonly { from: string; bytes: number | null; left_out: LeftOut | null }[];
  };
}

interface Content {
  readonly about: IndexAbout;
  readonly dimensions: number;
  readonly records: ContentRecord[];
  readonly stale: number;
}

export interface ServingChoices {
  readonly openTarget: (options: TargetOptions) => ReleaseTarget;
  /** The secret of the channel; without, that in the folder of the keys. */
  readonly channelKey?: string | undefined;
  readonly logger: Logger;
}

export interface ReleasesOptions {
  readonly database: Database;
  readonly config: Config;
  readonly wiring: Wiring;
}

export class Releases {
  readonly #database: Database;
  readonly #config: Config;
  readonly #wiring: Wiring;

  constructor({ database, config, wiring }: ReleasesOptions) {
    this.#database = database;
    this.#config = config;
    this.#wiring = wiring;
  }

  /** Names of the configured ones. */
  get names(): string[] {
    return Object.keys(this.#config.releases ?? {});
  }

  /**
   * @param name of a release, or of a source, whose release then has its name and nothing but defaults
   * @throws ReleaseError (nothing)
   */
  optionsOf(name: string): ReleaseOptions & { readonly source: string } {
    const { releases = {}, sources, documents } = this.#config;
    const options = Object.hasOwn(releases, name) ? releases[name] : undefined;
    if (options !== undefined) return { ...options, source: options.source ?? DOCUMENTS };
    const isSource = Object.hasOwn(sources, name) || (name === DOCUMENTS && documents !== false);
    if (isSource) return { source: name };
    throw new ReleaseError('nothing', `There is no release and no source "${name}".`, {
      remedy: `Known are the releases ${this.names.join(', ') || '(none)'} and the sources ${[...Object.keys(sources), DOCUMENTS].join(', ')}.`,
      isUsage: true,
    });
  }

  /**
   * Reads the content in one snapshot and writes the draft of a release.
   * @throws ReleaseError: (nothing) no such release, or no record; (stale) records wait or failed; (draft) the folder can't be written
   * @throws ConfigError, SourceError, UnknownSourceError, SchemaError
   */
  async build(name: string, options: BuildOptions): Promise<ReleaseBuilt> {
    const { folder, bases = [], force, allowStale = false, onProgress } = options;
    const wanted = this.optionsOf(name);
    const { source: sourceName } = wanted;
    const { row, source } = await this.#wiring.known(sourceName);
    requireSameTier(row, source);
    const { buildRelease, planRelease, removeDraft, writeDraft } = await parts();
    const plan = planRelease(name, wanted, source, this.#isDocuments(sourceName));
    const content = await this.#read(plan, source, { allowStale, onProgress });
    const { records, stale, about, dimensions } = content;
    const built = await buildRelease({
      name,
      about,
      dimensions,
      records,
      bases,
      isForced: force,
      hasModel: plan.hasModel,
      knowledge: plan.knowledge,
      onProgress,
    });
    const report = { release: name, source: sourceName, records: records.length, stale };
    if ('unchanged' in built) {
      await removeDraft(folder);
      return { ...report, outcome: 'unchanged', sha256: built.sha256 };
    }
    onProgress?.('writing');
    await writeDraft(folder, built.draft, built.contents);
    const { sha256 } = built.draft.manifest.index;
    return { ...report, outcome: 'built', sha256, draft: describe(folder, built) };
  }

  /**
   * Those that the configuration says to serve, not started yet.
   * @param options how a target is opened, and what a halt is signed by
   * @returns null where there are none
   * @throws what `openTarget` throws
   */
  async serving({
    openTarget,
    channelKey,
    logger,
  }: ServingChoices): Promise<ReleaseServing | null> {
    const { serveSettings } = await import('../release/serve-options.ts');
    const releases = Object.entries(this.#config.releases ?? {}).flatMap(
      ([name, { serve, target }]) => {
        const settings = serveSettings(serve);
        if (settings === null || target === undefined) return [];
        const folder = target.type === 'folder' ? path.resolve(target.path) : null;
        return [{ name, settings, target: openTarget(target), folder }];
      },
    );
    if (releases.length === 0) return null;
    const { ReleaseServing } = await import('./release-serving.ts');
    const retentionDays = this.#config.worker?.cleanupRetentionDays ?? RETENTION_DAYS;
    return new ReleaseServing({
      database: this.#database,
      releases,
      logger,
      channelKey,
      retentionDays,
    });
  }

  /**
   * What clients reported of a release.
   * @param hours back, default 24
   * @throws SchemaError
   */
  async health(name: string, channel: string, hours = 24): Promise<ReleaseHealth> {
    const { readHealth } = await parts();
    return await onSchema(readHealth(this.#database, name, channel, hours));
  }

  #isDocuments(source: string): boolean {
    return source === DOCUMENTS && !Object.hasOwn(this.#config.sources, DOCUMENTS);
  }

  /** All in one transaction: what is counted as waiting, and what is read, are of the same moment. */
  async #read(
    plan: ReleasePlan,
    source: SourceDefinition,
    { allowStale, onProgress }: { allowStale: boolean; onProgress: OnBuildProgress | undefined },
  ): Promise<Content> {
    const { modelFingerprint, readContent, requireFresh } = await parts();
    return await this.#database.transaction(async (tx) => {
      await tx.query('set transaction isolation level repeatable read, read only');
      const row = await findSource(tx, source.name);
      if (row === null) throw notSetUp(source.name);
      const space = await activeSpace(tx, row);
      const freshness = await this.#freshness(tx, row, source);
      if (!allowStale) requireFresh(plan.name, source.name, freshness);
      const about = {
        source: source.name,
        model: { id: space.modelId, fingerprint: modelFingerprint(space.modelId) },
        fusionWeight: space.fusionWeight,
        language: plan.language ?? space.language,
      };
      // A text that waits may be of when its row was of another tier: it is left out where that matters.
      const leaveOut = source.tier !== null && { sourceId: row.id, logId: row.log_id };
      const records: ContentRecord[] = [];
      const reading = readContent(tx, { source, space, plan, ...(leaveOut && { leaveOut }) });
      for await (const batch of reading) {
        records.push(...batch);
        onProgress?.('reading', records.length);
      }
      const stale = freshness.pending + freshness.failed;
      return { about, dimensions: space.dimensions, records, stale };
    });
  }

  async #freshness(tx: Connection, row: SourceRow, source: SourceDefinition) {
    const { readFreshness } = await parts();
    const freshness = await readFreshness(tx, row, source.fingerprint);
    // Documents come in through Evervec alone, each is queued by its own change, and nothing ever was there before. Where they were
    // set up by an earlier version it is not written down.
    const isFromTheFirst = this.#isDocuments(source.name) && row.queued_fingerprint === null;
    return isFromTheFirst ? { ...freshness, isQueued: true } : freshness;
  }
}

/** What the database guards, and what would be filtered by, must be one thing. @throws SchemaError */
function requireSameTier(row: SourceRow, source: SourceDefinition): void {
  if ((row.definition.tier ?? null) === (source.tier?.name ?? null)) return;
  throw new SchemaError(`Source "${source.name}" has other tiers than it was set up with.`, {
    remedy: 'Run "evervec setup".',
    isUsage: true,
  });
}

function describe(
  folder: string,
  { draft, ways }: BuiltRelease,
): NonNullable<ReleaseBuilt['draft']> {
  const { change, index, model, recall, canaries } = draft.manifest;
  return {
    folder,
    change,
    chunks: index.chunks,
    dimensions: index.dimensions,
    model: model.id,
    bytes: index.bytes,
    gzip_bytes: index.files[0]?.bytes ?? 0,
    model_bytes: model.download?.files[0]?.bytes ?? 0,
    recall: recall === undefined ? null : recall / 10_000,
    canaries: canaries.length,
    deltas: ways.map(({ from, delta, leftOut }) => ({
      from,
      bytes: delta?.zipped.length ?? null,
      left_out: leftOut ?? null,
    })),
  };
}
