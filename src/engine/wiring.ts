/**
 * The configured sources, as they stand against the database: which are chosen, what each resolves to, and what works
 * on it. Changes nothing.
 */
import type { Chunker } from '../chunk/index.ts';
import { type Database, SCHEMA_VERSION, schemaVersion } from '../database/index.ts';
import type { EmbeddingModel } from '../embed/index.ts';
import { ConfigError, SchemaError, SpaceMismatchError } from '../errors/index.ts';
import {
  findSource,
  findStandby,
  resolveSource,
  type SourceDefinition,
  type SourceOptions,
  type SourceRow,
} from '../source/index.ts';
import type { Space } from '../space/index.ts';
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
  chunker: Chunker;
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

  constructor(
    database: Database,
    models: Models,
    options: Readonly<Record<string, SourceOptions>>,
  ) {
    this.#database = database;
    this.#models = models;
    this.#options = options;
  }

  /** Names of the configured sources. */
  get names(): string[] {
    return Object.keys(this.#options);
  }

  chosen(names: readonly string[] | undefined): readonly string[] {
    for (const name of names ?? [])
      if (!Object.hasOwn(this.#options, name))
        throw unknownSource(
          name,
          this.names.map((known) => ({ name: known })),
        );
    return names ?? this.names;
  }

  async resolve(name: string): Promise<SourceDefinition> {
    const options = this.#options[name];
    if (options === undefined) throw unknownSource(name, []);
    return await resolveSource(this.#database, name, options);
  }

  /**
   * The chosen sources with their second spaces, if they have one: each right after its source.
   * @param onMissing told of a second space whose model is not to be had here, which is then left out; default it throws
   * @throws SchemaError when a chosen source was not set up; SpaceMismatchError where its model is not to be had here
   */
  async wire(names?: readonly string[], onMissing?: OnMissing): Promise<Wired[]> {
    const version = await schemaVersion(this.#database);
    if (version > 0 && version < SCHEMA_VERSION)
      throw new SchemaError('The database was set up by an older version of Evervec.', {
        remedy: 'Run "evervec setup".',
        isUsage: true,
      });
    const wired: Wired[] = [];
    for (const name of this.chosen(names)) {
      const row = version === 0 ? null : await findSource(this.#database, name);
      if (row === null) throw notSetUp(name);
      const source = await this.resolve(name);
      if (row.definition.fingerprint !== source.fingerprint)
        throw new SchemaError(`Source "${name}" is configured otherwise than it was set up.`, {
          remedy: 'Run "evervec setup" and "evervec backfill".',
          isUsage: true,
        });
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
