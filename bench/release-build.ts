/**
 * The draft of a release of 10,000 chunks × 384 on Postgres, from the first statement to the folder on the disk: read in one snapshot, encoded,
 * gzipped at level 9, its recall measured, its proof found; with the embedded model's file. Then the same after one record in fifty changed, with
 * deltas from what was before.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Evervec } from '../src/index.ts';
import { readDraft } from '../src/release/index.ts';
import { openArticles, prepareArticles } from './articles.ts';
import { type Bench, spreadOf } from './bench.ts';
import { ScratchDatabases, withClient } from './scratch-databases.ts';

const CHUNKS = 10_000;
const CHARS = 829;
const RUNS = 5;
const MAX_SECONDS = 3;
const CHANGED_EVERY = 50;

export const bench: Bench = {
  name: 'release-build',
  claim: `seconds for the draft of a release of 10,000 chunks × 384 on Postgres ÷ ${MAX_SECONDS}`,
  aim: { text: `≤ 1 (${MAX_SECONDS} s)`, ratio: 1, bound: 'at most' },

  async run({ rows: chunks = CHUNKS, runs = RUNS, note }) {
    const databases = await ScratchDatabases.open();
    const folder = await mkdtemp(path.join(tmpdir(), 'evervec-bench-release-'));
    try {
      const template = await prepareArticles(databases, chunks, ['body'], CHARS);
      return await databases.use(async (url) => {
        const evervec = await openArticles(url);
        try {
          await fill(url, evervec);
          note('all is searchable');
          const first = path.join(folder, 'first');
          const whole = await timed(runs, note, () => build(evervec, first));
          const base = await baseOf(first);
          await change(url, evervec);
          const second = path.join(folder, 'second');
          const withDelta = await timed(runs, note, () => build(evervec, second, [base]));
          return {
            figures: {
              's for a first release': spreadOf(whole.wall),
              's with a delta for one record in fifty': spreadOf(withDelta.wall),
              'CPU s for a first release': spreadOf(whole.cpu),
              'CPU s with the delta': spreadOf(withDelta.cpu),
            },
            ratio: spreadOf(whole.wall.map((seconds) => seconds / MAX_SECONDS)),
          };
        } finally {
          await evervec.close();
        }
      }, template);
    } finally {
      await databases.close();
      await rm(folder, { recursive: true, force: true });
    }
  },
};

async function fill(url: string, evervec: Evervec): Promise<void> {
  await evervec.setup();
  await withClient(url, (client) => client.query('insert into articles select * from staging'));
  await evervec.backfill();
  await (await evervec.worker()).drain();
}

async function change(url: string, evervec: Evervec): Promise<void> {
  await withClient(url, (client) =>
    client.query(`update articles set body = reverse(body) where id % ${CHANGED_EVERY} = 0`),
  );
  await (await evervec.worker()).drain();
}

/** The index of a draft, as clients would have it. */
async function baseOf(folder: string) {
  const { sha256, files } = (await readDraft(folder)).manifest.index;
  const plain = files.find(({ encoding }) => encoding === 'identity')?.path ?? '';
  return { sha256, load: () => readFile(path.join(folder, plain)) };
}

type Bases = Parameters<Evervec['releases']['build']>[1]['bases'];

async function build(evervec: Evervec, folder: string, bases: Bases = []): Promise<void> {
  const { outcome, draft } = await evervec.releases.build('articles', { folder, bases });
  if (outcome !== 'built' || draft?.deltas.some(({ bytes }) => bytes === null))
    throw new Error(`not built as it should be: ${JSON.stringify(draft)}`);
}

/** Seconds; of processors those of this process, all threads together. */
interface Times {
  wall: number[];
  cpu: number[];
}

async function timed(
  runs: number,
  note: (line: string) => void,
  work: () => Promise<void>,
): Promise<Times> {
  const times: Times = { wall: [], cpu: [] };
  // The first loads code and fills caches.
  for (let run = 0; run <= runs; run++) {
    const started = performance.now();
    const before = process.cpuUsage();
    await work();
    const taken = (performance.now() - started) / 1_000;
    const { user, system } = process.cpuUsage(before);
    note(`${run === 0 ? 'warm-up' : `run ${run}`}: ${taken.toFixed(2)} s`);
    if (run === 0) continue;
    times.wall.push(taken);
    times.cpu.push((user + system) / 1e6);
  }
  return times;
}
