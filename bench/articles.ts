/** The user's table that benchmarks write to, and rows for it that are made before anything is timed. */
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Client } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { type Config, createEvervec, type Evervec } from '../src/index.ts';
import { sampleTexts } from './sample-texts.ts';
import { type ScratchDatabases, withClient } from './scratch-databases.ts';

const TEXT_CHARS = 300;
const LINES_PER_CHUNK = 500;

/**
 * A template database: `articles` (id, and text columns `columns`), empty, and `staging`, unlogged, of the same
 * shape with `rows` rows of some 300 characters in each text column, vacuumed.
 */
export async function prepareArticles(
  databases: ScratchDatabases,
  rows: number,
  columns: readonly string[],
  chars = TEXT_CHARS,
): Promise<string> {
  const url = await databases.create();
  await withClient(url, async (client) => {
    const texts = columns.map((column) => `${column} text not null`).join(', ');
    await client.query(`create table articles (id integer primary key, ${texts})`);
    await client.query(`create unlogged table staging (id integer, ${texts})`);
    await copyLines(client, 'copy staging from stdin', stagingLines(rows, columns.length, chars));
    await client.query('vacuum (analyze) staging');
  });
  return url;
}

function* stagingLines(rows: number, columns: number, chars: number): Generator<string> {
  const texts = sampleTexts(rows * columns, chars);
  for (let id = 1; id <= rows; id++) {
    let line = String(id);
    for (let column = 0; column < columns; column++) line += `\t${texts.next().value}`;
    yield `${line}\n`;
  }
}

/** Streams lines into a COPY in pieces that are worth a packet. */
export async function copyLines(
  client: Client,
  statement: string,
  lines: Iterable<string>,
): Promise<void> {
  function* pieces(): Generator<Buffer> {
    let piece: string[] = [];
    for (const line of lines) {
      piece.push(line);
      if (piece.length < LINES_PER_CHUNK) continue;
      yield Buffer.from(piece.join(''));
      piece = [];
    }
    yield Buffer.from(piece.join(''));
  }
  await pipeline(Readable.from(pieces()), client.query(copyFrom(statement)));
}

/** Evervec over `articles`, set up as a user sets it up. */
export async function openArticles(
  url: string,
  options: Partial<Config> & { text?: string[] } = {},
): Promise<Evervec> {
  const { text = ['body'], ...config } = options;
  return await createEvervec({
    database: url,
    sources: { articles: { table: 'articles', text } },
    ...config,
  });
}

/** Reads all of staging into the cache, and has what is dirty written before the clock starts. */
export async function settleServer(client: Client): Promise<void> {
  await client.query('select count(*), max(length(s::text)) from staging s');
  await client.query('checkpoint');
}
