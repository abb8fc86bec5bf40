/** Statistics, from the sums per minute that workers write; the jobs themselves are never counted for it. */
import type { Connection } from '../database/index.ts';

interface Sums {
  batches: number;
  done: number;
  retried: number;
  parked: number;
  /** Put off without a try counted: provider or database were at fault. */
  postponed: number;
  /** Records done per second of work; null when nothing was done. */
  rate_s: number | null;
  /** Of a batch. */
  mean_ms: number | null;
  max_ms: number | null;
}

export interface MetricBucket extends Sums {
  bucket: string;
  source: string;
}

export type StatsWindow = 'hour' | 'day' | 'week';

export interface SourceStats extends Sums {
  source: string;
  window: StatsWindow;
}

const SUMS = `sum(batches)::float8 as batches, sum(done)::float8 as done, sum(retried)::float8 as retried,
  sum(parked)::float8 as parked, sum(postponed)::float8 as postponed, sum(done)::float8 * 1000 / nullif(sum(total_ms), 0) as rate_s,
  sum(total_ms) / nullif(sum(batches), 0)::float8 as mean_ms, max(max_ms) as max_ms`;

const BUCKETS = `
select date_bin($1 * interval '1 minute', bucket, 'epoch') as bucket, source, ${SUMS}
from evervec.metrics
where bucket > now() - $2 * interval '1 minute' and ($3::text[] is null or source = any ($3))
group by 1, 2 order by 1 desc, 2 limit $4`;

/**
 * The latest first; a bucket without work is not there.
 * @param options `stepMinutes` per bucket, over the last `spanMinutes`
 */
export async function listMetrics(
  connection: Connection,
  options: {
    sources: readonly string[] | null;
    stepMinutes: number;
    spanMinutes: number;
    limit: number;
  },
): Promise<MetricBucket[]> {
  const { rows } = await connection.query<Omit<MetricBucket, 'bucket'> & { bucket: Date }>(
    BUCKETS,
    [options.stepMinutes, options.spanMinutes, options.sources, options.limit],
  );
  return rows.map((row) => ({ ...row, bucket: row.bucket.toISOString() }));
}

const STATS = `
select source, span.name as window, ${SUMS}
from (values ('hour', interval '1 hour'), ('day', interval '1 day'), ('week', interval '7 days'))
  as span (name, length)
join evervec.metrics on bucket > now() - span.length
where $1::text[] is null or source = any ($1)
group by source, span.name, span.length order by source, span.length`;

/** Totals per source of the last hour, day and week; a source that did nothing in a window is not there. */
export async function sourceStats(
  connection: Connection,
  sources: readonly string[] | null,
): Promise<SourceStats[]> {
  return (await connection.query<SourceStats>(STATS, [sources])).rows;
}
