/** How releases do at clients, by what those report: who has which, what failed where, and whether a roll-out should go on. Reads only. */
import type { Connection } from '../database/index.ts';
import type { HaltRule } from './serve-options.ts';

export interface ReleaseHealth {
  /** So many hours back. */
  readonly hours: number;
  /** Of the checks that were reported, how many have which release; the newest first. `sequence` 0: none; -1: long gone. */
  readonly adoption: readonly { sequence: number; checks: number; share: number }[];
  /** By release, the newest first. */
  readonly releases: readonly {
    sequence: number;
    downloaded: number;
    downloaded_bytes: number;
    installed: number;
    failed: number;
    rolled_back: number;
  }[];
  /** The most frequent first. `stage` of a roll-back is why. */
  readonly failures: readonly Failure[];
  /** Roll-outs that were found to fail, the newest first. */
  readonly alerts: readonly ReleaseAlert[];
}

interface Failure {
  readonly sequence: number;
  readonly kind: 'failed' | 'rolledBack';
  readonly stage: string;
  readonly code: string;
  readonly reports: number;
  /** From how many networks, about; null where there are too many to tell. */
  readonly networks: number | null;
}

export interface ReleaseAlert {
  readonly sequence: number;
  readonly at: string;
  readonly failing: number;
  readonly tried: number;
  /** Null while the halt is being tried. */
  readonly outcome: 'halted' | 'alert' | null;
  readonly reason: string | null;
}

const SUMS = `
select sequence::float8, kind, stage, code, sum(reports)::float8 as reports, sum(bytes)::float8 as bytes,
  bit_count(bit_or(seen))::integer as bits
from evervec.release_reports
where release = $1 and channel = $2 and hour > now() - $3 * interval '1 hour'
group by sequence, kind, stage, code order by sequence desc, reports desc, kind, stage, code`;

const ALERTS = `
select sequence::float8, at, failing, tried, outcome, reason from evervec.release_alerts
where release = $1 and channel = $2 order by sequence desc limit 20`;

interface SumRow {
  sequence: number;
  kind: string;
  stage: string;
  code: string;
  reports: number;
  bytes: number;
  bits: number;
}

export async function readHealth(
  connection: Connection,
  release: string,
  channel: string,
  hours: number,
): Promise<ReleaseHealth> {
  const { rows } = await connection.query<SumRow>(SUMS, [release, channel, hours]);
  const { rows: alerts } = await connection.query<Omit<ReleaseAlert, 'at'> & { at: Date }>(ALERTS, [
    release,
    channel,
  ]);
  const checks = rows.filter(({ kind }) => kind === 'checked');
  const all = sumOf(checks);
  return {
    hours,
    adoption: checks.map(({ sequence, reports }) => ({
      sequence,
      checks: reports,
      share: reports / all,
    })),
    releases: [...Map.groupBy(rows.filter(isAboutOne), ({ sequence }) => sequence)].map(
      ([sequence, sums]) => ({
        sequence,
        downloaded: sumOf(sums, 'downloaded'),
        downloaded_bytes: sums.reduce((sum, { bytes }) => sum + bytes, 0),
        installed: sumOf(sums, 'installed'),
        failed: sumOf(sums, 'failed'),
        rolled_back: sumOf(sums, 'rolledBack'),
      }),
    ),
    failures: rows.filter(isFailure).map(({ sequence, kind, stage, code, reports, bits }) => ({
      sequence,
      kind,
      stage,
      code,
      reports,
      networks: wholeOrNull(distinct(bits)),
    })),
    alerts: alerts.map((alert) => ({ ...alert, at: alert.at.toISOString() })),
  };
}

function sumOf(rows: readonly SumRow[], kind?: string): number {
  const counted = kind === undefined ? rows : rows.filter((row) => row.kind === kind);
  return counted.reduce((sum, { reports }) => sum + reports, 0);
}

/** Checks tell of what is installed, not of how it came. */
function isAboutOne({ kind }: SumRow): boolean {
  return kind !== 'checked';
}

function isFailure(row: SumRow): row is SumRow & { kind: Failure['kind'] } {
  return row.kind === 'failed' || row.kind === 'rolledBack';
}

function wholeOrNull(value: number): number | null {
  return Number.isFinite(value) ? Math.round(value) : null;
}

const BITS = 4_096;
/** With fewer bits left than this, the estimate is none. */
const LEAST_ZEROS = 10;

/**
 * How many set so many bits, each one by chance (linear counting).
 * @returns Infinity where there are too many to tell
 */
export function distinct(bits: number): number {
  const zeros = BITS - bits;
  return zeros < LEAST_ZEROS ? Infinity : BITS * Math.log(BITS / zeros);
}

/*
 * Only what tells of the release: not that it could not be looked for, not a device that is full, not a user who went back. A network from which somebody
 * could install it is not one from which it fails.
 */
const TRIED = `
select coalesce(bit_count(bit_or(seen)), 0)::integer as tried,
  coalesce(bit_count(bit_or(seen) filter (where kind = 'installed')), 0)::integer as installed,
  coalesce(sum(reports), 0)::float8 as reports,
  coalesce(sum(reports) filter (where kind <> 'installed'), 0)::float8 as failures
from evervec.release_reports
where release = $1 and channel = $2 and sequence = $3 and hour > now() - $4 * interval '1 hour' and (
  kind = 'installed' or (kind = 'failed' and stage <> 'check' and code not in ('QUOTA', 'STORE'))
  or (kind = 'rolledBack' and stage <> 'asked'))`;

export interface Verdict {
  readonly isFailing: boolean;
  /** Networks, about. */
  readonly failing: number;
  readonly tried: number;
}

/** Whether so much of a candidate's installs fails that nobody more should be offered it. */
export async function judge(
  connection: Connection,
  release: string,
  channel: string,
  sequence: number,
  rule: HaltRule,
): Promise<Verdict> {
  const { rows } = await connection.query<Tried>(TRIED, [
    release,
    channel,
    sequence,
    rule.windowHours,
  ]);
  return verdictOf(rows[0] ?? { tried: 0, installed: 0, reports: 0, failures: 0 }, rule);
}

export interface Tried {
  /** Bits of those who tried, and of those who succeeded. */
  readonly tried: number;
  readonly installed: number;
  readonly reports: number;
  readonly failures: number;
}

/** Where there are too many networks to tell apart, reports are what is left to count. */
export function verdictOf(
  { tried: bits, installed, reports, failures }: Tried,
  { minimum, share }: HaltRule,
): Verdict {
  const many = distinct(bits);
  const [tried, failing] = Number.isFinite(many)
    ? [many, many - distinct(installed)]
    : [reports, failures];
  const isFailing = Math.round(failing) >= minimum && failing >= tried * share;
  return { isFailing, failing: Math.round(failing), tried: Math.round(tried) };
}
