/** `evervec model migrate`, `status`, `switch`, `rollback`, `drop` as they are typed. */
import { expect, test } from 'vitest';
import { startWireServer } from '../providers/wire-server.ts';
import { commandFolder } from '../setup/command.ts';
import { describeOnOneDatabase } from '../setup/each-database.ts';

const CONFIG = `export default { sources: { notes: { table: 'notes', text: ['body'] } } };`;
const KEY = 'sk-a-key-of-the-environment';

describeOnOneDatabase('evervec model', (databases) => {
  test('goes to a provider, forth and back', { timeout: 240_000 }, async () => {
    const place = await databases.create('empty');
    await using server = await startWireServer();
    await using folder = await commandFolder();
    await folder.write('evervec.config.ts', CONFIG);
    const env = {
      DATABASE_URL: place.location,
      OPENAI_BASE_URL: `${server.url}/v1`,
      OPENAI_API_KEY: KEY,
    };
    const code = (...args: string[]) => folder.run(args, env);
    const run = async (...args: string[]) => {
      const outcome = await code(...args);
      expect({ args, ...outcome }).toMatchObject({ code: 0 });
      expect(outcome.stdout + outcome.stderr).not.toContain(KEY);
      return outcome.stdout;
    };
    const json = async (...args: string[]) => JSON.parse(await run(...args, '--json'));
    const database = await place.open();
    await database.query('create table notes (id integer primary key, body text)');
    await database.query(
      `insert into notes select n, 'body of ' || n from generate_series(1, 30) n`,
    );
    await database.close();
    await run('setup');
    await run('backfill');
    expect(await run('model', 'status')).toMatch(/notes +searched +evervec\//);

    const to = ['--to', 'openai-compatible/vectors', '--dimensions', '8'];
    expect(await json('model', 'migrate', ...to, '--dry-run')).toMatchObject({
      plans: [{ source: 'notes', records: 30, chunks: 30, cost: null }],
    });
    expect(server.calls).toBe(0);
    const asked = await code('model', 'migrate', ...to);
    expect(asked).toMatchObject({ code: 2 });
    expect(asked.stderr).toMatch(/Embed with openai-compatible\/vectors\/8\?[^]*Add --yes/);

    expect(await run('model', 'migrate', ...to, '--yes')).toMatch(
      /30 records, none missing, searched exactly. Next: evervec model switch notes/,
    );
    expect(server.paid.size).toBe(30);
    expect(await json('model', 'migrate', ...to, '--yes')).toMatchObject({
      sources: [{ second: { state: 'full', pending: 0 } }],
    });
    expect(server.paid.size).toBe(30);
    expect(await json('model', 'switch', '--keep', '2')).toMatchObject({
      sources: [{ model: 'openai-compatible/vectors/8', second: { state: 'kept' } }],
    });
    expect(await code('model', 'switch')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('No source has a second space that was not searched yet'),
    });
    // By another program, which knows the model from the space and the key from its environment.
    const found = await json('search', 'body of 7', '--mode', 'vector', '--limit', '1');
    expect(found).toMatchObject({ hits: [{ key: '7' }] });
    const checked = await json('check');
    expect(JSON.stringify(checked)).toMatch(/openai-compatible\/vectors\/8, not evervec/);

    expect(await run('model', 'rollback', 'notes')).toMatch(/notes +searched +evervec\//);
    expect(await code('model', 'drop', 'notes')).toMatchObject({ code: 2 });
    expect(await json('model', 'drop', 'notes', '--confirm')).toEqual({ dropped: { notes: true } });

    for (const [args, message] of [
      [['model', 'migrate', '--to', 'gpt'], /"gpt" is no provider\/model/],
      [['model', 'migrate', '--dimensions', '7'], /--dimensions is of the model of --to/],
      [
        ['model', 'migrate', '--to', 'openai/text-embedding-3-small', '--dimensions', '5000'],
        /5000/,
      ],
      [['model', 'switch'], /No source has a second space/],
      [['model', 'rollback', 'notes'], /no second space/],
      [['model', 'switch', '--keep', '-1'], /-1 is not a whole number/],
      [['model', 'drop', 'nots', '--confirm'], /"nots"[^]*notes/],
    ] as const) {
      const outcome = await code(...args);
      expect({ args, code: outcome.code }).toEqual({ args, code: 2 });
      expect(outcome.stderr).toMatch(message);
    }
    const settings = await place.open();
    const kept = await settings.query('select model_settings from evervec.spaces');
    expect(JSON.stringify(kept.rows)).not.toContain(KEY);
    await settings.close();
  });

  test('says what holds it up and how to go on', { timeout: 240_000 }, async () => {
    const place = await databases.create('empty');
    await using folder = await commandFolder();
    await folder.write('evervec.config.ts', CONFIG);
    const env = { DATABASE_URL: place.location };
    const run = async (...args: string[]) =>
      expect(await folder.run(args, env)).toMatchObject({ code: 0 });
    const database = await place.open();
    await database.query('create table notes (id integer primary key, body text)');
    await database.query(`insert into notes select n, 'of ' || n from generate_series(1, 30) n`);
    await database.close();
    await run('setup');
    await run('backfill');
    const migrate = ['model', 'migrate', '--to', 'evervec/hashed-words'];
    const interrupted = async (said: RegExp) => {
      const running = folder.start(migrate, env);
      await running.until(said, 'stderr');
      running.kill('SIGINT');
      const { code, stdout, stderr } = await running.ended;
      expect({ code, times: stderr.split('lets it go on').length - 1 }).toEqual({
        code: 0,
        times: 1,
      });
      expect(stdout).toMatch(/filling +evervec\/hashed-words@1\/384 .* 30/);
    };
    await run('queue', 'stop');
    await interrupted(/^notes: the queue is stopped: "evervec queue start" lets it go on/m);
    await run('queue', 'start');
    await run('queue', 'pause', 'notes:standby:bulk');
    await interrupted(
      /^notes: paused: notes:standby:bulk; "evervec queue resume notes:standby:bulk" lets/m,
    );
    await run('queue', 'resume', '--all');
    const gone = await folder.run(migrate, env);
    expect(gone.stdout).toMatch(/30 records, none missing/);
    expect(gone.stderr).not.toContain('lets it go on');
  });
});
