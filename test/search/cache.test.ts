/** Answers that are kept: the same as those that are not, at every moment, for everyone. */
import * as fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import type { Database } from '../../src/database/index.ts';
import type { Config, Evervec } from '../../src/engine/index.ts';
import type { SearchAnswer, SearchRequest } from '../../src/search/index.ts';
import { createHandler } from '../../src/server/index.ts';
import { given, openLibrary } from '../document/tiers-fixture.ts';
import { describeEachDatabase, describeOnPostgres } from '../setup/each-database.ts';
import { configure, keep, type Kept } from '../source/fixture.ts';

const CACHE: Partial<Config> = { search: { cache: { ttlSeconds: 3_600 } } };

const TABLE = 'create table notes (id integer primary key, body text, status text, owner text)';

async function openNotes(database: Database, tier?: string): Promise<Kept & { plain: Evervec }> {
  await database.query(TABLE);
  await database.query(
    `insert into notes select n, 'A note about thing' || n % 3, 'open', 'ann' from generate_series(1, 9) n`,
  );
  const sources = { notes: { table: 'notes', text: ['body'], ...(tier && { tier }) } };
  const kept = await keep(database, sources, CACHE);
  const { evervec: plain } = await configure(database, sources);
  return { ...kept, plain };
}

function keys({ hits }: SearchAnswer): string {
  return hits.map(({ key }) => key).join();
}

const ASKED: SearchRequest = { query: 'thing1', mode: 'text' };

describeEachDatabase('kept answers', ({ open }) => {
  test('are given again until something changes', async () => {
    const { evervec, database, drain } = await openNotes(await open());
    const ask = async () => await evervec.search(ASKED);
    const first = await ask();
    expect([first.cache, keys(first)]).toEqual(['miss', '1,4,7']);
    const second = await ask();
    expect(second).toEqual({ ...first, took_ms: second.took_ms, cache: 'hit' });
    second.hits.length = 0;
    (first.hits[0] as (typeof first.hits)[0]).record['body'] = 'changed by a caller';
    expect((await ask()).hits[0]?.record['body']).toBe('A note about thing1');

    const changes: [string, string][] = [
      // No column that is embedded: nothing is captured, and the hit shows it.
      [`update notes set owner = 'bob' where id = 1`, '1,4,7'],
      ['delete from notes where id = 4', '1,7'],
      [`insert into notes values (10, 'Another thing1')`, '1,7'],
      ['truncate notes', ''],
      [`insert into notes values (7, 'A note about thing1')`, '7'],
    ];
    for (const [change, expected] of changes) {
      await database.query(change);
      const answer = await ask();
      expect([change, answer.cache, keys(answer)]).toEqual([change, 'miss', expected]);
      expect((await ask()).cache, `${change}`).toBe('hit');
    }
    await database.query(`insert into notes values (11, 'A third thing1')`);
    expect(keys(await ask())).toBe('7');
    await drain();
    const written = await ask();
    expect([written.cache, keys(written).split(',').sort()]).toEqual(['miss', ['11', '7']]);
    await expect(
      database.transaction(async (tx) => {
        await tx.query('delete from notes');
        throw new Error('given up');
      }),
    ).rejects.toThrow('given up');
    expect((await ask()).cache).toBe('hit');
    expect(evervec.cacheStats).toMatchObject({ bypassed: 0 });
  });

  test('what else decides an answer makes another one', async () => {
    const { evervec, database } = await openNotes(await open());
    const asked: Partial<SearchRequest>[] = [
      {},
      { mode: 'hybrid' },
      { mode: 'vector' },
      { limit: 1 },
      { offset: 1 },
      { filter: { id: 1 } },
      { filter: { id: '1' } },
      { filter: { owner: 'ann' } },
      { filter: JSON.parse('{"__proto__": 1}') },
      { highlight: true },
      { neighbors: 1 },
      { sources: ['notes'] },
      { tiers: [] },
      { tiers: ['a', 'b'] },
      { tiers: ['a,b'] },
      { query: 'thing1 ' },
    ];
    for (const more of asked) {
      const answer = await evervec.search({ ...ASKED, ...more }).catch(() => null);
      expect([more, answer?.cache ?? 'miss']).toEqual([more, 'miss']);
    }
    expect((await evervec.search({ ...ASKED, tiers: ['b', 'a'] })).cache).toBe('hit');
    await database.query(`update evervec.spaces set fusion_weight = 0.9`);
    expect((await evervec.search(ASKED)).cache).toBe('miss');
  });

  test('none where a change might not be seen', async () => {
    const { evervec, database } = await openNotes(await open());
    const ask = async () => (await evervec.search(ASKED)).cache;
    expect([await ask(), await ask()]).toEqual(['miss', 'hit']);
    expect(await evervec.unkept()).toEqual([]);
    await database.query('alter table notes disable trigger all');
    expect(await evervec.unkept()).toEqual(['notes']);
    expect([await ask(), await ask()]).toEqual(['bypass', 'bypass']);
    // Nobody knows what happened meanwhile.
    await database.query('delete from notes where id = 1');
    await database.query('alter table notes enable trigger all');
    expect(await ask()).toBe('bypass');
    await evervec.setup();
    expect([await ask(), await ask()]).toEqual(['miss', 'hit']);
    expect(keys(await evervec.search(ASKED))).toBe('4,7');
    // In one transaction that leaves all as it was.
    await database.transaction(async (tx) => {
      await tx.query('alter table notes disable trigger all');
      await tx.query('delete from notes where id = 4');
      await tx.query('alter table notes enable trigger all');
      await tx.query('alter table notes enable always trigger evervec_touch_1');
    });
    expect([await ask(), keys(await evervec.search(ASKED))]).toEqual(['miss', '7']);
    await database.transaction(async (tx) => {
      await tx.query(`set local session_replication_role = 'replica'`);
      await tx.query('delete from notes where id = 7');
    });
    expect(keys(await evervec.search(ASKED))).toBe('');
    await database.query('create table more (check (id > 99)) inherits (notes)');
    expect(await ask()).toBe('bypass');
  });

  test('are of a source whose table they see: of a view none, and none after it is taken out', async () => {
    const database = await open();
    await database.query(TABLE);
    await database.query(`insert into notes values (1, 'A thing1')`);
    await database.query('create view shown as select * from notes');
    const { evervec } = await keep(
      database,
      {
        shown: { table: 'shown', key: ['id'], text: ['body'] },
        notes: { table: 'notes', text: ['body'] },
      },
      CACHE,
    );
    const ask = async (...sources: string[]) =>
      (await evervec.search({ ...ASKED, ...(sources.length > 0 && { sources }) })).cache;
    expect([await ask('shown'), await ask(), await ask('notes'), await ask('notes')]).toEqual([
      'bypass',
      'bypass',
      'miss',
      'hit',
    ]);
    await expect(evervec.search({ ...ASKED, sources: ['nothing'] })).rejects.toThrow(/no source/);
    const triggers = async () =>
      (
        await database.query(
          `select from pg_trigger where tgname ~ 'touch' and tgrelid = 'notes'::regclass`,
        )
      ).rows.length;
    expect(await triggers()).toBe(1);
    // Switched off, the table is left as it was.
    const { evervec: off } = await configure(database, {
      notes: { table: 'notes', text: ['body'] },
    });
    await off.setup();
    expect([await triggers(), await ask('notes')]).toEqual([0, 'bypass']);
    await evervec.setup();
    expect(await triggers()).toBe(1);
    await evervec.teardown();
    expect(await triggers()).toBe(0);
  });

  test('of partitions, by whatever name they are written', async () => {
    const database = await open();
    for (const statement of [
      'create table notes (id integer primary key, body text, owner text) partition by range (id)',
      'create table low partition of notes for values from (0) to (100)',
      'create table high partition of notes for values from (100) to (200)',
      `insert into notes values (1, 'A thing1'), (101, 'The thing1')`,
      'create table owners (name text primary key)',
    ])
      await database.query(statement);
    const { evervec } = await keep(database, { notes: { table: 'notes', text: ['body'] } }, CACHE);
    const ask = async () => await evervec.search(ASKED);
    expect([(await ask()).cache, (await ask()).cache]).toEqual(['miss', 'hit']);
    await database.query(`update low set owner = 'x'`);
    expect((await ask()).cache).toBe('miss');
    await database.query(`update notes set owner = 'x'`);
    expect((await ask()).cache).toBe('miss');
    await database.query('alter table notes detach partition high');
    expect(keys(await ask())).toBe('1');
    await database.query('alter table notes attach partition high for values from (100) to (200)');
    expect(
      keys(await ask())
        .split(',')
        .sort(),
    ).toEqual(['1', '101']);
    await database.query('create table top partition of notes for values from (200) to (300)');
    expect((await ask()).cache).toBe('bypass');
  });

  test('a row that goes with another one is gone', async () => {
    const database = await open();
    for (const statement of [
      'create table owners (name text primary key)',
      `insert into owners values ('ann')`,
      'create table notes (id integer primary key, body text, owner text references owners on delete cascade on update set null)',
      `insert into notes values (1, 'A thing1', 'ann')`,
    ])
      await database.query(statement);
    const { evervec } = await keep(database, { notes: { table: 'notes', text: ['body'] } }, CACHE);
    const owner = async () =>
      (await evervec.search(ASKED)).hits.map(({ record }) => record['owner']);
    expect([await owner(), await owner()]).toEqual([['ann'], ['ann']]);
    await database.query(`update owners set name = 'bob'`);
    expect(await owner()).toEqual([null]);
    await database.query(`update notes set owner = 'bob'`);
    expect(await owner()).toEqual(['bob']);
    await database.query('delete from owners');
    expect(await owner()).toEqual([]);
  });

  test('touches that are taken together change no generation', async () => {
    const { evervec, database } = await openNotes(await open());
    for (let n = 0; n < 50; n++)
      await database.query(`update notes set owner = 'x' where id = ${n}`);
    const generation = async () =>
      (
        await database.query<{ generation: string; touches: string }>(
          'select * from evervec.generation(null)',
        )
      ).rows[0];
    const before = await generation();
    expect(Number(before?.touches)).toBeGreaterThan(50);
    expect((await evervec.search(ASKED)).cache).toBe('miss');
    await database.query('select evervec.prune_touches()');
    expect(await generation()).toEqual({ generation: before?.generation, touches: '1' });
    expect((await evervec.search(ASKED)).cache).toBe('hit');
    await database.query(`insert into evervec.touches select 1, 5 from generate_series(1, 1100)`);
    expect((await evervec.search(ASKED)).cache).toBe('miss');
    expect((await evervec.search(ASKED)).cache).toBe('hit');
    expect((await generation())?.touches).toBe('1');
  });
});

describeOnPostgres('kept answers while others write', ({ open }) => {
  test('a commit that comes after a later one is seen', async () => {
    const { evervec, database } = await openNotes(await open());
    const ask = async () => await evervec.search(ASKED);
    const isDeleted = Promise.withResolvers<void>();
    const mayCommit = Promise.withResolvers<void>();
    const slow = database.transaction(async (tx) => {
      await tx.query('delete from notes where id = 1');
      isDeleted.resolve();
      await mayCommit.promise;
    });
    onTestFinished(() => mayCommit.resolve());
    await isDeleted.promise;
    expect((await ask()).cache).toBe('miss');
    await database.query('delete from notes where id = 4');
    const between = await ask();
    expect([between.cache, keys(between)]).toEqual(['miss', '1,7']);
    expect((await ask()).cache).toBe('hit');
    // Taken together while one of them is under way.
    await database.query('select evervec.prune_touches()');
    expect((await ask()).cache).toBe('hit');
    mayCommit.resolve();
    await slow;
    const after = await ask();
    expect([after.cache, keys(after)]).toEqual(['miss', '7']);
  });

  test('writers, workers, readers and who takes touches together do not wait for each other', async () => {
    const { evervec, database, plain, drain } = await openNotes(await open());
    const turns = Array.from({ length: 40 }, (_, n) => n);
    const write = async () => {
      for (const n of turns) {
        await database.query(
          `update notes set body = 'A note about thing' || ($1::integer % 3) where id = $1 % 9 + 1`,
          [n],
        );
        await database.query('delete from notes where id = $1', [(n % 9) + 1]);
        // The other writer may have been first.
        await database.query(
          `insert into notes values ($1, 'A note about thing1', 'open') on conflict do nothing`,
          [(n % 9) + 1],
        );
      }
    };
    const search = async () => {
      for (const _ of turns) await evervec.search(ASKED);
    };
    const prune = async () => {
      for (const _ of turns) await database.query('select evervec.prune_touches()');
    };
    const work = async () => {
      for (const _ of turns.slice(0, 5)) await drain();
    };
    await Promise.all([write(), write(), search(), search(), prune(), prune(), work()]);
    await drain();
    const first = await evervec.search(ASKED);
    const expected = await plain.search(ASKED);
    expect(first.hits).toEqual(expected.hits);
    expect((await evervec.search(ASKED)).hits).toEqual(expected.hits);
  });

  test('a row is in no answer from the commit of its deletion on, and in each from that of its return on', async () => {
    const { evervec, database } = await openNotes(await open());
    await database.query(`update notes set body = 'A note about thing1'`);
    await (await evervec.worker()).drain();
    const ask = async () =>
      (await evervec.search({ ...ASKED, limit: 1_000 })).hits.map(({ key }) => key);
    const over = new AbortController();
    const others = [1, 2, 3].map(async (n) => {
      while (!over.signal.aborted) {
        if (n === 1) await database.query('select evervec.prune_touches()');
        await ask();
      }
    });
    // Each has a row of its own, and knows when it is there.
    const writers = [1, 2, 3, 4].map(async (id) => {
      for (let turn = 0; turn < 25; turn++) {
        await database.query('delete from notes where id = $1', [id]);
        expect(await ask(), `turn ${turn}`).not.toContain(String(id));
        await database.query(`insert into notes values ($1, 'A note about thing1')`, [id]);
        expect(await ask(), `turn ${turn}`).toContain(String(id));
      }
    });
    await Promise.all(writers).finally(() => over.abort());
    await Promise.all(others);
    expect(evervec.cacheStats?.bypassed).toBe(0);
    expect(evervec.cacheStats?.hits).toBeGreaterThan(0);
  });

  test('a role under row level security is asked each time', async () => {
    const { evervec, database } = await openNotes(await open());
    expect((await evervec.search(ASKED)).cache).toBe('miss');
    await database.query('alter table notes enable row level security');
    await database.query('alter table notes force row level security');
    // A superuser is bound by no policy, whatever the table says.
    const { rows } = await database.query<{ generation: string | null }>(
      'select * from evervec.generation(null)',
    );
    expect(rows[0]?.generation).not.toBeNull();
    const generation = await database.transaction(async (tx) => {
      await tx.query('create role touch_reader');
      await tx.query('grant usage on schema evervec to touch_reader');
      await tx.query('grant select on all tables in schema evervec to touch_reader');
      await tx.query('grant select on notes to touch_reader');
      await tx.query('set local role touch_reader');
      const answer = await tx.query<{ generation: string | null }>(
        'select * from evervec.generation(null)',
      );
      await tx.query('reset role');
      await tx.query('drop owned by touch_reader');
      await tx.query('drop role touch_reader');
      return answer.rows[0]?.generation;
    });
    expect(generation).toBeNull();
  });
});

const TOKENS = {
  anyone: { scope: 'read', token: 'token-of-anyone-01' },
  member: { scope: 'read', token: 'token-of-member-01', tiers: ['premium'] },
  both: { scope: 'read', token: 'token-of-both-0001', tiers: ['public', 'premium'] },
  nobody: { scope: 'read', token: 'token-of-nobody-01', tiers: [] },
  chief: { scope: 'admin', token: 'token-of-chief-001' },
} as const;

describeEachDatabase('kept answers of tiers', ({ open }) => {
  test('reach nobody who may not see them, whatever is asked in whatever order', async () => {
    const database = await open();
    const { evervec } = await openLibrary(
      database,
      [
        given('Tides', 'Common tides', 'public'),
        given('Ledger', 'Common ledger', 'premium'),
        given('Formula', 'Common formula', 'secret'),
      ],
      CACHE,
    );
    const handler = createHandler(evervec, { tokens: TOKENS });
    const may: Record<keyof typeof TOKENS, string[]> = {
      anyone: ['Tides'],
      member: ['Ledger'],
      both: ['Ledger', 'Tides'],
      nobody: [],
      chief: ['Formula', 'Ledger', 'Tides'],
    };
    const ask = async (name: keyof typeof TOKENS, body: object) => {
      const response = await handler(
        new Request('http://127.0.0.1/v1/search', {
          method: 'POST',
          headers: {
            authorization: `Bearer ${TOKENS[name].token}`,
            'content-type': 'application/json',
          },
          body: JSON.stringify(body),
        }),
      );
      const answer = (await response.json()) as SearchAnswer;
      expect(response.headers.get('x-evervec-cache')).toBe(answer.cache);
      return {
        cache: answer.cache,
        titles: answer.hits.map(({ record }) => record['title']).sort(),
      };
    };
    const names = Object.keys(TOKENS) as (keyof typeof TOKENS)[];
    const bodies = [
      { query: 'common' },
      { query: 'common', limit: 1_000 },
      { query: 'common', filter: { tier: { $ne: 'nothing' } } },
      { query: 'common', mode: 'text' },
    ];
    for (const body of bodies)
      for (const order of [names, names.toReversed(), names])
        for (const name of order) {
          const { titles } = await ask(name, body);
          expect([name, titles]).toEqual([name, may[name]]);
        }
    expect((await ask('member', { query: 'common' })).cache).toBe('hit');
    // A tier that is changed is another answer, for all, at once.
    await database.query(`update evervec.documents set tier = 'secret' where title = 'Tides'`);
    for (const name of names) {
      const { titles } = await ask(name, { query: 'common' });
      expect([name, titles]).toEqual([
        name,
        name === 'chief' ? may.chief : may[name].filter((one) => one !== 'Tides'),
      ]);
    }
    const metrics = await handler(
      new Request('http://127.0.0.1/metrics', {
        headers: { authorization: `Bearer ${TOKENS.chief.token}` },
      }),
    );
    expect(await metrics.text()).toMatch(/^evervec_search_cache_hits_total [1-9]\d*$/m);
  });
});

interface World {
  notes: Kept & { plain: Evervec };
  database: Database;
}

const CHANGES: Record<string, (world: World, id: number) => Promise<unknown>> = {
  filterColumn: ({ database }, id) =>
    database.query(
      `update notes set status = case status when 'open' then 'shut' else 'open' end where id = $1`,
      [id],
    ),
  tier: ({ database }, id) =>
    database.query(
      `update notes set owner = case owner when 'ann' then 'bob' else 'ann' end where id = $1`,
      [id],
    ),
  text: ({ database }, id) =>
    database.query(`update notes set body = body || ' thing' || $1 where id = $1`, [id]),
  delete: ({ database }, id) => database.query('delete from notes where id = $1', [id]),
  insert: ({ database }, id) =>
    database.query(
      `insert into notes values ($1, 'A note about thing' || $1 % 3, 'open', 'ann') on conflict do nothing`,
      [id],
    ),
  nothing: ({ database }) => database.query('update notes set body = body where false'),
  rolledBack: ({ database }, id) =>
    database
      .transaction(async (tx) => {
        await tx.query('delete from notes where id = $1', [id]);
        throw new Error('given up');
      })
      .catch(() => {}),
  several: ({ database }, id) =>
    database.transaction(async (tx) => {
      await tx.query('delete from notes where id = $1', [id]);
      await tx.query(`insert into notes values ($1, 'A note about thing1', 'open', 'bob')`, [id]);
    }),
  truncate: ({ database }, id) => database.query(id === 7 ? 'truncate notes' : 'select'),
  work: ({ notes }) => notes.drain(),
  prune: ({ database }) => database.query('select evervec.prune_touches()'),
  analyze: ({ database }) => database.query('analyze evervec.chunks_1'),
  unrelated: ({ database }) => database.query(`update evervec.lanes set priority = priority`),
};

const REQUESTS: SearchRequest[] = [
  { query: 'thing1' },
  { query: 'thing1', mode: 'text', highlight: true },
  { query: 'note thing2', mode: 'vector', limit: 3 },
  { query: 'thing1', filter: { status: 'open' } },
  { query: 'thing1', tiers: ['ann'] },
  { query: 'thing1', tiers: ['bob'], limit: 2, offset: 1 },
];

describeEachDatabase('kept answers after random changes', ({ open }) => {
  test('are what is answered without', { timeout: 280_000 }, async () => {
    const database = await open();
    const notes = await openNotes(database, 'owner');
    const world = { notes, database };
    const step = fc.tuple(
      fc.constantFrom(...Object.keys(CHANGES)),
      fc.integer({ min: 1, max: 12 }),
      fc.array(fc.nat(REQUESTS.length - 1), { minLength: 1, maxLength: 3 }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 8 }), async (steps) => {
        for (const [change, id, asked] of steps) {
          await CHANGES[change]?.(world, id);
          for (const one of [...asked, ...asked]) {
            const request = REQUESTS[one] as SearchRequest;
            const kept = await notes.evervec.search(request);
            const { hits } = await notes.plain.search(request);
            expect(kept.hits, `${change} ${id}, ${JSON.stringify(request)}, ${kept.cache}`).toEqual(
              hits,
            );
          }
        }
      }),
      { numRuns: 25, seed: 20_261_121 },
    );
    const { hits = 0, misses = 0, bypassed } = notes.evervec.cacheStats ?? {};
    expect(bypassed).toBe(0);
    // At least each request is asked twice.
    expect(hits).toBeGreaterThanOrEqual(misses / 2);
  });
});
