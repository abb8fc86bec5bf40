/** Builds the index over a source's vectors anew: after a change of its settings, or when it has grown far from its build. */
import type { Database } from '../database/index.ts';
import { recordAudit } from '../queue/index.ts';
import { dropOldIndex, noteIndexSettings, rebuildVectorIndex } from '../space/index.ts';
import { activeSpace } from './spaces.ts';
import type { Wired } from './wiring.ts';

export interface Reindexed {
  source: string;
  /** False where the space is too small to have an index: it gets one of the new kind when it has grown. */
  is_built: boolean;
  took_ms: number;
}

export async function reindexSources(
  database: Database,
  wired: readonly Wired[],
  by: string,
): Promise<Reindexed[]> {
  const reports: Reindexed[] = [];
  for (const { row, source } of wired) {
    const started = performance.now();
    const { id } = await activeSpace(database, row);
    // Of one that was cut short.
    await dropOldIndex(database, id);
    const isBuilt = await database.transaction(async (tx) => {
      await noteIndexSettings(tx, id, source.index);
      const target = `source ${source.name}`;
      await recordAudit(tx, { actor: by, action: 'reindex', target, detail: {} });
      return await rebuildVectorIndex(tx, id);
    });
    await dropOldIndex(database, id);
    const took_ms = Math.round(performance.now() - started);
    reports.push({ source: source.name, is_built: isBuilt, took_ms });
  }
  return reports;
}
