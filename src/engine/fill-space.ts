/** Works on a second space until it can be searched: it holds all records, has its index, and what changed meanwhile. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection, Database } from '../database/index.ts';
import { countPending, findHold, type Hold, isBackfillPending, isPending } from '../queue/index.ts';
import { finishSpace } from '../space/index.ts';
import type { Worker } from '../worker/index.ts';
import type { Wired } from './wiring.ts';

export interface FillProgress {
  source: string;
  step: 'queueing' | 'embedding' | 'indexing' | 'catching up' | 'checking';
  /** Records that still want work. */
  pending: number;
  /** What keeps them from being taken; absent where nothing does. */
  hold?: Hold;
}

export interface FillOptions {
  signal?: AbortSignal;
  onProgress?: (progress: FillProgress) => void;
}

/** A worker for the spaces that `wire` gives. */
export type CreateWorker = (wire: () => Promise<Wired[]>, onBatch: () => void) => Promise<Worker>;

export interface Filling {
  database: Database;
  /** The second space, as it is then. */
  second(): Promise<Wired>;
  createWorker: CreateWorker;
}

/** Until another look at what other workers have in hand. */
const LOOK_AGAIN_MS = 500;
/** Until it is asked again while batches are worked off. */
const ASK_AGAIN_MS = 1_000;
/** How long changes of the last moment may keep a space from getting its index, ms. */
const CHANGES_MS = 3_000;

/**
 * Other workers take part.
 * @param name of the source, for progress
 * @returns false when `signal` aborted before it was done
 */
export async function fillSpace(
  filling: Filling,
  name: string,
  options: FillOptions,
): Promise<boolean> {
  const { database } = filling;
  const { signal = new AbortController().signal, onProgress } = options;
  const { row, space } = await filling.second();
  const tell = async (step: FillProgress['step']) => {
    const pending = await countPending(database, [row.id]);
    const hold = pending === 0 ? null : await findHold(database, row.id);
    onProgress?.({ source: name, step, pending, ...(hold && { hold }) });
    return pending;
  };
  // Where rows change without end something is always pending: what was queued to fill it has to be done, and that is all.
  let filledAt = Infinity;
  const isFull = async () => {
    const pending = await tell('embedding');
    if (pending > 0 && (await isBackfillPending(database, row.id))) return false;
    filledAt = Math.min(filledAt, performance.now());
    return pending === 0 || performance.now() - filledAt > CHANGES_MS;
  };
  if (!(await workUntil(isFull, filling, signal))) return false;
  await tell('indexing');
  await finishSpace(database, space.id);
  // What changed meanwhile was put off: a switch must not take people back to before it.
  const since = await clockOf(database);
  const isCaughtUp = async () => {
    await tell('catching up');
    return !(await isPending(database, row.id, since));
  };
  return await workUntil(isCaughtUp, filling, signal);
}

/** @returns false when `signal` aborted before `isDone` */
async function workUntil(
  isDone: () => Promise<boolean>,
  { second, createWorker }: Filling,
  signal: AbortSignal,
): Promise<boolean> {
  let isOver = false;
  const look = async () => (isOver ||= await isDone());
  let told: Promise<unknown> = Promise.resolve();
  let askAgainAt = 0;
  const worker = await createWorker(
    async () => [await second()],
    () => {
      // Batches are short, and to count what is left takes as long as some of them.
      if (performance.now() < askAgainAt) return;
      askAgainAt = Infinity;
      told = look()
        .then((isDone) => (isDone ? stop() : undefined))
        .catch(() => {})
        .finally(() => (askAgainAt = performance.now() + ASK_AGAIN_MS));
    },
  );
  const stop = () => void worker.stop();
  signal.addEventListener('abort', stop);
  try {
    while (!signal.aborted && !(await look()))
      if ((await worker.drain()) === 0) await sleep(LOOK_AGAIN_MS, null, { signal }).catch(stop);
  } finally {
    signal.removeEventListener('abort', stop);
    await told;
  }
  return !signal.aborted;
}

async function clockOf(connection: Connection): Promise<Date> {
  const { rows } = await connection.query<{ now: Date }>('select clock_timestamp() as now');
  return rows[0]?.now ?? new Date();
}
