/** Sources on tables that a test made, and the check that what is stored of them is true to their rows (I3). */
import { expect } from 'vitest';
import { cleanText, createTextChunker } from '../../src/chunk/index.ts';
import type { Database } from '../../src/database/index.ts';
import { embedTexts } from '../../src/embed/index.ts';
import { type Config, createEvervec, type Evervec } from '../../src/engine/index.ts';
import { createDigestModel, type DigestModel } from '../setup/digest-model.ts';

export interface Kept {
  database: Database;
  evervec: Evervec;
  model: DigestModel;
  /** Works until nothing is ready. @returns records done */
  drain(): Promise<number>;
  /** Keys that are logged or queued now, sorted; `*` for a truncated table. */
  queued(): Promise<string[]>;
}

type Options = Config['sources'][string];

/** An Evervec with these sources, nothing done yet. */
export async function configure(
  database: Database,
  sources: Record<string, Options>,
  config: Partial<Config> = {},
): Promise<Kept> {
  const model = createDigestModel();
  const evervec = await createEvervec({ model, sources, ...config }, { database });
  return {
    database,
    evervec,
    model,
    drain: async () => await (await evervec.worker()).drain(),
    queued: () => queued(database),
  };
}

/** The same, set up, and with every row embedded. */
export async function keep(
  database: Database,
  sources: Record<string, Options>,
  config: Partial<Config> = {},
): Promise<Kept> {
  const kept = await configure(database, sources, config);
  await kept.evervec.setup();
  await kept.evervec.backfill();
  await kept.drain();
  return kept;
}

export async function queued(database: Database): Promise<string[]> {
  const { rows } = await database.query<{ key: string }>(
    `select coalesce(key, '*') as key from evervec.changes left join lateral unnest(keys) as key on true
    union select record_key from evervec.jobs order by 1`,
  );
  return rows.map((row) => row.key);
}

/** Runs statements in one transaction whose settings are as unlike the defaults as a session's can be. */
export async function inOddSession(database: Database, ...statements: string[]): Promise<void> {
  await database.transaction(async (tx) => {
    for (const setting of [
      `timezone = 'Asia/Kathmandu'`,
      `datestyle = 'German, DMY'`,
      `intervalstyle = 'sql_standard'`,
      `bytea_output = 'escape'`,
      'extra_float_digits = -3',
      `search_path = ''`,
      'standard_conforming_strings = off',
    ])
      await tx.query(`set local ${setting}`);
    for (const statement of statements) await tx.query(statement);
  });
}

interface StoredRow {
  key: string;
  index: number;
  start: number;
  end: number;
  section: string | null;
  text: string;
  embedding: string | null;
}

export interface TruthOptions {
  source?: string;
  chunk?: { maxChars?: number; overlapChars?: number };
}

/**
 * Fails unless the sidecar holds exactly the chunks, with their vectors, of what `statement` says the rows are.
 * @param statement selects `key` and `text`, as a reader of the documentation would write them
 */
export async function expectTrue(
  { database, model }: Kept,
  statement: string,
  { source = 'items', chunk = {} }: TruthOptions = {},
): Promise<void> {
  const { rows } = await database.query<{ key: string; text: string | null }>(statement);
  const chunker = createTextChunker(chunk);
  const expected = rows
    .flatMap(({ key, text }) =>
      chunker.chunk(cleanText(text ?? '')).map((piece) => ({ key, ...piece })),
    )
    .sort((a, b) => compare(a.key, b.key) || a.index - b.index);
  const stored = await sidecar(database, source);
  expect(stored.map(({ embedding: _, ...piece }) => piece)).toEqual(expected);
  const counted = model.texts.length;
  const vectors = await embedTexts(
    model,
    expected.map(({ text }) => text),
  );
  model.texts.length = counted;
  for (const [position, { key, embedding }] of stored.entries())
    for (const [dimension, value] of parseVector(embedding).entries())
      // halfvec has eleven bits.
      expect(Math.abs(value - (vectors[position]?.[dimension] ?? 0)), `key ${key}`).toBeLessThan(
        1e-3,
      );
}

/** What the source's active sidecar holds, by key and chunk. */
export async function sidecar(database: Database, source = 'items'): Promise<StoredRow[]> {
  const space = await database.query<{ id: number }>(
    'select active_space_id as id from evervec.sources where name = $1',
    [source],
  );
  const { rows } = await database.query<StoredRow>(
    `select record_key as key, chunk_index as index, start_offset as start, end_offset as "end", section, text,
      embedding::text as embedding
    from evervec.chunks_${space.rows[0]?.id}`,
  );
  return rows.sort((a, b) => compare(a.key, b.key) || a.index - b.index);
}

function parseVector(text: string | null): number[] {
  return JSON.parse(text ?? '[]') as number[];
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** What a reconcile would find to do; all zero where capture missed nothing. */
export async function drift({ evervec }: Kept, source = 'items') {
  const [report] = await evervec.reconcile([source], { dryRun: true });
  if (report === undefined) throw new Error(`no report of ${source}`);
  const { missing, outdated, orphaned, faulty } = report;
  return { missing, outdated, orphaned, faulty };
}

export const NO_DRIFT = { missing: 0, outdated: 0, orphaned: 0, faulty: 0 };
