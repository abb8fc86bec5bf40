/**
 * A vector store for LangChain.js over a source of Evervec. Texts are cut and embedded by Evervec alone, so vectors of others
 * are not taken; what is added becomes a document of a collection.
 */
import { Document, type DocumentInterface } from '@langchain/core/documents';
import { Embeddings } from '@langchain/core/embeddings';
import { VectorStore } from '@langchain/core/vectorstores';
import { DOCUMENT_ID, textContent } from '../document/index.ts';
import { embedTexts } from '../embed/index.ts';
import type { Evervec } from '../engine/index.ts';
import { DocumentError, SearchRequestError } from '../errors/index.ts';
import type { Filter, SearchHit, SearchMode, SearchRequest } from '../search/index.ts';

export interface EvervecStoreOptions {
  /** Default `documents`. Of another nothing is added or deleted here: that is its table's. */
  source?: string;
  /** Of documents: what is searched, added and deleted; default all, and `langchain` for what is added. */
  collection?: string;
  /** Of `similaritySearch`, default `hybrid`. */
  mode?: SearchMode;
  /** The tiers that are shown; default all. What is added is of the first. */
  tiers?: readonly string[];
  rerank?: boolean;
  /**
   * Default true: what is added can be found when `addDocuments` returns. False: a worker elsewhere embeds it.
   */
  embedAtOnce?: boolean;
}

export interface AddOptions {
  /** (n) what each is known by: one that is there already under it gets another version. Default the documents' own ids. */
  ids?: readonly (string | undefined)[];
}

const DOCUMENTS = 'documents';
const BY = 'langchain';
const MAX_TITLE = 100;

export class EvervecStore extends VectorStore {
  declare FilterType: Filter;
  readonly #evervec: Evervec;
  readonly #options: EvervecStoreOptions;

  constructor(evervec: Evervec, options: EvervecStoreOptions = {}) {
    super(new EvervecEmbeddings(evervec), {});
    this.#evervec = evervec;
    this.#options = options;
  }

  override _vectorstoreType(): string {
    return 'evervec';
  }

  /**
   * Adds Markdown or plain texts. `metadata.title` is the title, else the text's first line; all other metadata is kept.
   * @returns (n) ids of the documents, for `delete`
   * @throws DocumentError for the first that can't be taken; the others are
   */
  override async addDocuments(
    documents: DocumentInterface[],
    { ids = [] }: AddOptions = {},
  ): Promise<string[]> {
    const { tiers, collection = BY, embedAtOnce = true } = this.#options;
    this.#requireDocuments('added');
    const given = documents.map(({ pageContent, metadata, id }, i) => {
      const { title, ...rest } = metadata;
      return {
        collection,
        origin: ids[i] ?? id ?? null,
        title: typeof title === 'string' && title.trim() !== '' ? title : firstLine(pageContent),
        metadata: JSON.parse(JSON.stringify(rest)) as Record<string, unknown>,
        content: textContent(pageContent),
        tier: tiers?.[0],
      };
    });
    const results = await this.#evervec.documents.addAll(given, { by: BY, onDuplicate: 'version' });
    if (embedAtOnce) await (await this.#evervec.worker([DOCUMENTS])).drain();
    return results.map((result) => {
      if ('error' in result) throw result.error;
      return result.saved.id;
    });
  }

  /** @throws DocumentError always: Evervec embeds by itself */
  override addVectors(): Promise<never> {
    return Promise.reject(
      new DocumentError('Vectors are not taken: a space holds those of its own model.', {
        fault: 'field',
        remedy: 'Add the documents themselves, with addDocuments.',
      }),
    );
  }

  /** @param params `ids` of documents, as `addDocuments` gave them or as they were known by there */
  override async delete({ ids }: { ids?: readonly string[] } = {}): Promise<void> {
    this.#requireDocuments('deleted');
    if (ids === undefined)
      throw new DocumentError('Which documents to delete is not said.', {
        fault: 'field',
        remedy: 'Name their ids; a whole collection goes with evervec.documents.deleteCollection.',
      });
    const { documents } = this.#evervec;
    const { collection } = this.#options;
    // All are looked for first: an id that is wrong deletes nothing.
    const found: string[] = [];
    for (const id of ids) {
      // What is no id is what it was known by: never the beginning of somebody else's id.
      const name = DOCUMENT_ID.test(id) ? id : `${collection ?? BY}/${id}`;
      const document = await documents.summary(name, this.#options.tiers);
      if (collection === undefined || document.collection === collection) found.push(document.id);
      else throw foreign(collection);
    }
    await documents.deleteAll(found, BY);
  }

  override async similaritySearch(query: string, k = 4, filter?: Filter): Promise<Document[]> {
    return (await this.similaritySearchWithScore(query, k, filter)).map(([document]) => document);
  }

  /** Scores are of the search, 0 to 1: they compare within one answer only. */
  override async similaritySearchWithScore(
    query: string,
    k = 4,
    filter?: Filter,
  ): Promise<[Document, number][]> {
    const { source = DOCUMENTS, mode, tiers, rerank } = this.#options;
    const request: SearchRequest = {
      query,
      sources: [source],
      limit: k,
      filter: this.#within(filter),
      ...(mode && { mode }),
      ...(tiers && { tiers }),
      ...(rerank && { rerank }),
    };
    return (await this.#evervec.search(request)).hits.map(toScored);
  }

  /** @param vector of the model that the source is embedded with */
  override async similaritySearchVectorWithScore(
    vector: number[],
    k: number,
    filter?: Filter,
  ): Promise<[Document, number][]> {
    const { source = DOCUMENTS, tiers } = this.#options;
    const request = { vector, source, limit: k, filter: this.#within(filter) };
    const hits = await this.#evervec.searchByVector({ ...request, ...(tiers && { tiers }) });
    return hits.map(toScored);
  }

  /** @param store what the constructor takes, with `evervec` */
  static override async fromDocuments(
    documents: DocumentInterface[],
    _embeddings: unknown,
    { evervec, ...options }: EvervecStoreOptions & { evervec: Evervec },
  ): Promise<EvervecStore> {
    const store = new EvervecStore(evervec, options);
    await store.addDocuments(documents);
    return store;
  }

  static override async fromTexts(
    texts: string[],
    metadatas: object[] | object,
    embeddings: unknown,
    options: EvervecStoreOptions & { evervec: Evervec },
  ): Promise<EvervecStore> {
    const documents = texts.map((pageContent, i) => {
      const metadata = Array.isArray(metadatas) ? (metadatas[i] ?? {}) : metadatas;
      return new Document({ pageContent, metadata });
    });
    return await EvervecStore.fromDocuments(documents, embeddings, options);
  }

  #requireDocuments(done: string): void {
    const { source = DOCUMENTS } = this.#options;
    if (source === DOCUMENTS) return;
    throw new DocumentError(`Records of source "${source}" are not ${done} here.`, {
      fault: 'field',
      remedy: 'Write to its table: Evervec follows.',
    });
  }

  #within(filter: Filter = {}): Filter {
    const { collection } = this.#options;
    if (collection === undefined) return filter;
    if (!Object.hasOwn(filter, 'collection')) return { ...filter, collection };
    throw new SearchRequestError('A store of one collection takes no filter on another.', {
      remedy: 'Leave collection out of the filter, or out of the options of the store.',
      isUsage: true,
    });
  }
}

/** The configured model, as LangChain asks for it. */
class EvervecEmbeddings extends Embeddings {
  readonly #evervec: Evervec;

  constructor(evervec: Evervec) {
    super({});
    this.#evervec = evervec;
  }

  override async embedQuery(text: string): Promise<number[]> {
    const { queries, model } = this.#evervec;
    return [...(await queries.of(model, text))];
  }

  override async embedDocuments(texts: string[]): Promise<number[][]> {
    const vectors = await embedTexts(this.#evervec.model, texts);
    return vectors.map((vector) => [...vector]);
  }
}

/** What was added comes back as it was; what Evervec knows stands under `evervec`. */
function toScored({ source, key, score, scores, chunk, record }: SearchHit): [Document, number] {
  const { text, ...place } = chunk;
  const isDocument = source === DOCUMENTS && typeof record['metadata'] === 'object';
  const { metadata, ...fields } = record;
  const given = metadata as Record<string, unknown> | undefined;
  const told = isDocument ? { title: record['title'], ...given } : record;
  const evervec = { source, key, scores, chunk: place, ...(isDocument && { document: fields }) };
  return [new Document({ id: key, pageContent: text, metadata: { ...told, evervec } }), score];
}

function firstLine(text: string): string {
  const line =
    text
      .trim()
      .split(/\r?\n/, 1)[0]
      ?.replace(/^#+\s*/, '') ?? '';
  return line.slice(0, MAX_TITLE).toWellFormed().trim() || 'Untitled';
}

function foreign(collection: string): DocumentError {
  return new DocumentError(`A document is not of collection ${collection}.`, {
    fault: 'field',
    remedy: 'Delete it with a store of its collection.',
  });
}
