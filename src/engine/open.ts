/** Opens what a configuration names: the database, and the model with its width. Sets nothing up. */
import { type Database, openEmbedded, openPostgres, schemaVersion } from '../database/index.ts';
import {
  type EmbeddingModel,
  priceOf,
  resolveModel,
  type Unmeasured,
  unmeasured,
} from '../embed/index.ts';
import type { Logger } from '../runtime/index.ts';
import { refuseUnknownPrice } from './budgets.ts';
import type { Config } from './config.ts';

export interface Opened {
  database: Database;
  model: EmbeddingModel;
}

/**
 * @param given an open database to use instead of the configured one
 * @throws ConfigError, DatabaseUnreachableError, DatabaseInUseError, and ProviderError where nobody knows the model's
 *   width and the provider does not answer; nothing is left open
 */
export async function openParts(
  config: Config,
  given: Database | undefined,
  logger: Logger | undefined,
): Promise<Opened> {
  const open = async () => given ?? (await openDatabase(config, logger));
  const unknown = unmeasured(config.model);
  if (unknown === null) {
    // First: nothing is open yet that would have to be closed when it fails.
    const model = checked(config, await resolveModel(config.model));
    return { database: await open(), model };
  }
  const database = await open();
  try {
    const dimensions = await storedWidth(database, unknown);
    const model = checked(config, await resolveModel(config.model, dimensions));
    return { database, model };
  } catch (error) {
    if (given === undefined) await database.close();
    throw error;
  }
}

/** @throws ConfigError where money is budgeted and nobody knows what the model costs */
function checked(config: Config, model: EmbeddingModel): EmbeddingModel {
  refuseUnknownPrice(config, model, priceOf(model, config.price));
  return model;
}

async function openDatabase(config: Config, logger: Logger | undefined): Promise<Database> {
  const at = config.database ?? '.evervec';
  const shared = {
    ...(config.schema !== undefined && { schema: config.schema }),
    ...(logger && { logger }),
  };
  return /^postgres(ql)?:\/\//.test(at)
    ? await openPostgres({
        url: at,
        ...(config.maxConnections !== undefined && { maxConnections: config.maxConnections }),
        ...shared,
      })
    : await openEmbedded({ folder: at, ...shared });
}

/** The id of a model without further settings: one with other prefixes or the like is not meant. */
const WIDTHS = `
select distinct dimensions from evervec.spaces where model_id = $1 || '/' || $2 || '/' || dimensions`;

/** The width that the model had when a source was set up with it; undefined where there is none, or more than one. */
async function storedWidth(
  database: Database,
  { provider, modelId }: Unmeasured,
): Promise<number | undefined> {
  if ((await schemaVersion(database)) === 0) return undefined;
  const { rows } = await database.query<{ dimensions: number }>(WIDTHS, [provider, modelId]);
  return rows.length === 1 ? rows[0]?.dimensions : undefined;
}
