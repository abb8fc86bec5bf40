/** Filters that are used are counted, without their values; indexes are proposed where one is missing. */
import { expect, test } from 'vitest';
import { describeEachDatabase } from '../setup/each-database.ts';
import { keep } from '../source/fixture.ts';

describeEachDatabase('filters that are used', ({ open }) => {
  test(
    'are counted by column, and an index proposed for those used often',
    { timeout: 120_000 },
    async () => {
      const database = await open();
      await database.query(
        `create table notes (id integer primary key, body text, status text, "Year" integer, tags text[], metadata jsonb, seldom text)`,
      );
      await database.query(
        `insert into notes values (1, 'A thing', 'open', 2000, '{a}', '{"n": 1, "secret": "s3cret"}', 'x')`,
      );
      const { evervec } = await keep(database, { notes: { table: 'notes', text: ['body'] } });
      const filters = [
        { status: 'open', $or: [{ Year: { $gt: 1999 } }, { Year: 1 }], $not: { seldom: 's3cret' } },
        { tags: { $contains: 'a' }, id: 1 },
        { 'metadata.secret': 's3cret', 'metadata.n': { $gt: 0 } },
        { seldom: { $ne: 's3cret' } },
      ];
      for (const filter of filters)
        for (let n = 0; n < 100; n++)
          await evervec.search({ query: 'thing', mode: 'text', filter, limit: 1 });
      await evervec.search({ query: 'thing', mode: 'text', filter: { seldom: 'x' } });
      await expect(evervec.search({ query: 'thing', filter: { nothing: 1 } })).rejects.toThrow(
        /no column/,
      );
      // A table of a few rows needs no index.
      expect(await evervec.indexProposals()).toEqual([]);
      const { rows } = await database.query(
        'select column_name, how, uses::integer from evervec.filter_uses order by 1, 2',
      );
      expect(rows).toEqual([
        { column_name: 'Year', how: 'compare', uses: 200 },
        { column_name: 'id', how: 'compare', uses: 100 },
        { column_name: 'metadata', how: 'contain', uses: 100 },
        { column_name: 'seldom', how: 'compare', uses: 1 },
        { column_name: 'status', how: 'compare', uses: 100 },
        { column_name: 'tags', how: 'contain', uses: 100 },
      ]);
      await database.query(`alter table notes disable trigger all`);
      await database.query(
        `insert into notes select n, '', 'open', n, '{}', '{}', 'x' from generate_series(2, 11000) n`,
      );
      await database.query('analyze notes');
      const statements = async () =>
        (await evervec.indexProposals()).map(({ statement }) => statement).sort();
      const proposed = await statements();
      expect(proposed).toEqual([
        'create index concurrently on public.notes ("Year")',
        'create index concurrently on public.notes (status)',
        'create index concurrently on public.notes using gin (metadata jsonb_path_ops)',
        'create index concurrently on public.notes using gin (tags)',
      ]);
      // They are what they say: with them nothing is missing. One in part is none.
      await database.query(`create index part on notes (status) where id > 5`);
      expect(await statements()).toEqual(proposed);
      for (const statement of proposed) await database.query(statement);
      expect(await statements()).toEqual([]);
    },
  );
});
