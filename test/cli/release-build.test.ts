/** `release build` as it is typed, up to a second release that clients reach by a delta. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { readDraft } from '../../src/release/index.ts';
import { commandFolder } from '../setup/command.ts';
import { describeOnOneDatabase } from '../setup/each-database.ts';

const CONFIG = `export default {
  sources: {
    articles: { table: 'articles', text: ['body'], title: 'title' },
  },
  releases: {
    handbook: {
      source: 'articles', url: 'https://example.org/{id}', columns: ['author'], knowledge: 'kb', channel: 'beta',
      target: { type: 'folder', path: 'public' },
    },
  },
};`;

describeOnOneDatabase('release build, as it is typed:', (databases) => {
  test(
    'a first release, nothing new, a delta, and what can not be built',
    { timeout: 240_000 },
    async () => {
      const place = await databases.create('empty');
      await using folder = await commandFolder();
      await folder.write('evervec.config.ts', CONFIG);
      const code = (...args: string[]) => folder.run(args, { DATABASE_URL: place.location });
      const json = async (...args: string[]) => {
        const outcome = await code(...args, '--json');
        expect({ args, ...outcome }).toMatchObject({ code: 0 });
        return JSON.parse(outcome.stdout);
      };
      const change = async (statement: string) => {
        const database = await place.open();
        await database.query(statement);
        await database.close();
      };
      await change(`create table articles (id integer primary key, title text, body text, author text);
      insert into articles select n, 'Title ' || n, repeat('words about subject' || n || ' ', 30), 'Ada'
      from generate_series(1, 100) n`);
      await json('setup');
      expect(await code('release', 'build', 'handbook')).toMatchObject({
        code: 1,
        stderr: expect.stringMatching(
          /source "articles" is still filling[^]*evervec backfill articles/,
        ),
      });
      await json('backfill');

      const first = await code('release', 'build', 'handbook');
      expect(first).toMatchObject({ code: 0 });
      expect(first.stdout).toMatch(
        /^handbook: 100 records, 100 chunks of 384 dimensions by evervec\/near-words@/,
      );
      const draft = path.join(folder.path, '.evervec', 'releases', 'handbook');
      expect((await readDraft(draft)).manifest).toMatchObject({ change: 'major', deltas: [] });
      await json('release', 'keys', 'new', '--product', 'handbook');
      const published = await json('release', 'publish', 'handbook', '--yes');
      expect(JSON.stringify(published)).toContain('"channel":"beta"');
      expect(existsSync(path.join(folder.path, 'public', 'kb-knowledge-version.json'))).toBe(true);

      expect(await json('release', 'build', 'handbook')).toMatchObject({
        outcome: 'unchanged',
        records: 100,
      });
      expect(existsSync(draft)).toBe(false);
      await change(`update articles set body = body || 'and more' where id < 3`);
      expect(await code('release', 'build', 'handbook')).toMatchObject({ code: 1 });
      expect(await json('release', 'build', 'handbook', '--allow-stale')).toMatchObject({
        outcome: 'unchanged',
        stale: 2,
      });
      await json('worker', '--once');
      const second = await json('release', 'build', 'handbook');
      expect(second).toMatchObject({ outcome: 'built', stale: 0, draft: { change: 'minor' } });
      expect(second.draft.deltas).toEqual([
        { from: expect.any(String), bytes: expect.any(Number), left_out: null },
      ]);
      await json('release', 'publish', 'handbook', '--yes');
      expect(await json('release', 'build', 'handbook', '--force', '--out', 'other')).toMatchObject(
        {
          draft: {
            folder: path.join(folder.path, 'other'),
            deltas: [{ left_out: 'same' }, { left_out: null }],
          },
        },
      );

      expect(await code('release', 'build', 'none')).toMatchObject({
        code: 2,
        stderr: expect.stringMatching(
          /no release and no source "none"[^]*handbook[^]*articles, documents/,
        ),
      });
    },
  );
});
