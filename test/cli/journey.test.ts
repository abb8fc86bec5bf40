/** What a user does with their own table, from nothing to nothing, through the command alone. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import type { Database } from '../../src/database/index.ts';
import type { SearchAnswer } from '../../src/search/index.ts';
import { commandFolder, type Folder } from '../setup/command.ts';
import { describeEachDatabase } from '../setup/each-database.ts';

const SHOWS = [
  ['s1', 'The Baking Table', 'Home bakers compete for a golden whisk in a tent full of flour.'],
  ['s2', 'Night Rails', 'A detective solves a murder on a sleeper train through the snow.'],
  ['s3', 'Deep Blue', 'Divers film whales and coral reefs in the southern ocean.'],
];

const CREATE = `
create table shows (show_id text primary key, title text not null, description text, year integer)`;

async function withOwnTable(database: Database): Promise<void> {
  await database.query(CREATE);
  for (const [index, [id, title, description]] of SHOWS.entries())
    await database.query('insert into shows values ($1, $2, $3, $4)', [
      id,
      title,
      description,
      2000 + index,
    ]);
}

async function search(folder: Folder, args: string[], env: Record<string, string>) {
  const outcome = await folder.run(['search', ...args, '--json'], env);
  expect(outcome.stderr).toBe('');
  return JSON.parse(outcome.stdout) as SearchAnswer;
}

const keys = (answer: SearchAnswer) => answer.hits.map((hit) => hit.key);

describeEachDatabase('the journey of a table', (databases) => {
  test('init, setup, backfill, search, change, teardown', { timeout: 300_000 }, async () => {
    const place = await databases.create('empty');
    await using folder = await commandFolder();
    const env = { DATABASE_URL: place.location };
    const run = async (...args: string[]) => {
      const outcome = await folder.run(args, env);
      expect({ args, ...outcome }).toMatchObject({ code: 0 });
      return outcome.stdout;
    };
    /** The user's own program, which knows nothing of Evervec. */
    const change = async (...statements: string[]) => {
      const database = await place.open();
      for (const statement of statements) await database.query(statement);
      await database.close();
      await run('worker', '--once');
    };
    let database = await place.open();
    await withOwnTable(database);
    await database.close();

    const proposed = JSON.parse(await run('init', '--json'));
    expect(proposed.sources).toMatchObject([{ name: 'shows', text: ['title', 'description'] }]);
    expect(existsSync(path.join(folder.path, 'evervec.config.ts'))).toBe(true);
    expect(await folder.run(['init'], env)).toMatchObject({ code: 2 });

    expect((await folder.run(['verify'], env)).code).toBe(3);
    expect(JSON.parse(await run('setup', '--json')).sources).toMatchObject([
      { outcome: 'created' },
    ]);
    expect(JSON.parse(await run('setup', '--json')).sources).toMatchObject([
      { outcome: 'unchanged' },
    ]);
    expect(JSON.parse(await run('backfill', '--json'))).toMatchObject({
      queued: { shows: 3 },
      done: 3,
      pending: 0,
    });
    await run('verify');
    expect(await run('check')).toContain('near-words');

    const answer = await search(folder, ['murder on a train'], env);
    expect(answer).toMatchObject({ mode: 'hybrid', space: { shows: expect.any(String) } });
    expect(answer.hits[0]).toMatchObject({
      source: 'shows',
      key: 's2',
      score: expect.any(Number),
      chunk: { index: 0, text: expect.stringContaining('sleeper train'), start: 0, section: null },
      record: { show_id: 's2', year: 2001 },
    });
    expect(keys(await search(folder, ['whales', '--filter', 'year>=2002'], env))).toEqual(['s3']);

    await change(
      `update shows set description = 'Submarines race under the polar ice.' where show_id = 's3'`,
    );
    expect(keys(await search(folder, ['submarines polar ice', '--limit', '1'], env))).toEqual([
      's3',
    ]);
    await change(`update shows set show_id = 's9' where show_id = 's1'`);
    expect(keys(await search(folder, ['home bakers', '--limit', '1'], env))).toEqual(['s9']);
    await change(`delete from shows where show_id = 's2'`);
    expect(keys(await search(folder, ['detective murder train'], env))).not.toContain('s2');
    await change('truncate shows');
    expect(keys(await search(folder, ['home bakers'], env))).toEqual([]);

    const status = JSON.parse(await run('queue', 'status', '--json'));
    expect(status).toMatchObject({
      workers: [],
      counts: { ready: 0, leased: 0, waiting: 0, parked: 0 },
      oldest_ready_s: null,
      lanes: { shows: { ready: 0, paused: false } },
    });
    expect(await folder.run(['teardown'], env)).toMatchObject({ code: 2 });
    await run('teardown', '--confirm');
    database = await place.open();
    const { rows } =
      await database.query(`select nspname as left_over from pg_namespace where nspname = 'evervec'
      union all select tgname from pg_trigger where not tgisinternal
      union all select extname from pg_extension where extname = 'vector'`);
    expect(rows).toEqual([]);
  });
});
