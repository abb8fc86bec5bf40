/**
 * Takes documents in: checks what is known about each, and keeps several in one transaction or, where one is at fault, each
 * in its own. Extracts nothing, and takes for granted that the source is set up.
 */
import type { Connection, Database } from '../database/index.ts';
import {
  checkFields,
  type DocumentFields,
  type NewDocument,
  type Saved,
  saveDocuments,
  type SaveOptions,
  trimVersions,
} from '../document/index.ts';
import { DatabaseUnreachableError, DocumentError, LeaseLostError } from '../errors/index.ts';
import type { Config } from './config.ts';
import { tiersOf } from './document-source.ts';

/** A document to be kept: where it names no tier, it gets the first of those that are configured. */
export type GivenDocument = Omit<NewDocument, 'tier'> & { tier?: string | undefined };

export interface AddOptions extends SaveOptions {
  /** Runs first in each transaction that takes documents in: a LeaseLostError ends it, and all that would come after. */
  within?: ((tx: Connection) => Promise<void>) | undefined;
}

/** What became of one of several: each is its own. */
export type SaveResult = { saved: Saved } | { error: unknown };

export class DocumentIntake {
  readonly #database: Database;
  readonly #config: Config;
  /** The tiers that there are; the first is that of documents that name none. */
  readonly tiers: readonly string[];

  constructor(database: Database, config: Config) {
    this.#database = database;
    this.#config = config;
    this.tiers = tiersOf(config);
  }

  /** @throws DocumentError (field) */
  checkFields(fields: unknown): DocumentFields {
    return checkFields(fields, this.tiers);
  }

  /** As `Documents.addAll`. */
  async addAll(documents: readonly GivenDocument[], options: AddOptions): Promise<SaveResult[]> {
    const checked = documents.map((document) => this.#checked(document));
    const good = checked.flatMap((one) => ('error' in one ? [] : [one.document]));
    const results = await this.#saveAll(good, options);
    let next = 0;
    return checked.map((one) => ('error' in one ? one : (results[next++] as SaveResult)));
  }

  #checked(document: GivenDocument): { document: NewDocument } | { error: unknown } {
    const { collection, origin, content, importHash, ...fields } = document;
    try {
      const { title, tier = this.tiers[0], ...rest } = this.checkFields(fields);
      if (title === undefined || tier === undefined) throw noTitle();
      const given = { collection, origin, content, importHash };
      return { document: { ...given, title, tier, ...rest } };
    } catch (error) {
      return { error };
    }
  }

  async #saveAll(documents: readonly NewDocument[], options: AddOptions): Promise<SaveResult[]> {
    try {
      const saved = await this.#save(documents, options);
      return saved.map((one) => ({ saved: one }));
    } catch (error) {
      if (concernsAll(error)) throw error;
      if (documents.length < 2) return documents.map(() => ({ error }));
      const results: SaveResult[] = [];
      for (const document of documents) results.push(...(await this.#saveAll([document], options)));
      return results;
    }
  }

  async #save(documents: readonly NewDocument[], options: AddOptions): Promise<Saved[]> {
    const { keepVersions } = this.#config.documents || {};
    return await this.#database.transaction(async (tx) => {
      await options.within?.(tx);
      const saved = await saveDocuments(tx, documents, options);
      const grown = saved.filter(({ outcome }) => outcome === 'version').map(({ id }) => id);
      if (keepVersions !== undefined && grown.length > 0)
        await trimVersions(tx, grown, keepVersions);
      return saved;
    });
  }
}

/** Not of one document among others. */
function concernsAll(error: unknown): boolean {
  return error instanceof DatabaseUnreachableError || error instanceof LeaseLostError;
}

function noTitle(): DocumentError {
  return new DocumentError('The document has no title.', {
    fault: 'field',
    remedy: 'Give it one.',
  });
}
