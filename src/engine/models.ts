/**
 * The models of the spaces that there are. What a space is of is written on it, not in the configuration: that one says
 * what new spaces get, and lends its keys. So a changed configuration, or a migration that another program began, never
 * stops a search or mixes vectors.
 */
import type { Database } from '../database/index.ts';
import {
  BudgetGate,
  createEmbeddedModel,
  EMBEDDED_NAMES,
  type EmbeddingModel,
  guardModel,
  isEmbedded,
  isSettings,
  type Ledger,
  limitTime,
  meterModel,
  type ModelChoice,
  type ModelSettings,
  priceOf,
  resolveModel,
  settingsOf,
  splitLongTexts,
} from '../embed/index.ts';
import { SpaceMismatchError } from '../errors/index.ts';
import type { Logger } from '../runtime/index.ts';
import { budgetsOf, refuseUnknownPrice } from './budgets.ts';
import type { Config } from './config.ts';

/** What says which model a space is of. */
export interface SpaceModel {
  modelId: string;
  modelSettings: unknown;
  dimensions: number;
}

export interface ModelsOptions {
  database: Database;
  config: Config;
  /** As `resolveModel` gave it. */
  configured: EmbeddingModel;
  ledger: Ledger;
  logger: Logger;
}

export class Models {
  /** Of new spaces, and what a migration goes to where nothing else is said. */
  readonly configured: EmbeddingModel;
  readonly #database: Database;
  readonly #config: Config;
  readonly #ledger: Ledger;
  readonly #gate: BudgetGate | null;
  /** By id: a model is made, and its provider's width asked for, once. */
  readonly #known = new Map<string, EmbeddingModel>();

  constructor({ database, config, configured, ledger, logger }: ModelsOptions) {
    this.#database = database;
    this.#config = config;
    this.#ledger = ledger;
    const budgets = budgetsOf(config);
    const names = Object.keys(config.sources);
    this.#gate = budgets && new BudgetGate(database, budgets, names, () => this.free(), logger);
    this.configured = this.#guarded(configured, priceOf(configured, config.price), true);
    this.#known.set(configured.id, this.configured);
  }

  /** What is written on a space of the configured model. */
  get configuredSettings(): ModelSettings | null {
    return settingsOf(this.#config.model);
  }

  /**
   * The model of a space.
   * @throws SpaceMismatchError where it can't be had here; ConfigError where its key is missing; ProviderError when a call
   *   is needed for its width and fails
   */
  async of(space: SpaceModel): Promise<EmbeddingModel> {
    const known = this.#known.get(space.modelId) ?? (await this.#find(space));
    if (known.id === space.modelId) return known;
    throw notToBeHad(space.modelId);
  }

  /**
   * A model by what is said of it: another than the configured one, such as a migration's.
   * @param dimensions where they are known, though neither said nor in the catalogue: no call is made to find them
   */
  async resolve(choice: ModelChoice, dimensions?: number): Promise<EmbeddingModel> {
    const model = await resolveModel(
      isSettings(choice) ? this.#withAccess(choice) : choice,
      dimensions,
    );
    return this.#remember(model);
  }

  #remember(model: EmbeddingModel): EmbeddingModel {
    const known = this.#known.get(model.id);
    if (known !== undefined) return known;
    const price = priceOf(model, undefined);
    refuseUnknownPrice(this.#config, model, price);
    const guarded = this.#guarded(model, price, model.provider === this.configured.provider);
    this.#known.set(model.id, guarded);
    return guarded;
  }

  async #find({ modelId, modelSettings, dimensions }: SpaceModel): Promise<EmbeddingModel> {
    // By id and not as it was asked for: which one "embedded" is may be another in the next version.
    for (const name of EMBEDDED_NAMES) {
      const embedded = createEmbeddedModel(name);
      if (embedded.id === modelId) return this.#remember(embedded);
    }
    if (modelSettings !== null && modelSettings !== 'embedded')
      return await this.resolve(modelSettings as ModelSettings, dimensions);
    for (const choice of this.#config.otherModels ?? []) {
      const model = await this.resolve(choice, dimensions);
      if (model.id === modelId) return model;
    }
    throw notToBeHad(modelId);
  }

  /** US dollars per million tokens; null where nobody knows. */
  priceOf(model: EmbeddingModel): number | null {
    const isConfigured = model.id === this.configured.id;
    return priceOf(model, isConfigured ? this.#config.price : undefined);
  }

  /** Ids of those that cost nothing: the embedded ones, and of all others that were made here. */
  free(): string[] {
    const embedded = EMBEDDED_NAMES.map((name) => createEmbeddedModel(name).id);
    const known = [...this.#known.values()].filter((model) => this.priceOf(model) === 0);
    return [...embedded, ...known.map(({ id }) => id)];
  }

  /** Adds what the configuration or the environment has of keys and addresses for that provider. */
  #withAccess<T extends Exclude<ModelSettings, 'embedded'>>(settings: T): T {
    const { model, otherModels = [], providers = {} } = this.#config;
    const same = [model, ...otherModels].find(
      (choice) => isSettings(choice) && choice.provider === settings.provider,
    );
    const { baseUrl, apiKey } = {
      ...providers[settings.provider],
      ...(isSettings(same) ? defined(same) : {}),
    };
    return {
      ...settings,
      ...(apiKey !== undefined && { apiKey }),
      ...(baseUrl !== undefined && { baseUrl }),
    };
  }

  /**
   * From the inside out: a time limit, the ledger, the provider's breaker and quota, the budget.
   * @param hasQuota whether it is of the provider that the configured quota is about
   */
  #guarded(model: EmbeddingModel, price: number | null, hasQuota: boolean): EmbeddingModel {
    if (isEmbedded(model)) return meterModel(model, this.#ledger, price);
    const { quota = {}, worker } = this.#config;
    const metered = meterModel(limitTime(model, worker?.timeoutMs), this.#ledger, price);
    const guarded = guardModel(metered, this.#database, {
      requests: hasQuota ? (quota.requestsPerMinute ?? null) : null,
      tokens: hasQuota ? (quota.tokensPerMinute ?? null) : null,
    });
    // What is free goes on whatever is spent.
    const isFree = price === 0 || this.#gate === null;
    return splitLongTexts(isFree ? guarded : this.#gate.guard(guarded));
  }
}

function defined({
  baseUrl,
  apiKey,
}: {
  baseUrl?: string | undefined;
  apiKey?: string | undefined;
}) {
  return { ...(baseUrl !== undefined && { baseUrl }), ...(apiKey !== undefined && { apiKey }) };
}

function notToBeHad(modelId: string): SpaceMismatchError {
  return new SpaceMismatchError(`A space is of model ${modelId}, which is not to be had here.`, {
    remedy:
      'Configure it as model or in otherModels; or "evervec model migrate" where it is to be had.',
    isUsage: true,
  });
}
