/** Records that are history by rule: their vectors go, their words stay, and nothing is paid for them again. */
import { expect, test } from 'vitest';
import type { Database } from '../../src/database/index.ts';
import { describeEachDatabase } from '../setup/each-database.ts';
import { configure, drift, expectTrue, type Kept, keep, NO_DRIFT } from '../source/fixture.ts';

const RULE = {
  when: `status in ('completed', 'cancelled')`,
  after: { column: 'changed', days: 90 },
};
const OFFERS = { offers: { table: 'offers', text: ['title'], archive: RULE } };
const ROWS = `select id::text as key, title as text from offers`;
const SOURCE = { source: 'offers' };

/** Six offers: 1 and 2 are history, 3 is completed since a short time, 4 to 6 are open and old. */
async function offers(database: Database): Promise<Kept> {
  await database.query(`create table offers (id integer primary key, title text, status text, changed timestamptz);
    insert into offers select n, 'flight number ' || n,
      case when n = 1 then 'cancelled' when n < 4 then 'completed' else 'open' end,
      now() - case when n = 3 then interval '40 days' else interval '200 days' end
    from generate_series(1, 6) n`);
  await keep(database, { offers: { table: 'offers', text: ['title'] } });
  // Workers do it once a day by themselves: here that has just been.
  await database.query(`insert into evervec.maintenance values ('archive offers', now())`);
  const kept = await configure(database, OFFERS);
  expect(await kept.evervec.setup()).toMatchObject([{ needsBackfill: false }]);
  return kept;
}

/** Keys of records, and whether they have a vector. */
async function vectors(database: Database): Promise<Record<string, boolean>> {
  const { rows } = await database.query<{ key: string; has: boolean }>(
    `select record_key as key, bool_and(embedding is not null) as has from evervec.chunks_1 group by 1 order by 1`,
  );
  return Object.fromEntries(rows.map(({ key, has }) => [key, has]));
}

const without = (...keys: number[]) =>
  Object.fromEntries([1, 2, 3, 4, 5, 6].map((key) => [String(key), !keys.includes(key)]));

async function found({ evervec }: Kept, query: string, mode: 'text' | 'hybrid' | 'vector') {
  const { hits } = await evervec.search({ query, mode });
  return hits.map((hit) => hit.key);
}

describeEachDatabase('the archive', (databases) => {
  test('takes vectors by rule, leaves words, and days may be given', async () => {
    const database = await databases.open();
    const kept = await offers(database);
    expect(await kept.evervec.archive(undefined, { dryRun: true })).toEqual({ offers: 2 });
    expect(await vectors(database)).toEqual(without());
    expect(await kept.evervec.archive(undefined, { by: 'anna' })).toEqual({ offers: 2 });
    expect(await vectors(database)).toEqual(without(1, 2));
    expect(await kept.evervec.archive()).toEqual({ offers: 0 });
    expect(await kept.evervec.archive(['offers'], { days: 30 })).toEqual({ offers: 1 });
    expect(await vectors(database)).toEqual(without(1, 2, 3));

    expect(await found(kept, 'number 2', 'text')).toContain('2');
    expect(await found(kept, 'flight number 2', 'hybrid')).toContain('2');
    expect(await found(kept, 'flight number 2', 'vector')).not.toContain('2');
    const audit = await kept.evervec.queue.audit({ action: 'archive' });
    expect(audit.map(({ actor, detail }) => [actor, detail])).toEqual([
      ['program', { days: 30, records: 1 }],
      ['anna', { days: null, records: 2 }],
    ]);
  });

  test('costs nothing more: a change, a backfill and a reconcile embed nothing of it', async () => {
    const database = await databases.open();
    const kept = await offers(database);
    await kept.evervec.archive();
    kept.model.texts.length = 0;
    await database.query(`update offers set title = 'pelican ' || id where id in (2, 4)`);
    await kept.drain();
    expect(kept.model.texts).toEqual(['pelican 4']);
    expect(await found(kept, 'pelican', 'text')).toEqual(expect.arrayContaining(['2', '4']));
    expect(await drift(kept, 'offers')).toEqual(NO_DRIFT);
    await kept.evervec.backfill();
    await kept.drain();
    expect(kept.model.texts).toEqual(['pelican 4']);
    expect(await vectors(database)).toEqual(without(1, 2));
  });

  test('lets a record go whose row is not history any more, and one that is deleted', async () => {
    const database = await databases.open();
    const kept = await offers(database);
    await kept.evervec.archive();
    await database.query(`update offers set status = 'open', title = title || '!' where id = 1`);
    await database.query('delete from offers where id = 2');
    await kept.drain();
    await expectTrue(kept, ROWS, SOURCE);
    expect((await database.query('select from evervec.archived')).rowCount).toBe(0);
  });

  test('gives records back, behind what changes, and the rule leaves them alone', async () => {
    const database = await databases.open();
    const kept = await offers(database);
    await kept.evervec.archive(undefined, { days: 30 });
    expect(await kept.evervec.restoreArchived(['offers'], { keys: ['2', '99'] })).toEqual({
      offers: 1,
    });
    await kept.drain();
    expect(await vectors(database)).toEqual(without(1, 3));
    expect(await kept.evervec.archive()).toEqual({ offers: 0 });
    expect(await kept.evervec.restoreArchived()).toEqual({ offers: 2 });
    await kept.drain();
    await expectTrue(kept, ROWS, SOURCE);
    // As if touched today: with the days told, it is archived again.
    expect(await kept.evervec.archive(undefined, { days: 0 })).toEqual({ offers: 3 });
  });

  test('in SQL', async () => {
    const database = await databases.open();
    const kept = await offers(database);
    const ask = async (call: string) =>
      (await database.query<{ count: string }>(`select ${call} as count`)).rows[0]?.count;
    expect(await ask(`evervec.archive('offers', 180)`)).toBe('2');
    expect(await vectors(database)).toEqual(without(1, 2));
    expect(await ask(`evervec.restore('offers', '{1}')`)).toBe('1');
    expect(await ask(`evervec.restore('offers')`)).toBe('1');
    await kept.drain();
    expect(await vectors(database)).toEqual(without());
    for (const [call, sqlState] of [
      [`evervec.archive('none')`, '42704'],
      [`evervec.archive('offers', -1)`, '22023'],
      [`evervec.restore('none')`, '42704'],
      [`evervec.reconcile('none')`, '42704'],
    ] as const)
      await expect(ask(call)).rejects.toMatchObject({ sqlState });
  });

  test('what a worker has in hand while it is archived ends up without vectors', async () => {
    const database = await databases.open();
    const kept = await offers(database);
    await database.query(`update offers set title = title || '!' where id = 2`);
    let isArchived = false;
    const worker = await kept.evervec.worker();
    const { doEmbed } = kept.model;
    Object.assign(kept.model, {
      doEmbed: async (call: Parameters<typeof doEmbed>[0]) => {
        if (!isArchived) await kept.evervec.archive();
        isArchived = true;
        return await doEmbed(call);
      },
    });
    await worker.drain();
    expect(isArchived).toBe(true);
    expect(await vectors(database)).toEqual(without(1, 2));
  });

  test('gives space back: what is archived is filled again', async () => {
    const database = await databases.open();
    await database.query(`create table offers (id integer primary key, title text, status text, changed timestamptz);
      insert into offers select n, 'flight number ' || n, 'open', now() - interval '1 year' from generate_series(1, 2000) n`);
    const kept = await keep(database, OFFERS);
    const size = async () => {
      await database.query('vacuum evervec.chunks_1');
      const { rows } = await database.query<{ size: number }>(
        `select pg_table_size('evervec.chunks_1')::float8 as size`,
      );
      return rows[0]?.size ?? 0;
    };
    await size();
    await database.query(`update offers set status = 'completed' where id <= 1800`);
    expect(await kept.evervec.archive()).toEqual({ offers: 1_800 });
    const archived = await size();
    await database.query(
      `insert into offers select n, 'flight number ' || n, 'open', now() from generate_series(2001, 2900) n`,
    );
    await kept.drain();
    expect(await size()).toBeLessThan(archived * 1.1);
  });

  test('views of what is active and what is history, under the reader’s rights', async () => {
    const database = await databases.open();
    const kept = await offers(database);
    const ids = async (view: string) =>
      (await database.query<{ id: number }>(`select id from evervec.${view} order by id`)).rows.map(
        ({ id }) => id,
      );
    expect(await ids('offers_historical')).toEqual([1, 2]);
    expect(await ids('offers_active')).toEqual([3, 4, 5, 6]);
    await kept.evervec.archive(undefined, { days: 30 });
    expect(await ids('offers_historical')).toEqual([1, 2, 3]);
    await database.query('alter table offers add column note text');
    await kept.evervec.setup();
    const columns = await database.query('select note from evervec.offers_active');
    expect(columns.rowCount).toBe(3);
    const { rows } = await database.query<{ options: string[] }>(
      `select reloptions as options from pg_class where relname like 'offers\\__%' and relkind = 'v'`,
    );
    expect(rows.map(({ options }) => options)).toEqual([
      ['security_invoker=true'],
      ['security_invoker=true'],
    ]);
  });

  test('a rule that is taken away gives all records back', async () => {
    const database = await databases.open();
    const kept = await offers(database);
    await kept.evervec.archive();
    const plain = await configure(database, { offers: { table: 'offers', text: ['title'] } });
    await plain.evervec.setup();
    await plain.drain();
    await expectTrue(plain, ROWS, SOURCE);
    const views = await database.query(
      `select from pg_class where relname like 'offers\\__%' and relkind = 'v'`,
    );
    expect(views.rowCount).toBe(0);
  });

  test.each([
    ['a rule that is no SQL', { when: 'status =' }, /archive.when is no SQL expression/],
    ['a rule that is no condition', { when: 'title' }, /archive.when.*42804/],
    ['an unknown column', { when: 'gone' }, /42703/],
    ['an age of no time', { when: 'true', after: { column: 'title', days: 1 } }, /archive.after/],
  ])('refuses %s at set-up', async (_, archive, message) => {
    const database = await databases.open();
    await database.query('create table offers (id integer primary key, title text)');
    const { evervec } = await configure(database, {
      offers: { table: 'offers', text: ['title'], archive },
    });
    await expect(evervec.setup()).rejects.toThrow(message);
  });

  test('refuses sources without a rule and days that are none, with nothing done', async () => {
    const database = await databases.open();
    const kept = await offers(database);
    const more = await configure(database, {
      ...OFFERS,
      plain: { table: 'offers', text: ['title'] },
      ageless: { table: 'offers', text: ['title'], archive: { when: 'true' } },
    });
    await more.evervec.setup();
    const code = { code: 'EVERVEC_ARCHIVE', isUsage: true };
    await expect(more.evervec.archive(['offers', 'plain'])).rejects.toMatchObject(code);
    await expect(more.evervec.archive(['ageless'], { days: 3 })).rejects.toMatchObject(code);
    await expect(kept.evervec.archive(['offers'], { days: 1.5 })).rejects.toMatchObject(code);
    await expect(kept.evervec.archive(['none'])).rejects.toMatchObject({
      code: 'EVERVEC_UNKNOWN_SOURCE',
    });
    expect(await vectors(database)).toEqual(without());
  });

  test('a backfill pays nothing for what is history by rule; workers archive by themselves', async () => {
    const database = await databases.open();
    await database.query(`create table offers (id integer primary key, title text, status text, changed timestamptz);
      insert into offers select n, 'flight number ' || n, 'completed', now() - n * interval '40 days' from generate_series(1, 4) n`);
    const { evervec, model, drain } = await configure(database, OFFERS);
    await evervec.setup();
    expect(await evervec.planBackfill()).toMatchObject([{ records: 4 }]);
    await evervec.backfill();
    expect(await evervec.planBackfill()).toMatchObject([{ rows: 4, records: 2 }]);
    await drain();
    expect(model.texts.toSorted()).toEqual(['flight number 1', 'flight number 2']);
    // A day later one more is of age.
    await database.query(`update offers set changed = now() - interval '1 year' where id = 2`);
    await database.query(`update evervec.maintenance set done_at = now() - interval '25 hours'`);
    await (await evervec.worker()).drain({ maintains: true });
    expect(await vectors(database)).toEqual({ 1: true, 2: false, 3: false, 4: false });
  });

  test('a reset embeds everything anew, and what is archived stays so', async () => {
    const database = await databases.open();
    const kept = await offers(database);
    await kept.evervec.archive();
    kept.model.texts.length = 0;
    expect(await kept.evervec.reset(['offers'], { by: 'anna' })).toEqual({ offers: 6 });
    expect(await vectors(database)).toEqual({});
    await kept.drain();
    expect(kept.model.texts.toSorted()).toEqual([3, 4, 5, 6].map((id) => `flight number ${id}`));
    expect(await vectors(database)).toEqual(without(1, 2));
    const audit = await kept.evervec.queue.audit({ action: 'reset' });
    expect(audit).toMatchObject([{ actor: 'anna', target: 'source offers' }]);
  });
});
