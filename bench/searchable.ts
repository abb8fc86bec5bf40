/**
 * How long 100,000 new rows take until a search finds them all through the index, beside the least that could be
 * done: COPY of vectors that are ready (with key and text) and one HNSW build with the same settings. Evervec's time
 * has the user's insert, capture, queue, chunking, embedding, tsvectors and both indexes; the bound's has none of them.
 */
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { embedText, loadWordVectors } from '../src/embed/index.ts';
import { encodeVectors, INDEX_SETTINGS } from '../src/space/index.ts';
import { openArticles, prepareArticles, settleServer } from './articles.ts';
import { alternate, type Bench, ratiosOf, spreadOf } from './bench.ts';
import { ScratchDatabases, seconds, withClient } from './scratch-databases.ts';

const ROWS = 100_000;
const RUNS = 3;
const INSERT = 'insert into articles select * from staging';

/** Insert with the worker running, until Evervec says that the space is indexed and nothing is left to do. */
async function evervecTime(url: string): Promise<number> {
  const evervec = await openArticles(url);
  await evervec.setup();
  const worker = await evervec.worker();
  await worker.start();
  try {
    return await withClient(url, async (client) => {
      await settleServer(client);
      return await seconds(async () => {
        await client.query(INSERT);
        while (!(await isSearchable(client))) await delay(20);
      });
    });
  } finally {
    await worker.stop();
    await evervec.close();
  }
}

async function isSearchable(client: Client): Promise<boolean> {
  const { rows } = await client.query<{ is_indexed: boolean }>(
    'select indexed_at is not null as is_indexed from evervec.spaces',
  );
  return rows[0]?.is_indexed === true;
}

/** COPY's binary form: signature, flags, header extension; then per row its fields, each after its length. */
const COPY_HEADER = Buffer.concat([Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1'), Buffer.alloc(8)]);
const COPY_END = Buffer.from([0xff, 0xff]);
const FIELDS = Buffer.from([0, 3]);
/** Before the first element of an encoded array. */
const ARRAY_HEADER = 20;
const ROWS_PER_CHUNK = 200;

function copyField(text: string): Buffer {
  const bytes = Buffer.from(text);
  const length = Buffer.alloc(4);
  length.writeInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

/** Everything the bound sends, ready before its clock starts. */
async function readyVectors(url: string): Promise<Buffer[]> {
  const model = await loadWordVectors();
  return await withClient(url, async (client) => {
    const { rows } = await client.query<{ id: number; body: string }>('select * from staging');
    const pieces: Buffer[] = [COPY_HEADER];
    for (let from = 0; from < rows.length; from += ROWS_PER_CHUNK)
      pieces.push(
        Buffer.concat(
          rows
            .slice(from, from + ROWS_PER_CHUNK)
            .flatMap(({ id, body }) => [
              FIELDS,
              copyField(String(id)),
              copyField(body),
              encodeVectors([embedText(model, body)], 'halfvec', 0).subarray(ARRAY_HEADER),
            ]),
        ),
      );
    return [...pieces, COPY_END];
  });
}

async function boundTime(url: string, pieces: readonly Buffer[]): Promise<number> {
  return await withClient(url, async (client) => {
    await client.query('create extension vector');
    await client.query('create table ready (key text, body text, embedding halfvec(384))');
    await client.query('alter table ready alter column embedding set storage plain');
    for (const [name, value] of Object.entries(INDEX_SETTINGS))
      await client.query('select set_config($1, $2, false)', [name, value]);
    await settleServer(client);
    return await seconds(async () => {
      await pipeline(
        Readable.from(pieces),
        client.query(copyFrom('copy ready from stdin with (format binary)')),
      );
      await client.query('create index on ready using hnsw (embedding halfvec_cosine_ops)');
    });
  });
}

export const bench: Bench = {
  name: 'searchable',
  claim:
    '100,000 rows from the insert to searchable, embedded model: rows/s ÷ those of a COPY of ready vectors + one HNSW build',
  aim: { text: '≥ 0.6 of the bound', ratio: 0.6, bound: 'at least' },

  async run({ runs = RUNS, rows = ROWS, note }) {
    const databases = await ScratchDatabases.open();
    try {
      const template = await prepareArticles(databases, rows, ['body']);
      const pieces = await readyVectors(template);
      const rate = (work: (url: string) => Promise<number>) => async () =>
        rows / (await databases.use(work, template));
      const rates = await alternate(
        runs,
        { evervec: rate(evervecTime), bound: rate((url) => boundTime(url, pieces)) },
        note,
      );
      return {
        figures: {
          'evervec, rows/s': spreadOf(rates.evervec),
          'bound, rows/s': spreadOf(rates.bound),
        },
        ratio: spreadOf(ratiosOf(rates.evervec, rates.bound)),
      };
    } finally {
      await databases.close();
    }
  },
};
