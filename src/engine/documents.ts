/**
 * The documents of a database, as every surface sees them: what destroys is in the audit log, and the source they are is set
 * up with the first that comes (which goes through document-intake.ts). Extracts nothing and embeds nothing.
 */
import {
  type Connection,
  type Database,
  SCHEMA_VERSION,
  schemaVersion,
} from '../database/index.ts';
import {
  changeFields,
  type CollectionSummary,
  deleteCollection,
  deleteDocuments,
  diffTexts,
  type DiffOptions,
  type DocumentContent,
  type DocumentFields,
  type DocumentSummary,
  type DocumentVersion,
  documentsUnder,
  exportLine,
  type ExtractInput,
  type Extractor,
  findDocument,
  hashOf,
  type ImportItem,
  type KnownOrigin,
  type ListDocuments,
  listCollections,
  listDocuments,
  listVersions,
  readDocument,
  readSummary,
  rollBack,
  type Saved,
  type SaveOptions,
  type StoredDocument,
  type TextDiff,
  type Tiers,
  versionText,
} from '../document/index.ts';
import { ConfigError, UnknownDocumentError } from '../errors/index.ts';
import { recordAudit } from '../queue/index.ts';
import { findSource } from '../source/index.ts';
import type { Config } from './config.ts';
import {
  type AddOptions,
  DocumentIntake,
  type GivenDocument,
  type SaveResult,
} from './document-intake.ts';
import { DOCUMENTS, documentSource } from './document-source.ts';
import { type ImportCounts, importDocuments, type ImportOptions } from './import-documents.ts';
import { WebDocuments } from './web-documents.ts';

export interface DocumentsParts {
  database: Database;
  config: Config;
  /** Makes the schema and the source where they are not there. */
  setUp(): Promise<void>;
}

/** Stored texts read at once for an export. */
const EXPORT_PAGE = 50;

export class Documents {
  readonly #parts: DocumentsParts;
  readonly #intake: DocumentIntake;
  /** Those that come from URLs. */
  readonly web: WebDocuments;
  #isReady = false;
  #extractor: Promise<Extractor> | null = null;

  constructor(parts: DocumentsParts) {
    this.#parts = parts;
    const { database, config } = parts;
    this.#intake = new DocumentIntake(database, config);
    this.web = new WebDocuments({ database, config, documents: this });
  }

  /** The tiers that there are; the first is that of documents that name none. */
  get tiers(): readonly string[] {
    return this.#intake.tiers;
  }

  /**
   * Checks what is known about a document.
   * @throws DocumentError (field)
   */
  checkFields(fields: unknown): DocumentFields {
    return this.#intake.checkFields(fields);
  }

  /**
   * Takes one document in.
   * @throws DocumentError
   */
  async add(document: GivenDocument, options: SaveOptions): Promise<Saved> {
    const [result] = await this.addAll([document], options);
    if (result === undefined || 'error' in result) throw result?.error;
    return result.saved;
  }

  /**
   * Takes documents in, in one transaction; where one of them is at fault, each in its own.
   * @returns (n) what became of each, in order
   * @throws DatabaseUnreachableError, and LeaseLostError where `within` does
   */
  async addAll(documents: readonly GivenDocument[], options: AddOptions): Promise<SaveResult[]> {
    await this.prepare();
    return await this.#intake.addAll(documents, options);
  }

  /**
   * Takes in what an import brings, each item for itself.
   * @throws what concerns all of them: a database that does not answer, a configuration without documents
   */
  async import(
    items: AsyncIterable<ImportItem> | Iterable<ImportItem>,
    options: ImportOptions,
  ): Promise<ImportCounts> {
    await this.prepare();
    const { database } = this.#parts;
    return await importDocuments(
      { database, documents: this, extractor: await this.#openExtractor() },
      items,
      options,
    );
  }

  /**
   * Text and structure of a file; nothing is kept.
   * @throws ExtractionError
   */
  async extract(file: ExtractInput, signal?: AbortSignal): Promise<DocumentContent> {
    const { text, type, parser, pages } = await (await this.#openExtractor()).extract(file, signal);
    return { text, format: type, parser, pages, rawHash: hashOf(file.bytes) };
  }

  /** Loaded when it is needed first: most processes take no files in, and some have no file system. */
  async #openExtractor(): Promise<Extractor> {
    this.#extractor ??= import('../document/files.ts').then(({ createExtractor }) =>
      createExtractor(),
    );
    return await this.#extractor;
  }

  /** Documents as lines of JSON, by collection and title, with their newest versions' texts. */
  async *export(options: Pick<ListDocuments, 'collection'> = {}): AsyncGenerator<string> {
    for (let offset = 0; ; offset += EXPORT_PAGE) {
      const { documents } = await this.list({ ...options, limit: EXPORT_PAGE, offset });
      for (const { id } of documents) {
        const line = await exportLine(this.#parts.database, id);
        if (line !== null) yield line;
      }
      if (documents.length < EXPORT_PAGE) return;
    }
  }

  /** Documents of a collection whose origins begin with `prefix`. */
  async under(collection: string, prefix: string): Promise<KnownOrigin[]> {
    if (!(await this.isThere())) return [];
    return await documentsUnder(this.#parts.database, collection, prefix);
  }

  /**
   * Deletes all documents, before their source is taken out.
   * @throws ConfigError where there are any, and that was not asked for
   */
  async giveUp(isAskedFor: boolean): Promise<void> {
    const { total } = await this.list({ limit: 1 });
    if (total === 0) return;
    if (!isAskedFor)
      throw new ConfigError(
        `There are ${total.toLocaleString('en')} documents, which can't be made again.`,
        {
          remedy: 'Export them first ("evervec docs export"), then add --with-documents.',
          isUsage: true,
        },
      );
    await this.#parts.database.query('delete from evervec.documents');
    this.#isReady = false;
  }

  /** Ends what extracts and fetches. */
  async close(): Promise<void> {
    await this.web.close();
    await (await this.#extractor)?.close();
    this.#extractor = null;
  }

  async list(
    options: ListDocuments = {},
  ): Promise<{ documents: DocumentSummary[]; total: number }> {
    if (!(await this.isThere())) return { documents: [], total: 0 };
    return await listDocuments(this.#parts.database, options);
  }

  /** @param tiers where given, those with a document that may be seen */
  async collections(tiers?: Tiers): Promise<CollectionSummary[]> {
    return (await this.isThere()) ? await listCollections(this.#parts.database, tiers) : [];
  }

  /**
   * @param name an id, the beginning of one, an origin, or `collection/origin`
   * @param tiers those that may be seen: a document of another one is unknown, here and below; default all
   * @throws UnknownDocumentError
   */
  async get(name: string, tiers?: Tiers): Promise<StoredDocument> {
    await this.#requireThere(name);
    return await readDocument(this.#parts.database, name, tiers);
  }

  /** The same without the text. @throws UnknownDocumentError */
  async summary(name: string, tiers?: Tiers): Promise<DocumentSummary> {
    await this.#requireThere(name);
    return await readSummary(this.#parts.database, name, tiers);
  }

  /**
   * Changes what is known about a document; its content stays.
   * @throws UnknownDocumentError, DocumentError (field)
   */
  async update(name: string, fields: unknown, tiers?: Tiers): Promise<StoredDocument> {
    const told = this.checkFields(fields);
    const id = await this.#change(
      name,
      async (tx, found) => {
        await changeFields(tx, found, told);
        return found;
      },
      tiers,
    );
    return await this.get(id);
  }

  /** The newest first. @throws UnknownDocumentError */
  async versions(name: string, tiers?: Tiers): Promise<DocumentVersion[]> {
    const id = await this.#find(name, tiers);
    return await listVersions(this.#parts.database, id);
  }

  /**
   * What differs between two versions of a document.
   * @throws UnknownDocumentError, DocumentError (version)
   */
  async diff(
    name: string,
    from: number,
    to: number,
    { tiers, ...options }: DiffOptions & { tiers?: Tiers } = {},
  ): Promise<TextDiff> {
    const { database } = this.#parts;
    const id = await this.#find(name, tiers);
    const before = await versionText(database, id, from);
    return diffTexts(before, await versionText(database, id, to), options);
  }

  /**
   * Makes a new version with the content of an old one.
   * @returns its number; null when the content is that already
   * @throws UnknownDocumentError, DocumentError (version)
   */
  async rollBack(
    name: string,
    version: number,
    { tiers, ...options }: Pick<SaveOptions, 'by' | 'summary'> & { tiers?: Tiers },
  ): Promise<number | null> {
    return await this.#change(name, (tx, id) => rollBack(tx, id, version, options), tiers);
  }

  /** Deletes a document with all its versions. @throws UnknownDocumentError */
  async delete(name: string, by: string): Promise<{ id: string }> {
    return await this.#change(name, async (tx, id) => {
      await deleteDocuments(tx, [id]);
      await recordAudit(tx, { actor: by, action: 'delete', target: `document ${id}`, detail: {} });
      return { id };
    });
  }

  /** Deletes documents by their ids. @returns how many were there */
  async deleteAll(ids: readonly string[], by: string): Promise<number> {
    if (ids.length === 0) return 0;
    return await this.#parts.database.transaction(async (tx) => {
      const deleted = await deleteDocuments(tx, ids);
      const detail = { documents: deleted.length };
      await recordAudit(tx, { actor: by, action: 'delete', target: DOCUMENTS, detail });
      return deleted.length;
    });
  }

  /** Deletes a collection with its documents. @returns how many they were; null where there is no such collection */
  async deleteCollection(name: string, by: string): Promise<number | null> {
    if (!(await this.isThere())) return null;
    return await this.#parts.database.transaction(async (tx) => {
      const documents = await deleteCollection(tx, name);
      if (documents === null) return null;
      const target = `collection ${name}`;
      await recordAudit(tx, { actor: by, action: 'delete', target, detail: { documents } });
      return documents;
    });
  }

  async #change<T>(
    name: string,
    work: (tx: Connection, id: string) => Promise<T>,
    tiers?: Tiers,
  ): Promise<T> {
    await this.#requireThere(name);
    return await this.#parts.database.transaction(async (tx) =>
      work(tx, await findDocument(tx, name, tiers)),
    );
  }

  async #find(name: string, tiers?: Tiers): Promise<string> {
    await this.#requireThere(name);
    return await findDocument(this.#parts.database, name, tiers);
  }

  async #requireThere(name: string): Promise<void> {
    if (await this.isThere()) return;
    throw new UnknownDocumentError(`There is no document "${name}".`, {
      remedy: 'There are none yet: "evervec docs add" takes one in.',
      isUsage: true,
    });
  }

  /** Whether the tables are. */
  async isThere(): Promise<boolean> {
    return this.#isReady || (await schemaVersion(this.#parts.database)) === SCHEMA_VERSION;
  }

  /**
   * Sets the source up, where it is not: before the first document, or no trigger would see it.
   * @throws ConfigError where no documents are taken here
   */
  async prepare(): Promise<void> {
    if (this.#isReady) return;
    const { database, config, setUp } = this.#parts;
    if (documentSource(config, database.schema) === null) throw switchedOff(config);
    const isCurrent = (await schemaVersion(database)) === SCHEMA_VERSION;
    if (!isCurrent || (await findSource(database, DOCUMENTS)) === null) await setUp();
    this.#isReady = true;
  }
}

function switchedOff({ documents }: Config): ConfigError {
  return documents === false
    ? new ConfigError('Documents are switched off here.', {
        remedy: 'Take "documents: false" out of the configuration.',
        isUsage: true,
      })
    : new ConfigError(`A source of yours has the name "${DOCUMENTS}".`, {
        remedy: 'Call it otherwise, and documents can be taken in.',
        isUsage: true,
      });
}
