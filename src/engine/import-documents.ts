/**
 * Takes the items of an import in, in batches: loaded, known again by their bytes, extracted, saved. Each item is its own:
 * what is wrong with one is told of that one, and the others go on. What was taken stays where it is cut short, and is
 * known again the next time.
 */
import { createHash } from 'node:crypto';
import {
  type DocumentContent,
  type Extracted,
  type Extractor,
  hashOf,
  type ImportContent,
  type ImportItem,
  knownImports,
  type OnDuplicate,
  type Saved,
  textContent,
} from '../document/index.ts';
import type { Connection, Database } from '../database/index.ts';
import { DocumentError, EvervecError, ExtractionError, SqlStateError } from '../errors/index.ts';
import type { GivenDocument } from './document-intake.ts';
import type { Documents } from './documents.ts';

export interface ImportOptions {
  /** Of items that name none. */
  collection: string;
  /** Fields of documents that don't tell them otherwise; tags are added to theirs. */
  defaults?: Record<string, unknown> | undefined;
  onDuplicate?: OnDuplicate | undefined;
  /** Extracts also what is here with the same bytes: after the extraction of a format became another. */
  isForced?: boolean | undefined;
  by: string;
  summary?: string | undefined;
  signal?: AbortSignal | undefined;
  /** Runs first in each transaction that takes items in; see `AddOptions`. */
  within?: ((tx: Connection) => Promise<void>) | undefined;
  /** Told of each item, in order. */
  onResult?: ((result: ImportResult) => void) | undefined;
}

export interface ImportResult {
  label: string;
  outcome: Saved['outcome'] | 'failed';
  id: string | null;
  version: number | null;
  /** What of the file is not in the text. */
  warnings: string[];
  error: { code: string; message: string; remedy: string | null } | null;
}

export type ImportCounts = Record<ImportResult['outcome'], number>;

export interface ImportParts {
  database: Database;
  documents: Documents;
  extractor: Extractor;
}

const MAX_BATCH_ITEMS = 64;
const MAX_BATCH_BYTES = 8 * 1024 * 1024;

export async function importDocuments(
  parts: ImportParts,
  items: AsyncIterable<ImportItem> | Iterable<ImportItem>,
  options: ImportOptions,
): Promise<ImportCounts> {
  const counts = { added: 0, version: 0, updated: 0, unchanged: 0, skipped: 0, failed: 0 };
  const tell = (results: readonly ImportResult[]) => {
    for (const result of results) {
      counts[result.outcome]++;
      options.onResult?.(result);
    }
  };
  // While one batch is written, the next is extracted, and the one after it read.
  const batches = inBatches(items, options);
  const prepareNext = async () => {
    const { value } = await batches.next();
    return value === undefined ? null : await prepareBatch(parts, value, options);
  };
  const ahead: Promise<Prepared | null>[] = [];
  const goOn = () => {
    const preparing = prepareNext();
    // It is waited for below: until then nobody has to hear of it.
    preparing.catch(() => {});
    ahead.push(preparing);
  };
  let saving: Promise<void> = Promise.resolve();
  try {
    for (goOn(), goOn(); ; goOn()) {
      const prepared = (await ahead.shift()) ?? null;
      await saving;
      if (prepared === null || options.signal?.aborted) break;
      saving = saveBatch(parts, prepared, options).then(tell);
      saving.catch(() => {});
    }
  } finally {
    await Promise.allSettled(ahead);
    await batches.return(undefined);
    await saving;
  }
  return counts;
}

/** Ends where the import is stopped. */
async function* inBatches(
  items: AsyncIterable<ImportItem> | Iterable<ImportItem>,
  options: ImportOptions,
): AsyncGenerator<Loaded[], undefined> {
  let batch: Loaded[] = [];
  let bytes = 0;
  for await (const item of items) {
    if (options.signal?.aborted) return undefined;
    const loaded = await loadItem(item, options);
    batch.push(loaded);
    bytes += loaded.size;
    if (batch.length < MAX_BATCH_ITEMS && bytes < MAX_BATCH_BYTES) continue;
    yield batch;
    batch = [];
    bytes = 0;
  }
  if (batch.length > 0) yield batch;
  return undefined;
}

/** An item with its content, or with what was wrong with it. */
interface Loaded {
  item: ImportItem;
  collection: string;
  content: ImportContent | null;
  error: unknown;
  size: number;
  rawHash: Buffer;
  importHash: Buffer;
}

async function loadItem(item: ImportItem, options: ImportOptions): Promise<Loaded> {
  const collection = item.collection ?? options.collection;
  const importHash = createHash('sha256')
    .update(
      JSON.stringify([1, item.fields, item.told ?? {}, options.defaults ?? {}, item.fallbackTitle]),
    )
    .digest();
  const loaded = { item, collection, importHash };
  try {
    const content = await item.load();
    const bytes = 'text' in content ? content.text : content.bytes;
    const rawHash = item.rawHash ?? hashOf(bytes);
    return { ...loaded, content, error: null, size: bytes.length, rawHash };
  } catch (error) {
    return { ...loaded, content: null, error, size: 0, rawHash: Buffer.alloc(0) };
  }
}

interface Prepared {
  batch: readonly Loaded[];
  /** Of those of which nothing is to be saved. */
  results: (ImportResult | null)[];
  given: { at: number; document: GivenDocument; warnings: string[] }[];
}

async function prepareBatch(
  { database, extractor }: ImportParts,
  batch: readonly Loaded[],
  options: ImportOptions,
): Promise<Prepared> {
  const results: (ImportResult | null)[] = batch.map(({ item, error }) =>
    error === null ? null : failed(item, error),
  );
  if (!options.isForced) await recognize(database, batch, results);
  const given = await Promise.all(
    batch.map(async (loaded, at): Promise<Prepared['given']> => {
      if (results[at] !== null || loaded.content === null) return [];
      try {
        return [{ at, ...(await toDocument(extractor, loaded, options)) }];
      } catch (error) {
        if (!options.signal?.aborted) results[at] = failed(loaded.item, error);
        return [];
      }
    }),
  );
  return { batch, results, given: given.flat() };
}

async function saveBatch(
  { documents }: ImportParts,
  { batch, results, given }: Prepared,
  options: ImportOptions,
): Promise<ImportResult[]> {
  const saved = await documents.addAll(
    given.map(({ document }) => document),
    options,
  );
  saved.forEach((one, index) => {
    const { at = 0, warnings = [] } = given[index] ?? {};
    const { item } = batch[at] as Loaded;
    results[at] = 'error' in one ? failed(item, one.error) : done(item, one.saved, warnings);
  });
  return results.filter((result) => result !== null);
}

/** What is here as it comes needs no extraction. */
async function recognize(
  database: Database,
  batch: readonly Loaded[],
  results: (ImportResult | null)[],
): Promise<void> {
  const candidates = batch.flatMap(({ item, collection, rawHash, importHash }, at) =>
    item.origin === null || results[at] !== null
      ? []
      : [{ at, collection, origin: item.origin, rawHash, importHash }],
  );
  const known = await knownImports(database, candidates);
  for (const [index, { id, version }] of known) {
    const { at = 0 } = candidates[index] ?? {};
    const { item } = batch[at] as Loaded;
    results[at] = done(item, { id, version, outcome: 'unchanged' }, []);
  }
}

async function toDocument(
  extractor: Extractor,
  { item, content, collection, rawHash, importHash }: Loaded,
  { defaults = {}, signal }: ImportOptions,
): Promise<{ document: GivenDocument; warnings: string[] }> {
  if (content === null) throw new TypeError('an item without content is not extracted');
  const base = { collection, origin: item.origin, importHash };
  if ('text' in content) {
    const fields = combine([defaults, item.fields, item.told ?? {}]);
    const document = { ...textContent(content.text), rawHash };
    return { document: give(base, fields, document, item.fallbackTitle), warnings: [] };
  }
  const extracted = await extractor.extract(content, signal);
  const { text, type, parser, pages, warnings } = extracted;
  const own = fieldsOf(extracted);
  // Front matter is written on purpose; what other formats say of themselves often is what a program put there.
  const layers = type === 'markdown' ? [item.fields, own] : [own, item.fields];
  const fields = combine([defaults, ...layers, item.told ?? {}]);
  const document = { text, format: type, parser, pages, rawHash };
  return { document: give(base, fields, document, item.fallbackTitle), warnings };
}

/** What a file tells about itself; the metadata of a front matter may hold our own fields, too. */
function fieldsOf({ title, author, published, tags, metadata }: Extracted) {
  const { type, tier, ...rest } = metadata;
  const told = {
    title,
    author,
    published,
    type: typeof type === 'string' ? type : null,
    tier: typeof tier === 'string' ? tier : null,
    tags: tags.length > 0 ? tags : null,
    metadata: Object.keys(rest).length > 0 ? rest : null,
  };
  return Object.fromEntries(Object.entries(told).filter(([, value]) => value !== null));
}

/** Later ones over earlier ones; tags are gathered, metadata put together. */
function combine(layers: readonly Record<string, unknown>[]): Record<string, unknown> {
  const tags = layers.flatMap(({ tags: own }) => (Array.isArray(own) ? own : []));
  const metadata = layers.map(({ metadata: own }) => own);
  const all = Object.assign({}, ...layers) as Record<string, unknown>;
  return {
    ...all,
    ...(tags.length > 0 && { tags }),
    ...(all['metadata'] !== undefined && { metadata: Object.assign({}, ...metadata) }),
  };
}

const FIRST_HEADING = /^#{1,6}[ \t]+(.+?)[ \t]*#*$/m;
/** Where a heading is the document's, and not one of its sections'. */
const HEAD_CHARS = 2_000;

/** The fields are checked by whoever takes the document. */
function give(
  base: Pick<GivenDocument, 'collection' | 'origin' | 'importHash'>,
  fields: Record<string, unknown>,
  content: DocumentContent,
  fallbackTitle: string | null,
): GivenDocument {
  const heading = FIRST_HEADING.exec(content.text.slice(0, HEAD_CHARS))?.[1]?.slice(0, 500);
  const title = fields['title'] ?? heading ?? fallbackTitle ?? undefined;
  return { ...fields, title, ...base, content } as GivenDocument;
}

function done(item: ImportItem, saved: Saved, warnings: string[]): ImportResult {
  return { label: item.label, ...saved, warnings, error: null };
}

function failed({ label }: ImportItem, error: unknown): ImportResult {
  return {
    label,
    outcome: 'failed',
    id: null,
    version: null,
    warnings: [],
    error: toldError(error),
  };
}

/** An error that is not ours is a fault of the machine, as a file that may not be read: told, not thrown. */
function toldError(error: unknown): NonNullable<ImportResult['error']> {
  if (EvervecError.isInstance(error)) {
    const { code, remedy } = error;
    // The database's own message may quote what it was given.
    const message =
      error instanceof SqlStateError && !error.isUsage
        ? `The database refused it (SQLSTATE ${error.sqlState ?? 'unknown'}).`
        : error.message;
    const isDetailed = error instanceof DocumentError || error instanceof ExtractionError;
    return {
      code: isDetailed ? `${code}:${error.fault}` : code,
      message,
      remedy,
    };
  }
  const { code = 'UNKNOWN', message } = error as NodeJS.ErrnoException;
  return { code, message, remedy: null };
}
