/** Sums of what clients report: gathered in memory, written in one statement. Holds no report longer than that, and never who sent it. */
import { createHash } from 'node:crypto';
import type { Connection } from '../database/index.ts';
import type { ReportEntry, ReportMessage } from '../format/report.ts';

/** Networks are told apart by so many bits. */
const BITS = 4_096;
/** Releases that are further back than this are counted together. */
const KEPT_SEQUENCES = 50;
const LONG_GONE = -1;
/** Of one report: more is a lie. */
const MAX_BYTES = 2 ** 34;

interface Sum {
  readonly release: string;
  readonly channel: string;
  readonly sequence: number;
  readonly kind: ReportEntry['kind'];
  readonly stage: string;
  readonly code: string;
  reports: number;
  bytes: number;
  readonly seen: Uint8Array;
}

/*
 * In the order of the key, so that two servers do not wait for each other in a circle.
 */
const WRITE = `
insert into evervec.release_reports as kept (release, channel, sequence, kind, stage, code, hour, reports, bytes, seen)
select release, channel, sequence, kind, stage, code, date_trunc('hour', now(), 'UTC'), reports, bytes, seen::bit(4096)
from unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::bigint[], $8::bigint[], $9::text[])
  given (release, channel, sequence, kind, stage, code, reports, bytes, seen)
order by release, channel, sequence, kind, stage, code
on conflict (release, channel, sequence, kind, stage, code, hour) do update set
  reports = kept.reports + excluded.reports, bytes = kept.bytes + excluded.bytes, seen = kept.seen | excluded.seen`;

export class ReportCounts {
  #sums = new Map<string, Sum>();

  get isEmpty(): boolean {
    return this.#sums.size === 0;
  }

  /**
   * What one message says twice counts once.
   * @param newest the highest sequence that is offered
   * @param network where it came from; only a hash of it is kept, of 12 bits
   */
  add(release: string, message: ReportMessage, newest: number, network: string): void {
    const { channel } = message;
    const told = new Set<string>();
    for (const entry of message.reports) {
      const sequence =
        entry.sequence < newest - KEPT_SEQUENCES && entry.sequence > 0 ? LONG_GONE : entry.sequence;
      const { stage, code } = detailsOf(entry);
      const key = JSON.stringify([release, channel, sequence, entry.kind, stage, code]);
      if (told.has(key)) continue;
      told.add(key);
      const fresh = {
        release,
        channel,
        sequence,
        kind: entry.kind,
        stage,
        code,
        reports: 0,
        bytes: 0,
      };
      const sum = this.#sums.get(key) ?? { ...fresh, seen: new Uint8Array(BITS) };
      this.#sums.set(key, sum);
      sum.reports += 1;
      sum.bytes += entry.kind === 'downloaded' ? Math.min(entry.bytes, MAX_BYTES) : 0;
      sum.seen[bitOf(release, channel, sequence, network)] = 1;
    }
  }

  /** What can't be written now is kept for the next time. @throws what the database throws */
  async write(connection: Connection): Promise<void> {
    if (this.isEmpty) return;
    const taken = this.#sums;
    this.#sums = new Map();
    try {
      await connection.query(WRITE, columnsOf([...taken.values()]));
    } catch (error) {
      this.#putBack(taken);
      throw error;
    }
  }

  #putBack(taken: ReadonlyMap<string, Sum>): void {
    for (const [key, sum] of taken) {
      const newer = this.#sums.get(key);
      if (newer !== undefined) {
        sum.reports += newer.reports;
        sum.bytes += newer.bytes;
        newer.seen.forEach((bit, at) => {
          if (bit === 1) sum.seen[at] = 1;
        });
      }
      this.#sums.set(key, sum);
    }
  }
}

function detailsOf(entry: ReportEntry): { stage: string; code: string } {
  if (entry.kind === 'failed') return { stage: entry.stage, code: entry.code };
  return { stage: entry.kind === 'rolledBack' ? entry.why : '', code: '' };
}

/** The same for all servers, so that a network counts once; another one for each release, so that none can be followed. */
function bitOf(release: string, channel: string, sequence: number, network: string): number {
  const hash = createHash('sha256')
    .update(JSON.stringify([release, channel, sequence, network]))
    .digest();
  return hash.readUInt16BE(0) % BITS;
}

function columnsOf(sums: readonly Sum[]): unknown[][] {
  return [
    sums.map(({ release }) => release),
    sums.map(({ channel }) => channel),
    sums.map(({ sequence }) => sequence),
    sums.map(({ kind }) => kind),
    sums.map(({ stage }) => stage),
    sums.map(({ code }) => code),
    sums.map(({ reports }) => reports),
    sums.map(({ bytes }) => bytes),
    sums.map(({ seen }) => seen.join('')),
  ];
}
