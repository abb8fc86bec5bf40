/** Who sees which documents: every way that a role, a program or a searcher could take to a text it must not see. */
import { expect, it } from 'vitest';
import type { SearchMode } from '../../src/search/index.ts';
import { describeEachDatabase } from '../setup/each-database.ts';
import {
  given,
  keysFound,
  type Library,
  makeReader,
  MODES,
  openLibrary,
  READER,
  readAs,
  WAYS,
} from './tiers-fixture.ts';
import { keep } from '../source/fixture.ts';

/** `common` is in all of them, each has a word of its own. */
const BOOKS = [
  given('Tides', 'Common tides of the sea', 'public'),
  given('Clouds', 'Common clouds of the sky', 'public'),
  given('Ledger', 'Common ledger of the bank', 'premium'),
  given('Formula', 'Common formula of the potion', 'secret'),
];

const sorted = (values: Iterable<string>) => [...values].sort();

/** What a search gives is read as the reader; a vector is near everything, so that it finds all that is visible. */
async function found(
  library: Library,
  tiers: string | undefined,
  way: (mode: SearchMode, options?: string) => string,
  mode: SearchMode,
  options?: string,
): Promise<string[]> {
  const values = ['common', await library.vectorOf('common')];
  const from = way(mode, options);
  const unused = mode === 'text' ? '$2::text is null' : '$1::text is null';
  const rows = await library.as<{ record_key: string }>(
    tiers,
    `select record_key from ${from} where ${unused} or true`,
    values,
  );
  return sorted(rows.map(({ record_key }) => record_key));
}

describeEachDatabase('tiers of access', ({ open }) => {
  const openBooks = async () => await openLibrary(await open(), BOOKS);

  const settings: [string | undefined, string[]][] = [
    [undefined, []],
    ['', []],
    [',', []],
    ['public', ['Tides', 'Clouds']],
    ['premium', ['Ledger']],
    [' public ,, premium ', ['Tides', 'Clouds', 'Ledger']],
    ['public,premium,secret', ['Tides', 'Clouds', 'Ledger', 'Formula']],
    ['none', []],
    ['Premium', []],
    ['PREMIUM', []],
    ['pre mium', []],
    ['premium\n', []],
    ['public;premium', []],
    ['premiu_', []],
    ['%', []],
    ['{public,premium}', []],
    [`premium' or 'a' = 'a`, []],
  ];

  it('shows a role its tiers alone, whatever it reads and however it searches', async () => {
    const library = await openBooks();
    const { ids, as } = library;
    for (const title of ['Tides', 'Ledger', 'Formula'])
      await library.evervec.documents.add(
        given(
          title,
          `Common again ${title}`,
          BOOKS.find((book) => book.title === title)?.tier ?? '',
        ),
        { by: 'tester' },
      );
    await library.drain();
    for (const [tiers, titles] of settings) {
      const visible = sorted(titles.map((title) => ids.get(title) ?? ''));
      const read = async (statement: string) =>
        sorted((await as<{ id: string }>(tiers, statement)).map(({ id }) => id));
      const where = `evervec.tiers = ${tiers}`;
      expect(await read('select id from evervec.documents'), `${where}`).toEqual(visible);
      expect(
        await read('select distinct document_id as id from evervec.document_versions'),
        `${where}`,
      ).toEqual(visible);
      expect(
        await read('select document_id as id from evervec.document_version_diff'),
        `${where}`,
      ).toEqual(sorted(visible.filter((id) => id !== ids.get('Clouds'))));
      expect(
        await read('select distinct record_key as id from evervec.chunks_1'),
        `${where}`,
      ).toEqual(visible);
      for (const [name, way] of Object.entries(WAYS))
        for (const mode of MODES)
          expect(await found(library, tiers, way, mode), `${name} ${mode} ${where}`).toEqual(
            visible,
          );
    }
  });

  it('is not widened by options, filters, limits or offsets', async () => {
    const library = await openBooks();
    const seen = sorted(['Tides', 'Clouds'].map((title) => library.ids.get(title) ?? ''));
    const attempts: [string, string[]][] = [
      ['{"tiers": ["premium"]}', []],
      ['{"tiers": ["public", "premium", "secret"]}', seen],
      ['{"tiers": []}', []],
      ['{"filter": {"tier": "premium"}}', []],
      ['{"filter": {"tier": {"$ne": "public"}}}', []],
      ['{"filter": {"tier": {"$in": ["public", "premium", "secret"]}}}', seen],
      ['{"filter": {"text": {"$gte": ""}}}', seen],
      ['{"offset": 2}', []],
      ['{"limit": 2147483}', seen],
    ];
    const refused: [string, RegExp][] = [
      ['{"tiers": "premium"}', /tiers is an array/],
      ['{"tiers": null}', /tiers is an array/],
      ['{"tiers": [["premium"]]}', /tiers is an array/],
      ['{"tiers": {"0": "premium"}}', /tiers is an array/],
      ['{"sources": ["items"]}', /no option "sources"/],
      ['{"visible": ["premium"]}', /no option "visible"/],
      [`{"filter": {"tier' or true --": "x"}}`, /no column/],
    ];
    for (const [name, way] of Object.entries(WAYS))
      for (const mode of MODES) {
        for (const [options, expected] of attempts)
          expect(
            await found(library, 'public', way, mode, options),
            `${name} ${mode} ${options}`,
          ).toEqual(expected);
        for (const [options, message] of refused)
          await expect(found(library, 'public', way, mode, options), `${options}`).rejects.toThrow(
            message,
          );
      }
  });

  it('finds as many as there are, also where hidden ones are better', async () => {
    const hidden = Array.from({ length: 250 }, (_, n) => given(`h${n}`, 'common', 'secret'));
    const shown = Array.from({ length: 5 }, (_, n) =>
      given(`s${n}`, `common ${'words around it '.repeat(20)} ${n}`, 'public'),
    );
    const library = await openLibrary(await open(), [...hidden, ...shown]);
    for (const mode of MODES) {
      for (const way of Object.values(WAYS))
        expect(await found(library, 'public', way, mode, '{"limit": 5}')).toHaveLength(5);
      expect(await keysFound(library.evervec, 'common', mode, ['public'])).toHaveLength(5);
    }
  });

  it('holds for the owner where the setting or the program says tiers', async () => {
    const library = await openBooks();
    const { database, evervec, ids } = library;
    const titles = async (tiers?: readonly string[], mode: SearchMode = 'text') => {
      const keys = await keysFound(evervec, 'common', mode, tiers);
      return sorted([...ids].filter(([, id]) => keys.includes(id)).map(([title]) => title));
    };
    const all = ['Clouds', 'Formula', 'Ledger', 'Tides'];
    for (const mode of MODES) {
      expect(await titles(undefined, mode)).toEqual(all);
      expect(await titles(['premium'], mode)).toEqual(['Ledger']);
      expect(await titles(['Premium', 'premium '], mode)).toEqual([]);
      expect(await titles([], mode)).toEqual([]);
    }
    const asOwner = async (tiers: string, options = '{}') =>
      await database.transaction(async (tx) => {
        await tx.query(`select set_config('evervec.tiers', $1, true)`, [tiers]);
        const { rowCount } = await tx.query(
          `select from evervec.search('documents', 'common', options => $1::text::jsonb)`,
          [options],
        );
        return rowCount;
      });
    expect(await asOwner('public')).toBe(2);
    expect(await asOwner('public,secret', '{"tiers": ["secret", "premium"]}')).toBe(1);
    expect(await asOwner(',')).toBe(0);
    // What a pooled connection has after another transaction.
    expect(await titles()).toEqual(all);
    await expect(
      evervec.search({ query: 'common', tiers: 'public' as unknown as string[] }),
    ).rejects.toThrow(/tiers is an array/);
  });

  it('goes with the document in the same transaction, without a worker', async () => {
    const library = await openBooks();
    const { database, ids, as } = library;
    const id = ids.get('Tides') ?? '';
    const change = `update evervec.documents set tier = 'secret' where id = '${id}'`;
    const seen = async () => {
      const found = [
        await as('public', `select from evervec.chunks_1 where record_key = '${id}'`),
        await as('public', `select from evervec.search('documents', 'tides')`),
        await as('public', `select from evervec.search_documents('tides')`),
      ].map(({ length }) => length);
      const { hits } = await library.evervec.search({
        query: 'tides',
        mode: 'text',
        tiers: ['public'],
      });
      return [...found, hits.length];
    };
    expect(await seen()).toEqual([1, 1, 1, 1]);
    await expect(
      database.transaction(async (tx) => {
        await tx.query(change);
        await tx.query(`select set_config('evervec.tiers', 'public', true)`);
        await tx.query(`set local role ${READER}`);
        expect((await tx.query(`select from evervec.search_documents('tides')`)).rowCount).toBe(0);
        throw new Error('rolled back');
      }),
    ).rejects.toThrow('rolled back');
    expect(await seen()).toEqual([1, 1, 1, 1]);
    await library.evervec.documents.update(id, { tier: 'secret' });
    expect(await seen()).toEqual([0, 0, 0, 0]);
    expect(await library.queued()).toEqual([]);
  });

  it('counts and statistics tell nothing of what is hidden', async () => {
    const { as } = await openBooks();
    const words = await as<{ word: string }>(
      'public',
      `select word from ts_stat('select words from evervec.chunks_1') where not starts_with(word, chr(1))`,
    );
    expect(sorted(words.map(({ word }) => word))).toEqual([
      'cloud',
      'common',
      'sea',
      'sky',
      'tide',
    ]);
    const plan = async (word: string) =>
      (
        await as<Record<string, string>>(
          'public',
          `explain (analyze, costs off, timing off, summary off)
          select from evervec.chunks_1 where words @@ '${word}'::tsquery`,
        )
      ).map((row) => row['QUERY PLAN']?.replace(word, 'WORD'));
    // How many rows are hidden Postgres does tell; not which words are in them.
    expect(await plan('potion')).toEqual(await plan('nowhere'));
    const stats = await as(
      'public',
      `select from pg_stats where schemaname = 'evervec' and tablename in ('documents', 'chunks_1')`,
    );
    expect(stats).toEqual([]);
  });

  it('hands no hidden text to a function of the reader', async () => {
    const { database, as } = await openBooks();
    await database.query(`create function public.peek(text text) returns boolean language plpgsql cost 0.0001 as $$
      begin
        if text ~ 'potion|ledger' then raise exception 'seen: %', text; end if;
        return true;
      end $$`);
    expect(await as('public', 'select from evervec.chunks_1 where public.peek(text)')).toHaveLength(
      2,
    );
    expect(
      await as('public', 'select from evervec.documents where public.peek(text)'),
    ).toHaveLength(2);
  });

  it('lets nobody in without a grant, and nobody write', async () => {
    const { database, as } = await openBooks();
    for (const statement of [
      `insert into evervec.documents select * from evervec.documents`,
      `update evervec.documents set tier = 'public'`,
      `delete from evervec.documents`,
      `update evervec.chunks_1 set text = ''`,
      `select from evervec.collections`,
      `select from evervec.jobs`,
    ])
      await expect(as('public', statement), `${statement}`).rejects.toThrow(
        /permission denied|Not permitted/,
      );
    await database.query(
      `revoke all on evervec.documents, evervec.chunks_1, evervec.sources, evervec.spaces from ${READER}`,
    );
    expect(await as('public', `select from evervec.search_documents('common')`)).toHaveLength(2);
    await database.query(`revoke all on function evervec.search_documents from ${READER}`);
    await expect(as('public', `select from evervec.search_documents('common')`)).rejects.toThrow(
      /permission denied|Not permitted/,
    );
  });

  it('is searched with the rights of the owner where the tiers alone decide, and else by policies', async () => {
    const { database, as } = await openBooks();
    const seen = async () => {
      const [row] = await as<{ is_bound: boolean; found: number; explained: number }>(
        'public,premium',
        `select evervec.is_bound_by_tiers() as is_bound,
          (select count(*)::integer from evervec.search('documents', 'common')) as found,
          (select cardinality(hits) from evervec.explain_search(array['documents'], 'common')) as explained`,
      );
      return row;
    };
    const byTiers = { is_bound: true, found: 3, explained: 3 };
    expect(await seen()).toEqual(byTiers);
    const owner = await database.query('select evervec.is_bound_by_tiers() as is_bound');
    expect(owner.rows).toEqual([{ is_bound: false }]);
    const restricted = { is_bound: false, found: 2, explained: 2 };
    for (const [done, undone] of [
      [
        `create policy own on evervec.documents as restrictive using (title <> 'Tides')`,
        'drop policy own on evervec.documents',
      ],
      [
        `alter policy tiers on evervec.documents using (tier = any ((select evervec.visible_tiers())::text[]) and title <> 'Tides')`,
        'alter policy tiers on evervec.documents using (tier = any ((select evervec.visible_tiers())::text[]))',
      ],
      [
        `create policy own on evervec.chunks_1 as restrictive for select using (text !~ 'tides')`,
        'drop policy own on evervec.chunks_1',
      ],
      [
        `alter policy tiers on evervec.chunks_1 using (text !~ 'tides' and exists
          (select from evervec.documents t where t.id = chunks_1.record_key::uuid))`,
        `alter policy tiers on evervec.chunks_1 using (exists
          (select from evervec.documents t where t.id = chunks_1.record_key::uuid))`,
      ],
    ] as const) {
      await database.query(done);
      expect([done, await seen()]).toEqual([done, restricted]);
      await database.query(undone);
      expect([undone, await seen()]).toEqual([undone, byTiers]);
    }
    await database.query(`revoke all on function evervec.explain_documents from ${READER}`);
    expect(await seen()).toEqual(byTiers);
    await database.query(`revoke all on function evervec.search_documents from ${READER}`);
    expect(await seen()).toEqual({ ...byTiers, is_bound: false });
  });

  it('reaches no table of the user with the rights of the owner', async () => {
    const database = await open();
    await makeReader(database);
    await database.query('create table mine (id integer primary key, tier text, body text)');
    await database.query(`insert into mine values (1, 'public', 'a common secret')`);
    await database.query('alter table mine enable row level security');
    await keep(database, { documents: { table: 'mine', text: ['body'], tier: 'tier' } });
    await database.query(`select evervec.grant_documents('${READER}')`);
    const options = `options => '{"limit": 1000}'`;
    await expect(
      readAs(database, 'public', `select from evervec.search_documents('common', ${options})`),
    ).rejects.toThrow(/there are no documents/);
    await expect(readAs(database, 'public', 'select from evervec.chunks_1')).rejects.toThrow(
      /permission denied|Not permitted/,
    );
  });
});
