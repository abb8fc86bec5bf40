/** Which spaces answer a search: read from the database, and remembered for as long as it says they are so. */
import type { Connection } from '../database/index.ts';
import { UnknownSourceError } from '../errors/index.ts';

/** Sources as they were asked for → their spaces. */
export type KnownSpaces = Map<string, ActiveSpace[]>;
const MAX_KNOWN = 200;

export interface ActiveSpace {
  /** Of the source. */
  name: string;
  id: number;
  model_id: string;
  model_settings: unknown;
  dimensions: number;
}

/** As the engine finds a model by. */
export function modelSpace({ model_id, model_settings, dimensions }: ActiveSpace) {
  return { modelId: model_id, modelSettings: model_settings, dimensions };
}

/** Of sources by their names, or of all. @throws UnknownSourceError */
export async function activeSpaces(
  connection: Connection,
  names: readonly string[] | undefined,
): Promise<ActiveSpace[]> {
  const { rows } = await connection.query<ActiveSpace>(
    `select source.name, space.id, space.model_id, space.model_settings, space.dimensions
    from evervec.sources source join evervec.spaces space on space.id = source.active_space_id
    where source.name = any ($1) or ($1::text[] is null and source.standby_of is null) order by source.name`,
    [names ?? null],
  );
  for (const name of names ?? []) {
    if (rows.some((row) => row.name === name)) continue;
    throw new UnknownSourceError(`There is no source "${name}" in this database.`, {
      remedy: `Known are ${rows.map((row) => row.name).join(', ') || 'none yet'}; "evervec setup" adds those of the configuration.`,
      isUsage: true,
    });
  }
  if (rows.length === 0)
    throw new UnknownSourceError('This database has no source to search.', {
      remedy: 'Run "evervec setup" and "evervec backfill".',
      isUsage: true,
    });
  return rows;
}

/** For the next search of the same. */
export function remember(known: KnownSpaces, key: string, spaces: ActiveSpace[]): void {
  if (known.size >= MAX_KNOWN) known.clear();
  known.set(key, spaces);
}

/** Whether other spaces answer now. */
export function hasMoved(before: readonly ActiveSpace[], now: readonly ActiveSpace[]): boolean {
  const ids = (spaces: readonly ActiveSpace[]) => spaces.map(({ name, id }) => `${name} ${id}`);
  return ids(before).join() !== ids(now).join();
}
