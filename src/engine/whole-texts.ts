/** Texts of records as they are now, made as a worker makes them; of sources that are configured here, and within bounds. */
import { cleanText } from '../chunk/index.ts';
import type { Database } from '../database/index.ts';
import { EvervecError } from '../errors/index.ts';
import { readRows } from '../source/index.ts';
import type { Wiring } from './wiring.ts';

/** Of all records together: what is beyond is left out. */
const MAX_BYTES = 16 * 1024 * 1024;

/** @returns key → text, of those that could be read */
export async function wholeTexts(
  database: Database,
  wiring: Wiring,
  source: string,
  keys: readonly string[],
): Promise<Map<string, string>> {
  let definition;
  try {
    definition = await wiring.resolve(source);
  } catch (error) {
    // A source that another program configured: its rows can't be made into text here.
    if (error instanceof EvervecError && error.isUsage) return new Map();
    throw error;
  }
  const { rendered } = await readRows(database, definition, keys, MAX_BYTES);
  return new Map(rendered.map(({ key, text }) => [key, cleanText(text)]));
}
