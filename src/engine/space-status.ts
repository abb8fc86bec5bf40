/** What spaces a source has, as a list shows them. */
import type { Connection } from '../database/index.ts';
import { countPending } from '../queue/index.ts';
import { findStandby, type SourceRow } from '../source/index.ts';
import type { Space } from '../space/index.ts';
import type { SpaceCheck } from './migration-check.ts';
import { activeSpace, differences, type WantedSpace } from './spaces.ts';

export type SpaceState =
  /** Its records are being embedded, or its index is being built. */
  | 'filling'
  /** It holds everything. */
  | 'full'
  /** It was searched before a switch, and is kept up to date to go back to. */
  | 'kept';

export interface SpaceStatus {
  source: string;
  model: string;
  dimensions: number;
  chunking: string;
  language: string;
  /** In what it is another than the configuration asks for. */
  differs: string[];
  second: {
    model: string;
    dimensions: number;
    chunking: string;
    language: string;
    state: SpaceState;
    /** Records that it still has to get. */
    pending: number;
    checked: SpaceCheck | null;
    keep_until: string | null;
  } | null;
}

export async function spaceStatus(
  connection: Connection,
  row: SourceRow,
  wanted: WantedSpace,
): Promise<SpaceStatus> {
  const space = await activeSpace(connection, row);
  const standby = await findStandby(connection, row.id);
  return {
    source: row.name,
    ...described(space),
    differs: differences(space, wanted),
    second: standby && (await secondStatus(connection, standby)),
  };
}

async function secondStatus(
  connection: Connection,
  row: SourceRow,
): Promise<SpaceStatus['second']> {
  const space = await activeSpace(connection, row);
  const pending = await countPending(connection, [row.id]);
  const isFull = space.isFilled && row.backfill?.isQueued === true && pending === 0;
  return {
    ...described(space),
    state: space.retiredAt !== null ? 'kept' : isFull ? 'full' : 'filling',
    pending,
    checked: space.checked as SpaceCheck | null,
    keep_until: row.keep_until?.toISOString() ?? null,
  };
}

function described({ modelId, dimensions, chunkerId, language }: Space) {
  return { model: modelId, dimensions, chunking: chunkerId, language };
}
