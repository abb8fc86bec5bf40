/** What a backfill would do, take and cost, before it does anything: measured on a sample of the rows. */
import type { Database } from '../database/index.ts';
import { estimateTokens, moneyFor } from '../embed/index.ts';
import { countRows, readRows, sampleKeys, settleArchived } from '../source/index.ts';
import { type Space, type StoredChunk, storedChunks } from '../space/index.ts';
import { embeddedText, planRecord } from '../worker/index.ts';
import type { Wired } from './wiring.ts';

export interface BackfillPlan {
  source: string;
  rows: number;
  /** Rows that were looked at; the figures below are theirs, made larger in proportion. */
  sampled: number;
  /** Records whose text is new or another than the one that was embedded; all others keep their vectors. */
  records: number;
  /** Texts to embed. */
  chunks: number;
  tokens: number;
  /** US dollars; 0 for the embedded model, null where no price is known. */
  cost: number | null;
  /** At the pace of the last day, one batch at a time; null where nothing was done in it. */
  seconds: number | null;
}

/** What is planned for: a space that is there, or null for one that would be made. */
export type Planned = Pick<Wired, 'row' | 'source' | 'chunker'> & { space: Space | null };

const SAMPLE = 1_000;
const MAX_READ_BYTES = 8 * 1024 * 1024;

/** Records per second of one batch after the other; several at once are faster. */
const PACE = `
select sum(done) * 1000 / nullif(sum(total_ms), 0) as per_second
from evervec.metrics where bucket > now() - interval '1 day' and done > 0`;

export async function planBackfill(
  database: Database,
  wired: Planned,
  price: number | null,
): Promise<BackfillPlan> {
  const { row, source } = wired;
  const rows = await countRows(database, source);
  const keys = await sampleKeys(database, source, rows, SAMPLE);
  const archived = await settleArchived(database, row.log_id, source, keys, false);
  const sample = await readSample(database, wired, keys, archived);
  const scale = sample.rows === 0 ? 0 : rows / sample.rows;
  const records = Math.round(sample.records * scale);
  const tokens = Math.round(sample.tokens * scale);
  const pace = await database.query<{ per_second: number | null }>(PACE);
  const perSecond = pace.rows[0]?.per_second ?? null;
  return {
    source: source.name,
    rows,
    sampled: sample.rows,
    records,
    chunks: Math.round(sample.chunks * scale),
    tokens,
    cost: moneyFor(tokens, price),
    seconds: perSecond === null ? null : rows / perSecond,
  };
}

interface Sample {
  rows: number;
  records: number;
  chunks: number;
  tokens: number;
}

async function readSample(
  database: Database,
  { source, space, chunker }: Planned,
  sampled: readonly string[],
  archived: ReadonlySet<string>,
): Promise<Sample> {
  const sample: Sample = { rows: 0, records: 0, chunks: 0, tokens: 0 };
  let keys = sampled;
  const stored =
    space === null
      ? new Map<string, StoredChunk[]>()
      : await storedChunks(database, space.id, keys);
  while (keys.length > 0) {
    const read = await readRows(database, source, keys, MAX_READ_BYTES);
    for (const row of read.rendered) {
      sample.rows += 1;
      if (archived.has(row.key)) continue;
      const { changed } = planRecord(row, chunker, stored.get(row.key) ?? []);
      const wanting = changed.filter((chunk) => !chunk.isKept);
      sample.records += wanting.length > 0 ? 1 : 0;
      sample.chunks += wanting.length;
      sample.tokens += wanting.reduce((sum, chunk) => sum + estimateTokens(embeddedText(chunk)), 0);
    }
    sample.rows += read.faults.length;
    keys = read.deferred;
  }
  return sample;
}
