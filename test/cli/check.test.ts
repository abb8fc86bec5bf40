/** `evervec check`: one verdict for each part, good, warning or bad, and what to do. */
import { expect, test } from 'vitest';
import type { Verdict } from '../../src/engine/index.ts';
import { commandFolder } from '../setup/command.ts';
import { describeOnOneDatabase } from '../setup/each-database.ts';

/** A model that answers as `BEHAVIOUR` says. */
const CONFIG = `
const answers = {
  fine: ({ values }) => values.map(() => [1, 2]),
  wide: ({ values }) => values.map(() => [1, 2, 3]),
  refuses: () => { throw Object.assign(new Error('sk-secret-key is wrong'), { statusCode: 401 }); },
};
const model = {
  provider: 'mine', modelId: 'm', id: 'mine/m@1', dimensions: 2, fusionWeight: 0.5,
  supportsParallelCalls: true, doEmbed: async (call) => ({ embeddings: answers[process.env.BEHAVIOUR ?? 'fine'](call) }),
};
export default { model, sources: { notes: { table: 'notes', text: ['body'] } } };`;

describeOnOneDatabase('evervec check', (databases) => {
  test(
    'judges configuration, database, schema, model and queue',
    { timeout: 240_000 },
    async () => {
      const place = await databases.create('empty');
      await using folder = await commandFolder();
      await folder.write('evervec.config.ts', CONFIG);
      const env = { DATABASE_URL: place.location };
      const alter = async (statement: string) => {
        const database = await place.open();
        await database.query(statement);
        await database.close();
      };
      /** The verdicts by what they are of; exit code 3 where one is bad. */
      const check = async (more: Record<string, string> = {}) => {
        const { code, stdout } = await folder.run(['check', '--json'], { ...env, ...more });
        const { ok, verdicts } = JSON.parse(stdout) as { ok: boolean; verdicts: Verdict[] };
        expect(code).toBe(ok ? 0 : 3);
        expect(ok).toBe(verdicts.every(({ level }) => level !== 'bad'));
        for (const { what, level, remedy } of verdicts)
          expect({ what, hasRemedy: remedy !== undefined }).toEqual({
            what,
            hasRemedy: level !== 'good',
          });
        return Object.fromEntries(verdicts.map((one) => [one.what, one]));
      };
      await alter(`create table notes as select 1 as id, 'what was there' as body`);
      await alter('alter table notes add primary key (id)');

      expect(await check()).toMatchObject({
        configuration: { level: 'good', found: '1 source' },
        database: { level: 'good' },
        pgvector: { level: 'bad', remedy: expect.stringMatching(/evervec setup/) },
        schema: { level: 'bad', found: 'never set up' },
      });
      await folder.run(['setup'], env);
      expect(await check()).toMatchObject({
        schema: { level: 'good' },
        'source notes': { level: 'bad', remedy: expect.stringMatching(/backfill notes/) },
      });
      await folder.run(['backfill', '--yes'], env);
      const well = await check();
      expect(Object.values(well).filter(({ level }) => level !== 'good')).toEqual([]);
      expect(Object.keys(well)).toEqual(
        expect.arrayContaining(['model', 'sources', 'queue: workers', 'queue: providers']),
      );

      expect(await check({ BEHAVIOUR: 'wide' })).toMatchObject({
        model: { level: 'bad', found: expect.stringMatching(/3 dimensions.*not the 2/) },
      });
      const refused = await check({ BEHAVIOUR: 'refuses' });
      expect(refused['model']).toMatchObject({
        level: 'bad',
        remedy: expect.stringMatching(/Check the key/),
      });
      expect(JSON.stringify(refused)).not.toContain('sk-secret');
      await alter(`update evervec.providers set state = 'closed'`);
      const off = { EMBEDDING_QUEUE_ENABLED: 'false', SEMANTIC_SEARCH_ENABLED: 'no' };
      expect(await check(off)).toMatchObject({
        configuration: { level: 'warning', found: expect.stringMatching(/the queue.*by meaning/) },
      });
      await alter('alter table notes disable trigger user');
      await folder.run(['queue', 'stop'], env);
      expect(await check()).toMatchObject({
        'source notes': { level: 'bad', found: expect.stringMatching(/no working trigger/) },
        'queue: switch': { level: 'bad' },
      });
      const shown = await folder.run(['check'], env);
      expect(shown.stdout).toMatch(/^good {5}configuration: 1 source$/m);
      expect(shown.stdout).toMatch(/^BAD {6}queue: switch: stopped.*\n {9}Start it again/m);

      expect(await check({ EMBEDDING_BATCH_SIZE: 'many' })).toMatchObject({
        configuration: { level: 'bad', found: expect.stringMatching(/EMBEDDING_BATCH_SIZE/) },
      });
      const nowhere = await check({ DATABASE_URL: 'postgres://127.0.0.1:1/none' });
      expect(nowhere).toMatchObject({
        configuration: { level: 'good' },
        database: { level: 'bad' },
      });
      await folder.write('evervec.config.ts', 'export default { sources: {} };');
      expect(await check()).toMatchObject({
        configuration: { level: 'warning', found: '0 sources' },
      });
    },
  );
});
