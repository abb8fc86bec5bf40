/**
 * What a release takes of a source, resolved against the database: which rows, and what of each. Built from the user's options
 * before anything is read; whatever it does not name is not published.
 */
import { ConfigError } from '../errors/index.ts';
import { type Column, columnOf, parseTemplate, type SourceDefinition } from '../source/index.ts';
import { type ReleaseOptions, tiersToPublish } from './options.ts';

export interface ReleasePlan {
  /** The release's. */
  readonly name: string;
  /** Of the source: these collections alone; null for all. */
  readonly collections: readonly string[] | null;
  /** Rows of these tiers alone; null where the source has none. */
  readonly tiers: readonly string[] | null;
  readonly title: Column | null;
  readonly url: UrlRule | null;
  readonly publishedAt: Column | null;
  readonly tags: Column | null;
  readonly updatedAt: Column | null;
  readonly columns: readonly Column[];
  /** Null for the source's. */
  readonly language: string | null;
  /** Before the names of the JSON shapes; null for none. */
  readonly knowledge: string | null;
  /** Whether the embedded model goes along where the source uses it. */
  readonly hasModel: boolean;
}

export interface UrlRule {
  /** Whose texts make it, in this order. */
  readonly columns: readonly Column[];
  /** Whether an address without a host is one: a path in a table is, a file's name is not. */
  readonly takesPaths: boolean;
  /** @returns null where a row has none */
  render(values: readonly (string | null)[]): string | null;
}

/** Whether a source is that of documents, and their column of the collection. */
const COLLECTION = 'collection';
const TIMES = new Set(['date', 'timestamp', 'timestamptz']);

/** What documents have by themselves. */
const OF_DOCUMENTS = {
  url: 'origin',
  publishedAt: 'published',
  tags: 'tags',
  updatedAt: 'updated_at',
} as const;

/**
 * @param isDocuments whether the source is the documents that Evervec keeps
 * @throws ConfigError, SourceError naming what the table has not
 */
export function planRelease(
  name: string,
  options: ReleaseOptions,
  source: SourceDefinition,
  isDocuments: boolean,
): ReleasePlan {
  const own: Partial<typeof OF_DOCUMENTS> = isDocuments ? OF_DOCUMENTS : {};
  const column = (field: keyof typeof OF_DOCUMENTS | 'title') => {
    const wanted = options[field] ?? (field === 'title' ? source.title?.name : own[field]);
    return wanted === undefined || wanted === false ? null : columnOf(label, source.table, wanted);
  };
  const label = `release ${name}`;
  const { collection = null, knowledge = false } = options;
  return {
    name,
    collections: collection === null ? null : [collection].flat(),
    tiers: source.tier === null ? null : tiersToPublish(options),
    title: column('title'),
    url: urlRule(label, options.url, source, isDocuments),
    publishedAt: ofKind(label, 'publishedAt', column('publishedAt'), isTime, 'date or timestamp'),
    updatedAt: ofKind(label, 'updatedAt', column('updatedAt'), isTime, 'date or timestamp'),
    tags: ofKind(label, 'tags', column('tags'), ({ isArray }) => isArray, 'text[]'),
    columns: (options.columns ?? []).map((wanted) => columnOf(label, source.table, wanted)),
    language: options.language ?? null,
    knowledge: knowledge === false ? null : knowledge === true ? name : knowledge,
    hasModel: options.model ?? true,
  };
}

/** The column that says which collection a row is of. */
export function collectionColumn(source: SourceDefinition): Column {
  return columnOf(source.name, source.table, COLLECTION);
}

function isTime({ baseType, isArray }: Column): boolean {
  return TIMES.has(baseType) && !isArray;
}

function ofKind(
  label: string,
  field: string,
  column: Column | null,
  isRight: (column: Column) => boolean,
  wanted: string,
): Column | null {
  if (column === null || isRight(column)) return column;
  throw new ConfigError(
    `${label}: ${field} is the column "${column.name}", of type ${column.baseType}.`,
    { remedy: `Name a column of type ${wanted}.`, isUsage: true },
  );
}

function urlRule(
  label: string,
  url: ReleaseOptions['url'],
  source: SourceDefinition,
  isDocuments: boolean,
): UrlRule | null {
  const wanted = url ?? (isDocuments ? OF_DOCUMENTS.url : false);
  if (wanted === false) return null;
  const takesPaths = url !== undefined;
  if (!wanted.includes('{')) {
    const columns = [columnOf(label, source.table, wanted)];
    return { columns, takesPaths, render: ([value = null]) => value };
  }
  const { fields, render } = parseTemplate(label, wanted);
  return {
    columns: fields.map((field) => columnOf(label, source.table, field)),
    takesPaths,
    render(values) {
      // Half an address leads nowhere.
      if (values.some((value) => value === null || value.trim() === '')) return null;
      const texts = values.map((value) => encodeURI(value ?? '').replaceAll(/[?#]/g, escaped));
      return render(Object.fromEntries(fields.map((field, i) => [field, texts[i] ?? null])));
    },
  };
}

function escaped(character: string): string {
  return character === '?' ? '%3F' : '%23';
}
