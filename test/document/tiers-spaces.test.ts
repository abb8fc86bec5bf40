/** Tiers of access where spaces come and go, transactions overlap, and a table is the user's own. */
import { expect, it, test } from 'vitest';
import { createEvervec } from '../../src/engine/index.ts';
import { createDigestModel } from '../setup/digest-model.ts';
import { describeEachDatabase, describeOnPostgres } from '../setup/each-database.ts';
import { keep } from '../source/fixture.ts';
import { given, makeReader, MODES, openLibrary, READER, readAs, TIERS } from './tiers-fixture.ts';

const BOOKS = [
  given('Tides', 'Common tides of the sea', 'public'),
  given('Ledger', 'Common ledger of the bank', 'premium'),
];

describeEachDatabase('tiers of access', ({ create, open }) => {
  it('hold in a space that is made later, for whoever could read the one before', async () => {
    const database = await open();
    const { model, ids } = await openLibrary(database, BOOKS);
    const second = createDigestModel(12);
    const evervec = await createEvervec(
      { model: second, otherModels: [model], sources: {}, documents: { tiers: [...TIERS] } },
      { database },
    );
    await evervec.migrations.begin('documents');
    await evervec.migrations.queue('documents');
    expect(await evervec.migrations.fill('documents')).toBe(true);
    const seen = async (from: string) =>
      (
        await readAs<{ record_key: string }>(database, 'public', `select record_key from ${from}`)
      ).map(({ record_key }) => record_key);
    const visible = [ids.get('Tides')];
    expect(await seen('evervec.chunks_2')).toEqual(visible);
    expect(await seen(`evervec.search('documents:standby', 'common')`)).toEqual(visible);
    await evervec.migrations.switch('documents');
    expect(await seen(`evervec.search('documents', 'common')`)).toEqual(visible);
    expect(await seen(`evervec.search_documents('common')`)).toEqual(visible);
    const vector = JSON.stringify(
      (await second.doEmbed({ values: ['common'], kind: 'query' })).embeddings[0],
    );
    expect(await seen(`evervec.search_documents('common', '${vector}')`)).toEqual(visible);
    await expect(seen(`evervec.search_documents('common', '[1,2,3]')`)).rejects.toThrow(
      /12 dimensions/,
    );
  });

  it('hold in a schema of another name, by the same setting', async () => {
    const place = await create('empty');
    const database = await place.open({ schema: 'search_of_ours' });
    const { ids } = await openLibrary(database, BOOKS);
    const found = await database.transaction(async (tx) => {
      // As a value: a statement's own names are taken for the schema's.
      await tx.query('select set_config($1, $2, true)', ['evervec.tiers', 'premium']);
      await tx.query(`set local role ${READER}`);
      const { rows } = await tx.query('select evervec.is_bound_by_tiers() as is_bound');
      expect(rows).toEqual([{ is_bound: true }]);
      const keys = [];
      for (const from of [
        'evervec.chunks_1',
        `evervec.search('documents', 'common')`,
        `evervec.search_documents('common')`,
      ])
        keys.push(
          ...(await tx.query<{ record_key: string }>(`select record_key from ${from}`)).rows,
        );
      return keys.map(({ record_key }) => record_key);
    });
    expect(found).toEqual(Array.from({ length: 3 }, () => ids.get('Ledger')));
  });

  it('are told and mended where a sidecar is open', async () => {
    const database = await open();
    const { evervec } = await openLibrary(database, BOOKS);
    const verdict = async () =>
      (await evervec.verify()).find(({ what }) => what === 'source documents');
    expect((await verdict())?.found).not.toContain('guarded');
    for (const opened of [
      'alter table evervec.chunks_1 disable row level security',
      'drop policy tiers on evervec.chunks_1',
    ]) {
      await database.query(opened);
      expect(await verdict()).toMatchObject({
        level: 'bad',
        found: expect.stringMatching(/guarded/),
      });
      await evervec.setup();
      expect((await verdict())?.found).not.toContain('guarded');
      expect(await readAs(database, 'public', 'select from evervec.chunks_1')).toHaveLength(1);
    }
  });

  it('hold for a table of the user that has a column of them', async () => {
    const database = await open();
    await database.query('create table notes (id integer primary key, level text, body text)');
    await database.query(
      `insert into notes values (1, 'low', 'a common note'), (2, 'high', 'a common note'), (3, null, 'a common note')`,
    );
    const notes = { table: 'notes', text: ['body'] };
    const { evervec } = await keep(database, { notes: { ...notes, tier: 'level' } });
    const keys = async (tiers?: readonly string[]) => {
      const { hits } = await evervec.search({ query: 'common', ...(tiers && { tiers }) });
      return hits.map(({ key }) => key).sort();
    };
    expect(await keys()).toEqual(['1', '2', '3']);
    expect(await keys(['low'])).toEqual(['1']);
    expect(await keys([])).toEqual([]);

    await makeReader(database);
    await database.query(`grant usage on schema evervec to ${READER}`);
    await database.query(
      `grant select on notes, evervec.sources, evervec.spaces, evervec.chunks_1 to ${READER}`,
    );
    const chunks = () => readAs(database, undefined, 'select from evervec.chunks_1');
    expect(await chunks()).toHaveLength(3);
    await database.query('alter table notes enable row level security');
    expect(await chunks()).toHaveLength(0);
    await database.query(`create policy low on notes using (level = 'low')`);
    expect(await chunks()).toHaveLength(1);
    const search = `select from evervec.search('notes', 'common')`;
    expect(await readAs(database, undefined, search)).toHaveLength(1);
    expect(await readAs(database, 'high', search)).toHaveLength(0);
    // Without the column the sidecar is as open as its grants.
    await (await createEvervec({ sources: { notes } }, { database })).setup();
    expect(await chunks()).toHaveLength(3);
  });
});

describeOnPostgres('tiers of access', ({ create, open }) => {
  test('an index that sees hidden ones first hides no visible one', async () => {
    const database = await open();
    await database.query('create table notes (id integer primary key, tier text, body text)');
    await database.query(
      `insert into notes select n, case when n % 100 = 0 then 'rare' else 'common' end, 'note ' || n
      from generate_series(1, 3000) n`,
    );
    const source = { table: 'notes', text: ['body'], tier: 'tier' };
    const { evervec } = await keep(database, { notes: source });
    await database.query(
      'create index on evervec.chunks_1 using hnsw (embedding vector.halfvec_cosine_ops)',
    );
    await database.query('update evervec.spaces set filled_at = now(), indexed_at = now()');
    await database.query('analyze evervec.chunks_1');
    for (const mode of MODES)
      for (const limit of [10, 30, 1_000]) {
        const request = { query: 'note 50', mode, limit, tiers: ['rare'] };
        const { hits } = await evervec.search(request);
        expect(hits, `${mode} ${limit}`).toHaveLength(Math.min(30, limit));
        expect(hits.every(({ record }) => record['tier'] === 'rare')).toBe(true);
      }
  });

  test.each(['read committed', 'repeatable read'])(
    'change while a reader has a transaction open: %s',
    async (isolation) => {
      const place = await create();
      const { evervec, ids } = await openLibrary(await place.open(), BOOKS);
      const beside = await place.open();
      await beside.transaction(async (tx) => {
        await tx.query(`set transaction isolation level ${isolation}`);
        await tx.query(`select set_config('evervec.tiers', 'premium', true)`);
        await tx.query(`set local role ${READER}`);
        const seen = async () => {
          const counts = [];
          for (const from of [
            'evervec.chunks_1',
            `evervec.search('documents', 'ledger')`,
            `evervec.search_documents('ledger')`,
          ])
            counts.push((await tx.query(`select from ${from}`)).rowCount);
          return counts;
        };
        expect(await seen()).toEqual([1, 1, 1]);
        await evervec.documents.update(ids.get('Ledger') ?? '', { tier: 'secret' });
        // A snapshot that is older than the change is of a time when it was to be seen.
        expect(await seen()).toEqual(isolation === 'repeatable read' ? [1, 1, 1] : [0, 0, 0]);
      });
    },
  );
});
