/** How documents stand among the sources: which table they are, and what of it is embedded. Decides nothing per document. */
import type { SourceOptions } from '../source/index.ts';
import type { Config } from './config.ts';

/** The source's name, and its table's. */
export const DOCUMENTS = 'documents';

const DEFAULT_TIERS = ['public'];

/** The tiers that there are, in the configured order; the first is that of documents that name none. */
export function tiersOf({ documents }: Config): readonly string[] {
  return (documents || {}).tiers ?? DEFAULT_TIERS;
}

/** Which version a row's text is. */
export const VERSION_COLUMN = 'version';
/** Where its pages begin. */
export const PAGES_COLUMN = 'pages';

/** What a hit shows: all but the text, of which it has the chunk, and what tells contents apart. */
const RECORD = [
  'id',
  'collection',
  'title',
  'author',
  'published',
  'type',
  'tags',
  'tier',
  'metadata',
  'origin',
  'format',
  'version',
  'active_version',
  'created_at',
  'updated_at',
];

/** @returns null where documents are switched off, or a source of the user's has the name */
export function documentSource(config: Config, schema: string): SourceOptions | null {
  if (config.documents === false || Object.hasOwn(config.sources, DOCUMENTS)) return null;
  const { chunk, index, language, lane, budget } = config.documents ?? {};
  const options = { index, language, lane, budget };
  return {
    ...options,
    chunk: { by: 'structure', ...chunk },
    schema,
    table: DOCUMENTS,
    title: 'title',
    text: ['text'],
    tier: 'tier',
    record: RECORD,
  };
}
