/** What workers do for sources from time to time: compare all rows, archive what the rule says, weigh words. */
import {
  type Connection,
  type Database,
  SCHEMA_VERSION,
  schemaVersion,
} from '../database/index.ts';
import { inPages } from '../queue/index.ts';
import type { Logger } from '../runtime/index.ts';
import { pruneTouches } from '../search/index.ts';
import { isWeighing, weighWords } from '../space/index.ts';
import type { Upkeep } from '../worker/index.ts';
import type { Documents } from './documents.ts';
import { reconcileSource, type Reconciled } from './reconcile.ts';
import type { Wired } from './wiring.ts';

const ARCHIVE_MINUTES = 24 * 60;
const LEDGER_MINUTES = 24 * 60;
const WEIGH_MINUTES = 60;

/* A request is taken by beginning, and over when it has ended: one whose worker died is taken again after an hour. */
const TAKE_REQUEST = `
update evervec.reconciles set started_at = now(), finished_at = null
where source_id = $1 and asked_at is not null
and (started_at is null or started_at < asked_at or started_at < now() - interval '1 hour')`;

const BEGUN = `
insert into evervec.reconciles (source_id, started_at) values ($1, now())
on conflict (source_id) do update set started_at = excluded.started_at, finished_at = null`;

const FINISHED = `
update evervec.reconciles set finished_at = now(), report = $2,
  asked_at = case when asked_at > started_at then asked_at end
where source_id = $1`;

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
    const weigh: Upkeep = {
      task: `weigh words of ${source.name}`,
      everyMinutes: WEIGH_MINUTES,
      takeRequest: () => isWeighing(database, row.id),
      run: (signal) => weighWords(database, row.id, signal),
    };
    // The archive is one for all spaces of a source.
    const isStandby = row.standby_of !== null;
    return source.archive === null || isStandby ? [reconcile, weigh] : [reconcile, archive, weigh];
  });
}

/** Sums of days that are over, of which each writer has one of its own, become one. */
export function ledgerUpkeep(database: Database): Upkeep {
  const run = () => database.query('select evervec.roll_up_calls()');
  return { task: 'roll up calls', everyMinutes: LEDGER_MINUTES, run };
}

const TOUCHES_MINUTES = 5;

/** What tells that tables changed is taken together, also where nobody keeps answers and asks. */
export function touchesUpkeep(database: Database): Upkeep {
  const run = async () => {
    if ((await schemaVersion(database)) >= SCHEMA_VERSION) await pruneTouches(database);
  };
  return { task: 'take touches together', everyMinutes: TOUCHES_MINUTES, run };
}

/** Looked for often, so that a failed fetch is tried again when it should be. */
const REFRESH_MINUTES = 5;

/** Documents from URLs whose time has come are fetched again. */
export function refreshUpkeep(database: Database, { web }: Documents, logger: Logger): Upkeep[] {
  if (!web.isRefreshed) return [];
  const run = async (signal: AbortSignal) => {
    if ((await schemaVersion(database)) < SCHEMA_VERSION) return;
    await web.refresh({
      signal,
      onResult: ({ id, outcome, error }) => {
        if (outcome === 'paused')
          logger.warn({ document: id, error: error?.code }, 'no longer fetched again');
      },
    });
  };
  return [{ task: 'refresh documents', everyMinutes: REFRESH_MINUTES, run }];
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
  wired: Wired,
  options: ReconcileRun,
): Promise<Reconciled> {
  const { row } = wired;
  if (!options.dryRun) await database.query(BEGUN, [row.id]);
  const report = await reconcileSource(database, wired, options);
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

/** Archives in transactions of some thousand records each, which the audit log tells of as they go. @returns how many */
export async function archiveInSteps(
  database: Database,
  source: string,
  { days, by = 'worker', signal, onProgress }: ArchiveRun,
): Promise<number> {
  const action = {
    actor: by,
    action: 'archive',
    target: `source ${source}`,
    detail: { days: days ?? null },
  };
  let archived = 0;
  const run = async (tx: Connection) => {
    if (signal?.aborted) return 0;
    const count = await archiveSome(tx, source, days ?? null);
    archived += count;
    onProgress?.(archived);
    return count;
  };
  await inPages(database, action, [{ count: 'records', run }]);
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
