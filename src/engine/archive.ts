/** Archiving, restoring and starting anew, for chosen sources. */
import type { Database } from '../database/index.ts';
import { ArchiveError } from '../errors/index.ts';
import { recordAudit } from '../queue/index.ts';
import { emptySpace } from '../space/index.ts';
import { queueAll } from './backfill.ts';
import { archiveInSteps } from './upkeep.ts';
import type { Wired } from './wiring.ts';

export interface ArchiveOptions {
  /** In place of the rules' own; 0 to 36,500. */
  days?: number | undefined;
  /** Counts, and archives nothing. */
  dryRun?: boolean | undefined;
  /** Who asked, for the audit log. */
  by?: string | undefined;
  onProgress?: ((source: string, archived: number) => void) | undefined;
}

const MAX_DAYS = 36_500;

/**
 * @returns source → records archived or, in a dry run, that would be
 * @throws ArchiveError when a source has no rule, or its rule does not go by age and days are given; nothing is done
 */
export async function archiveSources(
  database: Database,
  wired: readonly Wired[],
  options: ArchiveOptions,
): Promise<Record<string, number>> {
  const { days, dryRun = false, by = 'program', onProgress } = options;
  for (const { source } of wired) requireRule(source.name, source.archive, days);
  const archived: Record<string, number> = {};
  for (const { source } of wired)
    archived[source.name] = dryRun
      ? await countArchivable(database, source.name, days ?? null)
      : await archiveInSteps(database, source.name, {
          days,
          by,
          onProgress: (count) => onProgress?.(source.name, count),
        });
  return archived;
}

function requireRule(
  name: string,
  rule: Wired['source']['archive'],
  days: number | undefined,
): void {
  const refuse = (message: string, remedy: string) => {
    throw new ArchiveError(message, { remedy, isUsage: true });
  };
  if (rule === null)
    refuse(
      `Source "${name}" has no rule for its archive.`,
      `Add archive: { when: '…' } to it, and run "evervec setup".`,
    );
  else if (days !== undefined && rule.after === null)
    refuse(
      `The archive of source "${name}" does not go by age: ${days} days mean nothing.`,
      'Leave the days out, or add after: { column, days } to its rule.',
    );
  if (days !== undefined && !(Number.isInteger(days) && days >= 0 && days <= MAX_DAYS))
    refuse(`${days} is no number of days.`, `Give a whole number from 0 to ${MAX_DAYS}.`);
}

async function countArchivable(
  database: Database,
  source: string,
  days: number | null,
): Promise<number> {
  const { rows } = await database.query<{ count: number }>(
    'select evervec.count_archivable($1, $2)::float8 as count',
    [source, days],
  );
  return rows[0]?.count ?? 0;
}

/**
 * Brings archived records back through the queue.
 * @param keys null means all
 * @returns source → how many
 */
export async function restoreSources(
  database: Database,
  wired: readonly Wired[],
  keys: readonly string[] | null,
  by: string,
): Promise<Record<string, number>> {
  const restored: Record<string, number> = {};
  for (const { source } of wired) {
    const { rows } = await database.query<{ count: number }>(
      'select evervec.restore($1, $2, $3)::float8 as count',
      [source.name, keys, by],
    );
    restored[source.name] = rows[0]?.count ?? 0;
  }
  return restored;
}

/** Throws the vectors of sources away and queues all their records. @returns source → how many were queued */
export async function resetSources(
  database: Database,
  wired: readonly Wired[],
  by: string,
  onProgress?: (source: string, queued: number) => void,
): Promise<Record<string, number>> {
  const queued: Record<string, number> = {};
  for (const { row, source, space } of wired) {
    await database.transaction(async (tx) => {
      await emptySpace(tx, space.id);
      // What is in hand just now is done again: it may have been read before the space was emptied.
      await tx.query(
        `update evervec.jobs set generation = nextval('evervec.generation_seq') where source_id = $1 and state = 1`,
        [row.id],
      );
      const target = `source ${source.name}`;
      await recordAudit(tx, { actor: by, action: 'reset', target, detail: {} });
    });
    const { queued: count } = await queueAll(database, row, source, {
      restart: true,
      by,
      onProgress,
    });
    queued[source.name] = count;
  }
  return queued;
}
