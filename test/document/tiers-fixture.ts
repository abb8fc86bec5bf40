/** Documents of several tiers, and readers that ask the database as a role without rights of its own. */
import type { Database } from '../../src/database/index.ts';
import { embedTexts } from '../../src/embed/index.ts';
import { textContent } from '../../src/document/index.ts';
import type { Config, Evervec, GivenDocument } from '../../src/engine/index.ts';
import type { SearchMode } from '../../src/search/index.ts';
import { configure, type Kept } from '../source/fixture.ts';

export const TIERS = ['public', 'premium', 'secret'] as const;
export const MODES: SearchMode[] = ['text', 'vector', 'hybrid'];

/** Roles are the cluster's: one for all tests, with the rights that each database gives it. */
export const READER = 'evervec_test_reader';

export interface Library extends Kept {
  /** Title → id. */
  ids: Map<string, string>;
  /** Runs a statement as the reader, with the setting where it is told. */
  as<Row extends object>(
    tiers: string | undefined,
    statement: string,
    values?: unknown[],
  ): Promise<Row[]>;
  /** As the model gives it, for SQL. */
  vectorOf(query: string): Promise<string>;
}

export function given(title: string, text: string, tier: string): GivenDocument {
  return { collection: 'library', origin: title, title, tier, content: textContent(text) };
}

/** Embedded and searchable, the reader granted what `evervec.grant_documents` gives. */
export async function openLibrary(
  database: Database,
  documents: readonly GivenDocument[],
  config: Partial<Config> = {},
): Promise<Library> {
  const kept = await configure(database, {}, { documents: { tiers: [...TIERS] }, ...config });
  const results = await kept.evervec.documents.addAll(documents, { by: 'tester' });
  await kept.drain();
  await makeReader(database);
  await database.query(`select evervec.grant_documents('${READER}')`);
  const ids = new Map(
    results.map((result, index) => {
      if ('error' in result) throw result.error;
      return [documents[index]?.title ?? '', result.saved.id];
    }),
  );
  return {
    ...kept,
    ids,
    as: (tiers, statement, values) => readAs(database, tiers, statement, values),
    vectorOf: async (query) => {
      const [vector] = await embedTexts(kept.model, [query], { kind: 'query' });
      return `[${vector?.join(',')}]`;
    },
  };
}

export async function makeReader(database: Database): Promise<void> {
  await database.query(
    `do $$ begin create role ${READER}; exception when duplicate_object or unique_violation then null; end $$`,
  );
  await database.query(`grant ${READER} to current_user`);
}

export async function readAs<Row extends object>(
  database: Database,
  tiers: string | undefined,
  statement: string,
  values: unknown[] = [],
): Promise<Row[]> {
  return await database.transaction(async (tx) => {
    if (tiers !== undefined)
      await tx.query(`select set_config('evervec.tiers', $1, true)`, [tiers]);
    await tx.query(`set local role ${READER}`);
    return (await tx.query<Row>(statement, values)).rows;
  });
}

/** The arguments of a search in SQL: `$1` the query, `$2` its vector. */
export function callOf(mode: SearchMode, options = '{}'): string {
  const query = mode === 'vector' ? 'null' : '$1';
  const vector = mode === 'text' ? 'null' : '$2::text::vector.vector';
  const choices = JSON.stringify({ mode, limit: 1_000, ...JSON.parse(options) });
  return `${query}, ${vector}, '${choices.replaceAll("'", "''")}'`;
}

/** All ways to search in SQL. */
export const WAYS = {
  'evervec.search': (mode: SearchMode, options?: string) =>
    `evervec.search('documents', ${callOf(mode, options)})`,
  // Of more than documents alone it does not go the way of the other function.
  'evervec.search, by policies': (mode: SearchMode, options?: string) =>
    `evervec.search(array['documents', 'documents'], ${callOf(mode, options)})`,
  'evervec.search_documents': (mode: SearchMode, options?: string) =>
    `evervec.search_documents(${callOf(mode, options)})`,
};

/** Keys of the hits, sorted. */
export async function keysFound(
  evervec: Evervec,
  query: string,
  mode: SearchMode,
  tiers?: readonly string[],
): Promise<string[]> {
  const { hits } = await evervec.search({
    query,
    mode,
    limit: 1_000,
    ...(tiers !== undefined && { tiers }),
  });
  return hits.map(({ key }) => key).sort();
}
