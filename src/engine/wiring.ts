/**
 * The configured sources, as they stand against the database: which are chosen, what each resolves to, and what works
 * on it. Changes nothing.
 */
import type { RecordChunker } from '../chunk/index.ts';
import { type Database, SCHEMA_VERSION, schemaVersion } from '../database/index.ts';
import type { EmbeddingModel } from '../embed/index.ts';
import { ConfigError, SchemaError, SpaceMismatchError } from '../errors/index.ts';
import {
  columnOf,
  findSource,
  findStandby,
  resolveSource,
  type SourceDefinition,
  type SourceOptions,
  type SourceRow,
} from '../source/index.ts';
import type { Space } from '../space/index.ts';
import type { Config } from './config.ts';
import { DOCUMENTS, documentSource, PAGES_COLUMN, VERSION_COLUMN } from './document-source.ts';
import type { Models } from './models.ts';
import { activeSpace, chunkerOfSpace, differences, notSetUp, wantedSpace } from './spaces.ts';
import { unknownSource } from './unknown-source.ts';

/** One space of a configured source with all that works on it. */
export interface Wired {
  /** The source's name, of its second space too. */
  name: string;
  row: SourceRow;
  /** Under the row's name. */
  source: SourceDefinition;
  space: Space;
  chunker: RecordChunker;
  model: EmbeddingModel;
  /** In what the space is another than the configuration asks for; empty for a second one. */
  differs: string[];
}

export type OnMissing = (source: string, error: ConfigError | SpaceMismatchError) => void;

function isMissing(error: unknown): error is ConfigError | SpaceMismatchError {
  return error instanceof ConfigError || error instanceof SpaceMismatchError;
}

export class Wiring {
  readonly #database: Database;
  readonly #models: Models;
  readonly #options: Readonly<Record<string, SourceOptions>>;
  /** Null where documents are no source of ours. */
  readonly #documents: SourceOptions | null;
  /** Whether documents are a source here: they are from the first that is added, configured or not. */
  #hasDocuments: boolean;

  constructor(database: Database, models: Models, config: Config) {
    this.#database = database;
    this.#models = models;
    const documents = documentSource(config, database.schema);
    this.#documents = documents;
    this.#options = { ...config.sources, ...(documents && { [DOCUMENTS]: documents }) };
    this.#hasDocuments = documents === null || config.documents !== undefined;
  }

  /** Names of the configured sources; with documents as soon as the database is seen to have them. */
  get names(): string[] {
    return Object.keys(this.#options).filter((name) => name !== DOCUMENTS || this.#hasDocuments);
  }

  /** @throws UnknownSourceError */
  async chosen(names: readonly string[] | undefined): Promise<readonly string[]> {
    for (const name of names ?? [])
      if (!Object.hasOwn(this.#options, name))
        throw unknownSource(
          name,
          this.names.map((known) => ({ name: known })),
        );
    if (!this.#hasDocuments && (await schemaVersion(this.#database)) > 0)
      this.#hasDocuments = (await findSource(this.#database, DOCUMENTS)) !== null;
    return names ?? this.names;
  }

  async resolve(name: string): Promise<SourceDefinition> {
    const options = this.#options[name];
    if (options === undefined) throw unknownSource(name, []);
    const source = await resolveSource(this.#database, name, options);
    if (options !== this.#documents) return source;
    const column = (wanted: string) => columnOf(name, source.table, wanted);
    return { ...source, revision: column(VERSION_COLUMN), pages: column(PAGES_COLUMN) };
  }

  /**
   * The chosen sources with their second spaces, if they have one: each right after its source.
   * @param onMissing told of a second space whose model is not to be had here, which is then left out; default it throws
   * @throws SchemaError when a chosen source was not set up; SpaceMismatchError where its model is not to be had here
   */
  async wire(names?: readonly string[], onMissing?: OnMissing): Promise<Wired[]> {
    const version = await this.#requireCurrent();
    const wired: Wired[] = [];
    for (const name of await this.chosen(names)) {
      const { row, source } = await this.#known(version, name);
      wired.push(await this.#wireSpace(row, source));
      const standby = await findStandby(this.#database, row.id);
      if (standby === null) continue;
      const second = await this.#wireSpace(standby, source).catch((error: unknown) => {
        if (onMissing === undefined || !isMissing(error)) throw error;
        onMissing(name, error);
      });
      if (second !== undefined) wired.push(second);
    }
    return wired;
  }

  /**
   * A configured source as it was set up; no model is needed for that.
   * @throws UnknownSourceError, SchemaError when it was not set up, or otherwise than it is configured
   */
  async known(name: string): Promise<{ row: SourceRow; source: SourceDefinition }> {
    await this.chosen([name]);
    return await this.#known(await this.#requireCurrent(), name);
  }

  /** @returns the schema's version, 0 for none */
  async #requireCurrent(): Promise<number> {
    const version = await schemaVersion(this.#database);
    if (version > 0 && version < SCHEMA_VERSION)
      throw new SchemaError('The database was set up by an older version of Evervec.', {
        remedy: 'Run "evervec setup".',
        isUsage: true,
      });
    return version;
  }

  async #known(version: number, name: string) {
    const row = version === 0 ? null : await findSource(this.#database, name);
    if (row === null) throw notSetUp(name);
    const source = await this.resolve(name);
    if (row.definition.fingerprint !== source.fingerprint)
      throw new SchemaError(`Source "${name}" is configured otherwise than it was set up.`, {
        remedy: 'Run "evervec setup" and "evervec backfill".',
        isUsage: true,
      });
    return { row, source };
  }

  async #wireSpace(row: SourceRow, definition: SourceDefinition): Promise<Wired> {
    const space = await activeSpace(this.#database, row);
    const isStandby = row.standby_of !== null;
    const source = isStandby ? { ...definition, name: row.name, lane: row.name } : definition;
    const model = await this.#models.of(space);
    const chunker = chunkerOfSpace(space, source, model);
    const { configured, configuredSettings } = this.#models;
    const wanted = wantedSpace(this.#database, definition, configured, configuredSettings);
    const differs = isStandby ? [] : differences(space, wanted);
    return { name: definition.name, row, source, space, chunker, model, differs };
  }
}
