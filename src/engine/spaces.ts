/** Which space a row of a source has, what works on it, and which one the configuration asks for. Changes nothing. */
import { createRecordChunker, type RecordChunker } from '../chunk/index.ts';
import type { Connection, Database } from '../database/index.ts';
import { type EmbeddingModel, isEmbedded, type ModelSettings } from '../embed/index.ts';
import { ConfigError, SchemaError, SpaceMismatchError } from '../errors/index.ts';
import type { SourceDefinition, SourceRow } from '../source/index.ts';
import { type ChunkSettings, type NewSpace, type Space, spacesOf } from '../space/index.ts';

export type WantedSpace = Omit<NewSpace, 'sourceId'>;

/** What new records would be written with: another thing than the space holds, where it is in the list. */
export function differences(space: Space, wanted: WantedSpace): string[] {
  const pairs = [
    ['model', space.modelId, wanted.modelId],
    ['chunking', space.chunkerId, wanted.chunkerId],
    ['language', space.language, wanted.language],
  ] as const;
  return pairs
    .filter(([, before, now]) => before !== now)
    .map(([what, before, now]) => `${what} ${before}, not ${now}`);
}

/** The space that the configuration asks for. */
export function wantedSpace(
  database: Database,
  source: SourceDefinition,
  model: EmbeddingModel,
  modelSettings: ModelSettings | null,
): WantedSpace {
  return {
    modelId: model.id,
    dimensions: model.dimensions,
    vectorType: database.capabilities.vectorType,
    chunkerId: chunkerOf(source, model).id,
    language: source.language,
    fusionWeight: model.fusionWeight,
    sharesTexts: !isEmbedded(model),
    modelSettings,
    chunkSettings: chunkSettingsOf(source, model),
    indexSettings: source.index,
  };
}

/** @throws SchemaError when it has none */
export async function activeSpace(connection: Connection, row: SourceRow): Promise<Space> {
  const spaces = await spacesOf(connection, row.id);
  const space = spaces.find((candidate) => candidate.id === row.active_space_id);
  if (space === undefined) throw notSetUp(row.name);
  return space;
}

export function notSetUp(name: string): SchemaError {
  return new SchemaError(`Source "${name}" is not set up in this database.`, {
    remedy: 'Run "evervec setup".',
    isUsage: true,
  });
}

/**
 * What the space's chunks were made with, whatever the configuration says now.
 * @throws SpaceMismatchError for a space of a chunker that this version does not have
 */
export function chunkerOfSpace(
  space: Space,
  source: SourceDefinition,
  model: EmbeddingModel,
): RecordChunker {
  const { by: _, hasContext: __, ...asText } = chunkSettingsOf(source, model);
  const { maxTokens: ___, ...unbound } = asText;
  // A space from before settings were kept on it; from before a model's limit was one of them. They are of plain text.
  const settings = space.chunkSettings ? [space.chunkSettings] : [asText, unbound];
  // As now; of the first chunker.
  const candidates = [...settings, ...settings.map((each) => ({ ...each, version: 1 as const }))];
  for (const settings of candidates) {
    const chunker = createRecordChunker(settings);
    if (chunker.id === space.chunkerId) return chunker;
  }
  throw new SpaceMismatchError(
    `Source "${source.name}" was chunked by ${space.chunkerId}, which is not what is configured. They can't be mixed.`,
    {
      remedy: `Undo the change of chunk; or "evervec model migrate ${source.name}" from where it is undone.`,
      isUsage: true,
    },
  );
}

/** What a model puts around a text: a token before and one after it. */
const AROUND_TOKENS = 2;

/** What `source` says, within what `model` takes. */
function chunkSettingsOf(
  source: SourceDefinition,
  { maxInputTokens }: EmbeddingModel,
): ChunkSettings {
  const limit = maxInputTokens === undefined ? {} : { maxTokens: maxInputTokens - AROUND_TOKENS };
  return { ...source.chunk, ...(source.title !== null && { hasContext: true }), ...limit };
}

/**
 * Cuts what `source` says into what `model` takes.
 * @throws ConfigError naming the source
 */
export function chunkerOf(source: SourceDefinition, model: EmbeddingModel): RecordChunker {
  try {
    return createRecordChunker(chunkSettingsOf(source, model));
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new ConfigError(`Source "${source.name}": ${error.message}`, {
      remedy: error.remedy,
      cause: error,
      isUsage: true,
    });
  }
}
