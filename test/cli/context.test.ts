/** `evervec context`, `label`, `labels`, `evaluate --source` and `--history` as processes. */
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import type { ContextAnswer } from '../../src/search/index.ts';
import { commandFolder } from '../setup/command.ts';
import { describeOnOneDatabase } from '../setup/each-database.ts';

const COLLECTION = fileURLToPath(new URL('../evaluate/collection', import.meta.url));

describeOnOneDatabase('the command', (databases) => {
  test(
    'gives passages, labels hits, and measures what is labelled',
    { timeout: 240_000 },
    async () => {
      const place = await databases.create('empty');
      const database = await place.open();
      await database.query('create table notes (id integer primary key, title text, body text)');
      await database.query(`insert into notes values
      (1, 'Lake', 'A quiet place near the water.'), (2, 'City', E'Neon and \\x1b[31m noise.')`);
      await database.close();
      await using folder = await commandFolder();
      const env = { DATABASE_URL: place.location };
      const run = async (...args: string[]) => {
        const outcome = await folder.run(args, env);
        const told = args[0] === 'evaluate' ? /^(notes: searching: .*\n)*$/ : /^$/;
        expect({ args, ...outcome }).toMatchObject({
          code: 0,
          stderr: expect.stringMatching(told),
        });
        return outcome.stdout;
      };
      const json = async (...args: string[]) => JSON.parse(await run(...args, '--json'));
      for (const args of [['init'], ['setup']]) await run(...args);
      expect(await folder.run(['backfill'], env)).toMatchObject({ code: 0 });
      expect(await folder.run(['worker', '--once'], env)).toMatchObject({ code: 0 });

      const answer: ContextAnswer = await json('context', 'quiet water', '--tokens', '120');
      expect(answer.citations[0]).toMatchObject({ n: 1, source: 'notes', key: '1' });
      expect(answer.tokens).toBeLessThanOrEqual(120);
      const text = await run('context', 'noise', '--mode', 'text');
      expect(text).toContain('Neon and');
      expect(text).not.toContain('\u001b');
      expect(await run('context', 'noise', '--tokens', '5')).toBe('"noise": too few tokens\n');
      expect(await folder.run(['context', 'noise', '--tokens', '0'], env)).toMatchObject({
        code: 2,
      });

      expect(await run('label', 'notes', 'quiet water', '1', '--grade', '3')).toBe(
        'notes 1: grade 3\n',
      );
      expect(await json('label', 'notes', 'quiet water', '2', '--grade', '0')).toMatchObject({
        grade: 0,
      });
      for (const args of [
        ['label', 'notes', 'quiet water', '9', '--grade', '1'],
        ['label', 'notes', 'quiet water', '1', '--grade', '4'],
        ['label', 'notes', 'quiet water', '1'],
        ['labels', 'delete', 'notes'],
        ['labels', 'delete', 'notes', '--all'],
        ['evaluate', '--source', 'nothing'],
      ])
        expect({ args, code: (await folder.run(args, env)).code }).toEqual({ args, code: 2 });
      expect((await json('labels', 'list')).labels).toHaveLength(2);

      const measured = await json('evaluate', '--source', 'notes');
      expect(measured).toMatchObject({
        source: 'notes',
        queries: 1,
        modes: { text: { ndcg10: 1, mrr10: 1, recall100: 1 }, vector: {}, hybrid: {} },
      });
      const table = await run('evaluate', '--source', 'notes', '--mode', 'text');
      expect(table).toMatch(
        /^source +mode +nDCG@10[^]*\nnotes +text +1\.0000 +1\.0000 +1\.0000 +1 /,
      );
      const { runs } = await json('evaluate', '--history');
      expect(runs).toMatchObject([
        { name: 'notes', modes: { text: {} }, before: runs[1].id },
        { name: 'notes', before: null },
      ]);
      expect(await run('evaluate', '--history', 'notes')).toMatch(/ 1\.0000 \(\+0\.0000\) /);
      expect(await run('evaluate', '--history', 'other')).toBe('no evaluation was kept yet\n');
      const measuring = [
        'evaluate',
        COLLECTION,
        '--mode',
        'text',
        '--limit-queries',
        '2',
        '--json',
      ];
      const whole = await folder.run(measuring, env);
      expect(whole.code).toBe(0);
      const [kept] = (await json('evaluate', '--history', 'collection')).runs;
      expect(kept).toMatchObject({
        subject: 'folder',
        name: 'collection',
        split: 'test',
        documents: 30,
        queries: 2,
        settings: { limitQueries: 2 },
        modes: JSON.parse(whole.stdout).modes,
        before: null,
      });
      expect(await run('labels', 'delete', 'notes', '--all', '--confirm')).toBe('2 deleted\n');
      expect(await run('labels', 'list')).toBe('nothing is labelled\n');
    },
  );
});
