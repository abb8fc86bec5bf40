/** Opens the embedded database. Its code (WebAssembly, threads, files) is loaded then: many who import this never do. */
import type { Database } from '../database.ts';
import type { EmbeddedOptions } from './open.ts';

export type { EmbeddedOptions } from './open.ts';

/**
 * @throws DatabaseInUseError when the folder belongs to a process that does not answer
 * @throws DatabaseUnreachableError when the folder can't be used or the data can't be opened
 * @throws ConfigError when the data is of another version, and on Windows
 */
export async function openEmbedded(options: EmbeddedOptions): Promise<Database> {
  const open = await import('./open.ts');
  return await open.openEmbedded(options);
}
