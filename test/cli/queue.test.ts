/** The operators' commands as they type them: what they print, what they refuse, and the exit codes. */
import { expect, test } from 'vitest';
import { commandFolder, type Folder } from '../setup/command.ts';
import { describeOnOneDatabase } from '../setup/each-database.ts';
import { addJobs, addSource } from '../setup/queue-fixture.ts';

const CONFIG = 'export default { sources: {} };';

interface Commands extends AsyncDisposable {
  run(...args: string[]): Promise<string>;
  json(...args: string[]): Promise<Record<string, unknown>>;
  code(...args: string[]): Promise<{ code: number | null; stdout: string; stderr: string }>;
}

/** `evervec queue …` in a folder of its own; `run` and `json` expect success. */
async function commands(location: string): Promise<Commands> {
  const folder: Folder = await commandFolder();
  await folder.write('evervec.config.ts', CONFIG);
  const code = (...args: string[]) => folder.run(['queue', ...args], { DATABASE_URL: location });
  const run = async (...args: string[]) => {
    const outcome = await code(...args);
    expect({ args, ...outcome }).toMatchObject({ code: 0, stderr: '' });
    return outcome.stdout;
  };
  return {
    code,
    run,
    json: async (...args) => JSON.parse(await run(...args, '--json')) as Record<string, unknown>,
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

const LONG = 'a-key-of-a-record-that-goes-on-and-on-'.repeat(5);

function widest(text: string): number {
  return Math.max(...text.split('\n').map((line) => line.length));
}

describeOnOneDatabase('evervec queue', (databases) => {
  test('shows what failed and tries it again', { timeout: 240_000 }, async () => {
    const place = await databases.create();
    const database = await place.open();
    const source = await addSource(database, 'offers');
    const [id = ''] = await addJobs(database, source, 'parked', [LONG], {
      error: 'QueryError EVERVEC_QUERY 22P02',
    });
    await addJobs(database, source, 'parked', ['\u001B[31mred', 'other']);
    await database.close();
    await using queue = await commands(place.location);

    const shown = await queue.run('failed');
    expect(shown).toMatch(/id +source +key/);
    expect(shown).toMatch(/TypeError +2\n/);
    expect(shown).toContain('a-key-of-a-record');
    expect(widest(shown)).toBeLessThanOrEqual(100);
    // A key is a user's value: it gets no say in the terminal.
    expect(shown).not.toContain('\u001B');
    expect(await queue.run('failed', '--details')).toContain(LONG);
    expect(await queue.json('failed', '--error', 'QueryError')).toMatchObject({
      failed: [{ id, key: LONG, attempts: 5, source: 'offers' }],
      errors: [{ error: 'QueryError EVERVEC_QUERY 22P02', count: 1 }],
    });
    expect(await queue.json('failed', '--limit', '1')).toMatchObject({
      failed: [expect.anything()],
    });

    for (const [args, says] of [
      [['retry'], /not clear what to retry/],
      [['retry', '4711'], /no job 4711/],
      [['retry', 'x'], /"x" is no id/],
      [['retry', '--source', 'nope'], /no source "nope".*offers/s],
      [['retry', id, '--all'], /not clear what to retry/],
      [['failed', '--limit', 'many'], /many is not a whole number/],
      [['failed', '--source', 'nope'], /no source "nope"/],
    ] as const)
      expect(await queue.code(...args)).toMatchObject({
        code: 2,
        stderr: expect.stringMatching(says),
      });
    expect(await queue.json('status')).toMatchObject({ counts: { parked: 3, ready: 0 } });
    expect(await queue.run('retry', id)).toMatch(/1 job ready again/);
    expect(await queue.json('retry', '--all')).toEqual({ retried: 2 });
    expect(await queue.run('retry', '--source', 'offers')).toMatch(/nothing to retry/);
    const audit = await queue.run('audit');
    expect(audit).toMatch(/retry +all sources +jobs 2/);
    expect(widest(audit)).toBeLessThanOrEqual(100);
  });

  test('stops, starts, pauses, resumes', { timeout: 240_000 }, async () => {
    const place = await databases.create();
    const database = await place.open();
    const source = await addSource(database, 'offers');
    await addJobs(database, source, 'ready', ['k']);
    await database.close();
    await using queue = await commands(place.location);
    expect(await queue.run('stop')).toMatch(/stopped/);
    expect(await queue.json('stop')).toEqual({ stopped: true, changed: false });
    expect(await queue.run('status')).toMatch(/STOPPED at .* by /);
    expect(await queue.code('health')).toMatchObject({
      code: 3,
      stdout: expect.stringMatching(/BAD +switch: stopped[\s\S]*not healthy/),
    });
    expect(await queue.run('start')).toMatch(/started/);
    for (const args of [['pause'], ['pause', 'nope'], ['resume', 'offers', '--all']])
      expect(await queue.code(...args)).toMatchObject({ code: 2 });
    expect(await queue.run('pause', 'offers')).toBe('paused: offers\n');
    expect(await queue.run('status')).toMatch(/offers +1 +0 +0 +0 .*paused/);
    expect(await queue.json('health')).toMatchObject({ healthy: true, level: 'warning' });
    expect(await queue.json('resume', '--all')).toEqual({ lanes: ['offers'] });
    expect(await queue.json('audit', '--limit', '2')).toMatchObject({
      audit: [{ action: 'resume', target: 'lane offers' }, { action: 'pause' }],
    });
  });

  test(
    'asks before it destroys, and refuses what it does not know',
    { timeout: 240_000 },
    async () => {
      const place = await databases.create();
      const database = await place.open();
      const source = await addSource(database, 'offers');
      await addJobs(database, source, 'waiting', ['w']);
      await addJobs(database, source, 'leased', ['l'], { worker: crypto.randomUUID() });
      await addJobs(
        database,
        source,
        'parked',
        Array.from({ length: 1_000 }, (_, n) => `p${n}`),
      );
      await database.close();
      await using queue = await commands(place.location);
      for (const [args, says] of [
        [['clear'], /ready, waiting, parked jobs of all sources.*--confirm/s],
        [['cleanup'], /older than 30 days.*--confirm/s],
        [['reset-stuck'], /--confirm/],
        [['retry', '--all'], /1000 jobs or more.*--confirm/s],
        [['clear', '--state', 'leased', '--confirm'], /"leased" can't be cleared/],
        [['clear', '--source', 'nope', '--confirm'], /no source "nope"/],
        [['cleanup', '--days', 'soon', '--confirm'], /soon is not a whole number/],
        [['cleanup', '--days', '0', '--confirm'], /0 is not a whole number from 1/],
        [['metrics', '--step', '0'], /0 is not a whole number/],
        [['explode'], /unknown command 'explode'/],
      ] as const)
        expect(await queue.code(...args)).toMatchObject({
          code: 2,
          stderr: expect.stringMatching(says),
        });
      expect(await queue.json('status')).toMatchObject({
        counts: { waiting: 1, leased: 1, parked: 1_000 },
      });
      expect(await queue.json('audit')).toEqual({ audit: [] });

      expect(await queue.run('stuck')).toMatch(/l +.*worker silent +not yet/);
      expect(await queue.run('reset-stuck', '--confirm')).toMatch(/1 job ready again/);
      expect(await queue.run('stuck')).toMatch(/nothing is stuck/);
      expect(await queue.json('retry', '--all', '--confirm')).toEqual({ retried: 1_000 });
      const cleared = await queue.run(
        'clear',
        '--source',
        'offers',
        '--state',
        'waiting,ready',
        '--confirm',
      );
      expect(cleared).toMatch(/1,001 ready, 1 waiting[\s\S]*evervec reconcile offers/);
      expect(await queue.run('cleanup', '--days', '7', '--confirm')).toMatch(/kept 7 days/);
    },
  );

  test('tells what was done, minute by minute', { timeout: 240_000 }, async () => {
    const place = await databases.create();
    const database = await place.open();
    await addSource(database, 'offers');
    await database.query(`insert into evervec.metrics
      values (date_bin('1 minute', now(), 'epoch'), 'offers', 3, 1200, 2, 1, 5, 600, 400)`);
    await database.query(`insert into evervec.job_history (kind, source, lane, record_key, error, attempt, is_parked)
      values ('failure', 'offers', 'offers', 'k1', 'TypeError', 2, false)`);
    await database.close();
    await using queue = await commands(place.location);
    expect(await queue.run('stats')).toMatch(/offers +hour +3 +1200 +2 +1 +5 +2000 +200 +400/);
    expect(await queue.json('metrics', '--step', '5')).toMatchObject({
      metrics: [{ source: 'offers', done: 1200, retried: 2, parked: 1, max_ms: 400 }],
    });
    const recent = await queue.run('recent');
    expect(recent).toMatch(/offers +– +failed k1, try 2: TypeError/);
    expect(await queue.json('recent', '--failures')).toMatchObject({ recent: [{ key: 'k1' }] });
    expect(await queue.run('health', '--details')).toMatch(/good +vacuum/);
  });

  test('health answers without schema and without database', { timeout: 240_000 }, async () => {
    const place = await databases.create('empty');
    await using queue = await commands(place.location);
    const missing = await queue.code('health', '--json');
    expect(missing.code).toBe(3);
    expect(JSON.parse(missing.stdout)).toMatchObject({
      healthy: false,
      checks: [{ what: 'schema', level: 'bad', remedy: expect.stringContaining('evervec setup') }],
    });
    expect(await queue.code('status')).toMatchObject({ code: 2 });
    await using nowhere = await commands('postgres://me:hunter2@127.0.0.1:9/nowhere');
    const gone = await nowhere.code('health', '--json');
    expect(gone.code).toBe(3);
    expect(JSON.parse(gone.stdout)).toMatchObject({ checks: [{ what: 'database', level: 'bad' }] });
    expect(gone.stdout).not.toContain('hunter2');
  });
});
