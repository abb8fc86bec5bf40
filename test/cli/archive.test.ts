/** `archive`, `restore-archived`, `reset` and `reconcile --status` as they are typed. */
import { expect, test } from 'vitest';
import { commandFolder } from '../setup/command.ts';
import { describeOnOneDatabase } from '../setup/each-database.ts';

const CONFIG = `export default { sources: {
  offers: { table: 'offers', text: ['title'], archive: { when: 'is_over', after: { column: 'day', days: 90 } } },
  plain: { table: 'offers', text: ['title'] },
} };`;

describeOnOneDatabase('history, as it is typed:', (databases) => {
  test('archive, restore-archived, reset, reconcile', { timeout: 240_000 }, async () => {
    const place = await databases.create('empty');
    await using folder = await commandFolder();
    await folder.write('evervec.config.ts', CONFIG);
    const code = (...args: string[]) => folder.run(args, { DATABASE_URL: place.location });
    const json = async (...args: string[]) => {
      const outcome = await code(...args, '--json');
      expect({ args, ...outcome }).toMatchObject({ code: 0 });
      return JSON.parse(outcome.stdout);
    };
    const database = await place.open();
    await database.query(`create table offers (id integer primary key, title text, is_over boolean, day date);
      insert into offers select n, 'flight ' || n, n <= 3, current_date - 60 * n from generate_series(1, 5) n`);
    await database.close();
    await json('setup');
    await json('backfill');

    expect(await json('archive', '--dry-run')).toEqual({ archived: { offers: 0 }, dry_run: true });
    expect(await json('archive', '--dry-run', '--days', '10')).toMatchObject({
      archived: { offers: 1 },
    });
    const asked = await code('archive', '--days', '10');
    expect(asked).toMatchObject({ code: 2, stderr: expect.stringMatching(/Archive 1 records\?/) });
    expect(await json('archive', '--days', '10', '--confirm')).toEqual({
      archived: { offers: 1 },
      dry_run: false,
    });
    expect(await json('restore-archived', 'offers', '--key', '1', '2')).toEqual({
      restored: { offers: 2 },
    });
    expect(await json('restore-archived', '--confirm')).toEqual({
      restored: { offers: 1, plain: 0 },
    });
    expect(await code('reset')).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/vectors of all sources/),
    });
    expect(await json('reset', 'offers', '--confirm')).toEqual({ queued: { offers: 5 } });
    expect(await json('reconcile', '--status', 'plain')).toMatchObject({
      sources: [{ source: 'plain', every_minutes: null, report: null }],
    });
    await json('reconcile', 'plain');
    const shown = await code('reconcile', '--status');
    expect(shown.stdout).toMatch(/plain +by hand +\d{4}-\d\d-\d\dT[\d:]+ +\d{4}-\S+ +5 +0 +0 +0/);

    for (const [args, message] of [
      [['archive', 'plain'], /"plain" has no rule/],
      [['archive', '--days', 'many'], /many is not a whole number/],
      [['archive', 'none'], /"none"/],
      [['restore-archived'], /Restore all archived records of all sources\?/],
      [['reset', 'none', '--confirm'], /"none"/],
    ] as const) {
      const outcome = await code(...args);
      expect({ args, code: outcome.code }).toEqual({ args, code: 2 });
      expect(outcome.stderr).toMatch(message);
    }
  });
});
