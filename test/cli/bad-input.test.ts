/** Wrong use through the command: what is said names the value and the remedy, the exit code says whose fault it is. */
import { createServer } from 'node:net';
import { describe, expect, test } from 'vitest';
import { commandFolder } from '../setup/command.ts';
import { describeOnOneDatabase } from '../setup/each-database.ts';

const config = (sources: string) => `export default { sources: ${sources} };`;

describe('before any database is asked', () => {
  test.each([
    { args: ['search', 'x'], says: /no evervec\.config\.ts .*evervec init/s },
    { args: ['search', 'x', '--config', 'other.ts'], says: /no configuration .*other\.ts/s },
    { args: ['serach', 'x'], says: /unknown command 'serach'.*search/s },
    { args: ['search'], says: /missing required argument 'query'/ },
    { args: ['search', 'x', '--limit', '0'], says: /0 is not a whole number from 1 to 1000/ },
    { args: ['worker', '--interval', 'soon'], says: /soon is not a whole number/ },
    {
      args: ['search', 'x', '--filter', 'seats'],
      says: /"seats" has no comparison.*column=value/s,
    },
    { args: ['teardown', '--database', 'here'], says: /no terminal.*--confirm/s },
  ])('$args', async ({ args, says }) => {
    await using folder = await commandFolder();
    const outcome = await folder.run(args);
    expect(outcome.code).toBe(2);
    expect(outcome.stderr).toMatch(says);
    expect(outcome.stderr).not.toMatch(/\bat .*\.ts:\d+/);
  });

  test.each([
    { text: 'export default { source: {} };', says: /source/ },
    { text: config('{ "Bad Name": { table: "t", text: ["a"] } }'), says: /a source name has/ },
    { text: config('{ a: { table: "t", text: [] } }'), says: /sources\.a\.text/ },
    { text: config('{ a: { table: "t", text: ["x"], colour: 1 } }'), says: /colour/ },
    { text: 'export const sources = {};', says: /no default export/ },
    { text: 'export default {', says: /does not load/ },
  ])('the configuration $text', async ({ text, says }) => {
    await using folder = await commandFolder();
    await folder.write('evervec.config.ts', text);
    const outcome = await folder.run(['setup']);
    expect(outcome.code).toBe(2);
    expect(outcome.stderr).toMatch(says);
  });

  test('a wrong variable is named, its value is not', async () => {
    await using folder = await commandFolder();
    await folder.write('evervec.config.ts', config('{}'));
    const outcome = await folder.run(['queue', 'status'], { EMBEDDING_MAX_RETRIES: 'hunter2' });
    expect(outcome.code).toBe(2);
    expect(outcome.stderr).toMatch(/EMBEDDING_MAX_RETRIES/);
    expect(outcome.stderr).not.toMatch(/hunter2/);
  });

  test('a database that is not there: address told, password not', async () => {
    await using folder = await commandFolder();
    await folder.write('evervec.config.ts', config('{}'));
    const outcome = await folder.run(['queue', 'status'], {
      DATABASE_URL: 'postgres://me:hunter2@127.0.0.1:9/nowhere',
    });
    expect(outcome.code).toBe(1);
    expect(outcome.stderr).toMatch(/127\.0\.0\.1:9/);
    expect(outcome.stderr).not.toMatch(/hunter2/);
  });
});

describeOnOneDatabase('wrong use of a database', (databases) => {
  test('a table that is not there: said, nothing half made', async () => {
    const place = await databases.create('empty');
    await using folder = await commandFolder();
    await folder.write('evervec.config.ts', config('{ a: { table: "nope", text: ["x"] } }'));
    const env = { DATABASE_URL: place.location };
    const outcome = await folder.run(['setup'], env);
    expect(outcome).toMatchObject({ code: 2, stderr: expect.stringMatching(/"nope"/) });
    const database = await place.open();
    const made = await database.query(`select from pg_namespace where nspname = 'evervec'`);
    expect(made.rowCount).toBe(0);
  });

  test('a search before set-up', async () => {
    const place = await databases.create('empty');
    await using folder = await commandFolder();
    await folder.write('evervec.config.ts', config('{}'));
    const outcome = await folder.run(['search', 'x'], { DATABASE_URL: place.location });
    expect(outcome).toMatchObject({ code: 2, stderr: expect.stringMatching(/evervec setup/) });
  });

  test('a port that is taken', async () => {
    const place = await databases.create('empty');
    await using folder = await commandFolder();
    await folder.write('evervec.config.ts', config('{}'));
    const taken = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => taken.once('listening', resolve));
    const { port } = taken.address() as { port: number };
    const outcome = await folder.run(['up', '--port', String(port)], {
      DATABASE_URL: place.location,
    });
    taken.close();
    expect(outcome.code).toBe(2);
    expect(outcome.stderr).toMatch(new RegExp(`${port}.*--port`, 's'));
  });
});
