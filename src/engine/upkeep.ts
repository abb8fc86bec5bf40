/** What workers do for sources from time to time: compare all rows, archive what the rule says. */
import type { Connection, Database } from '../database/index.ts';
import type { Upkeep } from '../worker/index.ts';
import { reconcileSource, type Reconciled } from './reconcile.ts';
import type { Wired } from './wiring.ts';

const ARCHIVE_MINUTES = 24 * 60;

const TAKE_REQUEST = `
update evervec.reconciles set asked_at = null where source_id = $1 and asked_at is not null`;

const BEGUN = `
insert into evervec.reconciles (source_id, started_at) values ($1, now())
on conflict (source_id) do update set started_at = excluded.started_at, finished_at = null`;

const FINISHED = `
update evervec.reconciles set finished_at = now(), report = $2 where source_id = $1`;

export function upkeepOf(
  database: Database,
  wired: readonly Wired[],
  wantsVectors: boolean,
): Upkeep[] {
  return wired.flatMap((one) => {
    const { row, source } = one;
    const reconcile: Upkeep = {
      task: `reconcile ${source.name}`,
      everyMinutes: source.reconcileMinutes,
      takeRequest: async () => (await database.query(TAKE_REQUEST, [row.id])).rowCount === 1,
      run: (signal) => reconcileAndNote(database, one, { dryRun: false, wantsVectors, signal }),
    };
    const archive: Upkeep = {
      task: `archive ${source.name}`,
      everyMinutes: ARCHIVE_MINUTES,
      run: (signal) => archiveInSteps(database, source.name, { signal }),
    };
    return source.archive === null ? [reconcile] : [reconcile, archive];
  });
}

export interface ReconcileRun {
  dryRun: boolean;
  wantsVectors: boolean;
  signal?: AbortSignal;
  onProgress?: ((rows: number) => void) | undefined;
}

/** Reconciles and, unless it is a dry run, writes down when it was and what it found. */
export async function reconcileAndNote(
  database: Database,
  { row, source, space, chunker }: Wired,
  options: ReconcileRun,
): Promise<Reconciled> {
  if (!options.dryRun) await database.query(BEGUN, [row.id]);
  const report = await reconcileSource(database, row.id, source, space, chunker, options);
  const { source: _, ...counts } = report;
  const isWhole = !options.dryRun && options.signal?.aborted !== true;
  if (isWhole) await database.query(FINISHED, [row.id, counts]);
  return report;
}

export interface ReconcileStatus {
  source: string;
  /** Null where it is done by hand only. */
  every_minutes: number | null;
  started_at: string | null;
  /** Null while it is under way, or where it was cut short. */
  finished_at: string | null;
  report: Omit<Reconciled, 'source'> | null;
}

const STATUS = `
select source_id, started_at, finished_at, report from evervec.reconciles where source_id = any ($1)`;

export async function reconcileStatus(
  database: Database,
  wired: readonly Wired[],
): Promise<ReconcileStatus[]> {
  const { rows } = await database.query<{
    source_id: number;
    started_at: Date | null;
    finished_at: Date | null;
    report: ReconcileStatus['report'];
  }>(STATUS, [wired.map(({ row }) => row.id)]);
  return wired.map(({ row, source }) => {
    const found = rows.find(({ source_id }) => source_id === row.id);
    return {
      source: source.name,
      every_minutes: source.reconcileMinutes,
      started_at: found?.started_at?.toISOString() ?? null,
      finished_at: found?.finished_at?.toISOString() ?? null,
      report: found?.report ?? null,
    };
  });
}

const STEP = 10_000;

export interface ArchiveRun {
  /** In place of the rule's. */
  days?: number | undefined;
  by?: string | undefined;
  signal?: AbortSignal;
  onProgress?: ((archived: number) => void) | undefined;
}

/** Archives in transactions of some thousand records each. @returns how many */
export async function archiveInSteps(
  database: Database,
  source: string,
  { days, by = 'worker', signal, onProgress }: ArchiveRun,
): Promise<number> {
  let archived = 0;
  for (;;) {
    const count = await archiveSome(database, source, days ?? null);
    archived += count;
    onProgress?.(archived);
    if (count < STEP || signal?.aborted) break;
  }
  if (archived > 0)
    await database.query(
      `insert into evervec.audit_log (actor, action, target, detail) values ($1, 'archive', $2, $3)`,
      [by, `source ${source}`, { days: days ?? null, records: archived }],
    );
  return archived;
}

async function archiveSome(
  connection: Connection,
  source: string,
  days: number | null,
): Promise<number> {
  const { rows } = await connection.query<{ count: number }>(
    'select evervec.archive_some($1, $2, $3)::integer as count',
    [source, days, STEP],
  );
  return rows[0]?.count ?? 0;
}
