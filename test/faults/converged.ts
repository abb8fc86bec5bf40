/**
 * What must hold after every fault: the sidecar is what the rows say, vectors included; the queue holds nothing but what
 * is meant to be parked; and no text was paid for twice beyond what was in the hands of workers when they were hit.
 */
import { expect } from 'vitest';
import type { Database } from '../../src/database/index.ts';
import { eventually } from '../setup/signal.ts';
import { type ModelServer, vectorOf } from './model-server.ts';

export interface Expected {
  /** Keys that are parked at the end, hence not embedded. */
  parked?: readonly string[];
  /** Texts that may have been paid for again: those in a batch of a worker that was hit. Default 0. */
  paidAgain?: number;
  deadlineMs?: number;
}

const OPEN = `
select (select count(*) from evervec.changes)::integer as changes,
  (select count(*) from evervec.jobs where state <> 3)::integer as jobs`;

const PARKED = `select record_key from evervec.jobs where state = 3 order by 1`;

const SIDECAR = `
select coalesce(i.id::text, c.record_key) as key, i.body, c.text, c.embedding::text as embedding
from items i full join evervec.chunks_1 c on c.record_key = i.id::text`;

interface Pair {
  key: string;
  body: string | null;
  text: string | null;
  embedding: string | null;
}

/** Waits until the queue is worked off, then compares all there is. @returns rows that were compared */
export async function expectConverged(
  database: Database,
  server: ModelServer,
  expected: Expected = {},
): Promise<number> {
  const { parked = [], paidAgain = 0, deadlineMs = 20_000 } = expected;
  await eventually('the queue empty', () => isOpen(database), deadlineMs).catch(async (error) => {
    const { rows } = await database.query(
      'select state, attempts, crashes, last_error, count(*) from evervec.jobs group by 1, 2, 3, 4',
    );
    throw new Error(`${(error as Error).message}; jobs: ${JSON.stringify(rows)}`);
  });
  const held = await database.query<{ record_key: string }>(PARKED);
  expect(held.rows.map((row) => row.record_key)).toEqual([...parked].sort());
  const { rows } = await database.query<Pair>(SIDECAR);
  const wrong = rows.filter((row) => !parked.includes(row.key) && !isTrue(row));
  expect(wrong, 'rows whose sidecar is not what they say').toEqual([]);
  expect(paidTwice(server), 'texts paid for more than once').toBeLessThanOrEqual(paidAgain);
  return rows.length;
}

/** Payments beyond one for each text. */
export function paidTwice(server: ModelServer): number {
  return [...server.paid.values()].reduce((sum, count) => sum + count - 1, 0);
}

async function isOpen(database: Database): Promise<true | undefined> {
  const { rows } = await database.query<{ changes: number; jobs: number }>(OPEN);
  return rows[0]?.changes === 0 && rows[0].jobs === 0 ? true : undefined;
}

/** The stored numbers have half the usual precision. */
const TOLERANCE = 2e-3;

function isTrue({ body, text, embedding }: Pair): boolean {
  if (body === null || body !== text || embedding === null) return false;
  const wanted = vectorOf(body);
  const length = Math.hypot(...wanted);
  const stored = JSON.parse(embedding) as number[];
  return (
    stored.length === wanted.length &&
    stored.every((value, at) => Math.abs(value - (wanted[at] ?? 0) / length) < TOLERANCE)
  );
}
