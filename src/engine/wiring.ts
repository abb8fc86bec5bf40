/**
 * The configured sources, as they stand against the database: which are chosen, what each resolves to, and what works
 * on it. Changes nothing.
 */
import { type Chunker, createTextChunker } from '../chunk/index.ts';
import { type Database, SCHEMA_VERSION, schemaVersion } from '../database/index.ts';
import type { EmbeddingModel } from '../embed/index.ts';
import { ConfigError, SchemaError } from '../errors/index.ts';
import {
  findSource,
  resolveSource,
  type SourceDefinition,
  type SourceOptions,
  type SourceRow,
} from '../source/index.ts';
import { type Space, spacesOf } from '../space/index.ts';
import { refuseOtherSpace } from './setup.ts';
import { unknownSource } from './unknown-source.ts';

/** One configured source with all that works on it. */
export interface Wired {
  row: SourceRow;
  source: SourceDefinition;
  space: Space;
  chunker: Chunker;
}

export class Wiring {
  readonly #database: Database;
  readonly #model: EmbeddingModel;
  readonly #options: Readonly<Record<string, SourceOptions>>;

  constructor(
    database: Database,
    model: EmbeddingModel,
    options: Readonly<Record<string, SourceOptions>>,
  ) {
    this.#database = database;
    this.#model = model;
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

  /** @throws SchemaError when a chosen source was not set up */
  async wire(names?: readonly string[]): Promise<Wired[]> {
    const version = await schemaVersion(this.#database);
    if (version > 0 && version < SCHEMA_VERSION)
      throw new SchemaError('The database was set up by an older version of Evervec.', {
        remedy: 'Run "evervec setup".',
        isUsage: true,
      });
    const wired: Wired[] = [];
    for (const name of this.chosen(names)) {
      const row = version === 0 ? null : await findSource(this.#database, name);
      const spaces = row === null ? [] : await spacesOf(this.#database, row.id);
      const space = spaces.find((candidate) => candidate.id === row?.active_space_id);
      if (row === null || space === undefined)
        throw new SchemaError(`Source "${name}" is not set up in this database.`, {
          remedy: 'Run "evervec setup".',
          isUsage: true,
        });
      const source = await this.resolve(name);
      const chunker = chunkerOf(source, this.#model);
      // Set-up would refuse it too; a worker that is started without must not write what can't be compared.
      refuseOtherSpace(space, source, this.#model, chunker);
      if (row.definition.fingerprint !== source.fingerprint)
        throw new SchemaError(`Source "${name}" is configured otherwise than it was set up.`, {
          remedy: 'Run "evervec setup" and "evervec backfill".',
          isUsage: true,
        });
      wired.push({ row, source, space, chunker });
    }
    return wired;
  }
}

/** What a model puts around a text: a token before and one after it. */
const AROUND_TOKENS = 2;

/**
 * Cuts what `source` says into what `model` takes.
 * @throws ConfigError naming the source
 */
export function chunkerOf(source: SourceDefinition, model: EmbeddingModel): Chunker {
  const { maxInputTokens } = model;
  const maxTokens = maxInputTokens === undefined ? undefined : maxInputTokens - AROUND_TOKENS;
  try {
    return createTextChunker({ ...source.chunk, maxTokens });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new ConfigError(`Source "${source.name}": ${error.message}`, {
      remedy: error.remedy,
      cause: error,
      isUsage: true,
    });
  }
}
