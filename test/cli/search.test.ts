/** `evervec search` for experts, `similar`, `advise` and `reindex` as they are typed. */
import { expect, test } from 'vitest';
import { commandFolder } from '../setup/command.ts';
import { describeOnOneDatabase } from '../setup/each-database.ts';

const CONFIG = `
export default {
  sources: { notes: { table: 'notes', text: ['body'], index: { quantize: 'binary' } } },
};`;

/** Enough for an index. */
const COUNT = 10_000;

describeOnOneDatabase('evervec search, similar, advise and reindex', (databases) => {
  test('say what was done, and refuse what is out of range', { timeout: 280_000 }, async () => {
    const place = await databases.create('empty');
    await using folder = await commandFolder();
    await folder.write('evervec.config.ts', CONFIG);
    const env = { DATABASE_URL: place.location };
    const run = async (...args: string[]) => {
      const outcome = await folder.run(args, env);
      expect({ args, ...outcome }).toMatchObject({ code: 0 });
      return outcome.stdout;
    };
    const json = async (...args: string[]) => JSON.parse(await run(...args, '--json'));
    const database = await place.open();
    await database.query('create table notes (id integer primary key, body text)');
    await database.query(
      `insert into notes select n, 'ship ' || md5(n::text) || ' harbour ' || n % 100 from generate_series(1, ${COUNT}) n`,
    );
    await database.query('analyze notes');
    await run('setup');
    await run('backfill');

    const shown = await run('search', 'ship 17', '--mode', 'vector', '--explain');
    expect(shown).toMatch(/vector made by evervec\/near-words@1/);
    expect(shown).toMatch(/rounds 1, candidates 40, ef_search 160, probes \d+/);
    expect(shown).toMatch(/notes: index binary, scan index; 40 by meaning, - by words, 40 visible/);
    const options = ['--ef-search', '50', '--rrf-k', '60', '--weights', '0.3,0.7', '--explain'];
    const { explain } = await json('search', 'ship 17', ...options, '--filter', 'id<=50');
    expect(explain.searches[0].database).toMatchObject({
      ef_search: 50,
      sources: { notes: { index: 'none', scan: 'exact' } },
    });
    for (const wrong of [
      ['--ef-search', '0'],
      ['--weights', '0,0'],
      ['--weights', '1'],
      ['--candidates', '10001'],
    ])
      expect(await folder.run(['search', 'ship', ...wrong], env)).toMatchObject({ code: 2 });

    const { hits } = await json('similar', 'notes', '17', '--limit', '3');
    expect(hits).toHaveLength(3);
    expect(hits.map(({ key }: { key: string }) => key)).not.toContain('17');
    const unknown = await folder.run(['similar', 'notes', '0'], env);
    expect(unknown).toMatchObject({ code: 2 });
    expect(unknown.stderr).toMatch(/no record of that key in source "notes"/);

    await folder.write(
      'evervec.config.ts',
      CONFIG.replace(`quantize: 'binary'`, `type: 'ivfflat', lists: 20`),
    );
    expect(await json('setup')).toMatchObject({ sources: [{ outcome: 'unchanged' }] });
    expect(await json('reindex')).toMatchObject({ sources: [{ source: 'notes', is_built: true }] });
    const advice = await json('advise', 'notes', '--recall', '0.9');
    expect(advice).toMatchObject({
      index: 'ivfflat',
      setting: 'probes',
      wanted: 0.9,
      sampled: 100,
    });
    expect(advice.measured.at(-1).recall).toBeGreaterThanOrEqual(0.9);
    expect(
      advice.measured.find(({ value }: { value: number }) => value === advice.advised).recall,
    ).toBeGreaterThanOrEqual(0.9);
    expect(await run('advise', 'notes')).toMatch(/probes +recall@10 +p50 ms/);
    expect(await folder.run(['advise', 'notes', '--recall', '2'], env)).toMatchObject({ code: 2 });
    expect(await folder.run(['advise', 'nothing'], env)).toMatchObject({ code: 2 });
    expect(await json('queue', 'audit', '--action', 'reindex')).toMatchObject({
      audit: [{ action: 'reindex', target: 'source notes' }],
    });
    await database.close();
  });
});
