/** What can't be built, and what a configuration may not say: told before anything is written. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { expect, it, test } from 'vitest';
import { parseConfig } from '../../src/engine/index.ts';
import { describeOnOneDatabase } from '../setup/each-database.ts';
import { configure, keep } from '../source/fixture.ts';
import { ARTICLES, createArticles, scratchFolder } from './fixture.ts';

describeOnOneDatabase('release build', ({ open }) => {
  test('names what the table has not, what is of another type, and where there is nothing', async () => {
    const database = await open();
    await createArticles(database, 5);
    await database.query('create table empty (id integer primary key, body text)');
    const articles = { source: 'articles' };
    const { evervec } = await keep(
      database,
      { ...ARTICLES, empty: { table: 'empty', text: ['body'] } },
      {
        releases: {
          columns: { ...articles, columns: ['colour'] },
          dates: { ...articles, publishedAt: 'author' },
          tags: { ...articles, tags: 'title' },
          urls: { ...articles, url: '/{nothing}' },
          braces: { ...articles, url: '/{slug' },
          empty: { source: 'empty' },
        },
      },
    );
    const folder = path.join(await scratchFolder(), 'none');
    const build = (name: string) => evervec.releases.build(name, { folder });
    await expect(build('columns')).rejects.toThrow(/release columns.*no column "colour"/);
    await expect(build('dates')).rejects.toThrow(
      /publishedAt is the column "author", of type text/,
    );
    await expect(build('tags')).rejects.toThrow(/tags is the column "title"/);
    await expect(build('urls')).rejects.toThrow(/no column "nothing"/);
    await expect(build('braces')).rejects.toThrow(/brace/);
    await expect(build('empty')).rejects.toMatchObject({
      fault: 'nothing',
      message: expect.stringMatching(/no record/),
    });
    await expect(build('none')).rejects.toMatchObject({ fault: 'nothing', isUsage: true });
    expect(evervec.releases.names).toEqual(['columns', 'dates', 'tags', 'urls', 'braces', 'empty']);
    // What was never set up, and what was archived and has no vectors.
    const later = await configure(database, {
      ...ARTICLES,
      later: { table: 'empty', text: ['body'] },
    });
    await expect(later.evervec.releases.build('later', { folder })).rejects.toMatchObject({
      code: 'EVERVEC_SCHEMA',
    });
    expect(existsSync(folder)).toBe(false);
  });

  test('leaves archived records out, and rows that are no more', async () => {
    const database = await open();
    await createArticles(database, 6);
    const rule = {
      articles: {
        ...ARTICLES['articles'],
        table: 'articles',
        text: ['body'],
        archive: { when: 'id < 3' },
      },
    };
    const kept = await keep(database, rule);
    await kept.evervec.archive();
    const folder = path.join(await scratchFolder(), 'articles');
    expect(await kept.evervec.releases.build('articles', { folder })).toMatchObject({ records: 4 });
    await database.query('delete from articles where id = 6');
    expect(
      await kept.evervec.releases.build('articles', { folder, allowStale: true }),
    ).toMatchObject({
      records: 3,
      stale: 1,
    });
  });
});

it.each([
  [{ source: 'nothing' }, /releases\.x\.source: there is no source "nothing"/],
  [{ source: 'articles', collection: 'a' }, /releases\.x\.collection: source "articles" has none/],
  [{ source: 'articles', tiers: ['public'] }, /releases\.x\.tiers: source "articles" has none/],
  [{ tiers: ['gold'] }, /releases\.x\.tiers: there is no tier "gold", they are free, paid/],
  // Nothing is public unless it is said to be.
  [{}, /releases\.x\.tiers: there is no tier "public", they are free, paid/],
  [{ tiers: [] }, /releases\.x\.tiers/],
  [{ tiers: ['free'], product: 'A B' }, /releases\.x\.product/],
  [{ tiers: ['free'], target: { type: 'ftp' } }, /releases\.x\.target/],
  [{ tiers: ['free'], colour: 'red' }, /colour/],
])('a configuration that says %j of a release is refused', (release, message) => {
  const config = {
    sources: ARTICLES,
    documents: { tiers: ['free', 'paid'] },
    releases: { x: release },
  };
  expect(() => parseConfig(config, 'test')).toThrow(message);
});

it('a release has a name that can be a folder', () => {
  for (const name of ['../x', '.x', 'A', '', 'a/b', 'x'.repeat(41)])
    expect(() => parseConfig({ sources: ARTICLES, releases: { [name]: {} } }, 'test')).toThrow(
      /name of a release/,
    );
  const good = { sources: ARTICLES, releases: { 'my-handbook_2': { source: 'articles' } } };
  expect(parseConfig(good, 'test')).toEqual(good);
});
