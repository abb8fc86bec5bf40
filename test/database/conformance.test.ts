/** What `Database` promises, on both kinds. */
import { expect, test } from 'vitest';
import type { Connection, Database } from '../../src/database/index.ts';
import { DatabaseUnreachableError, PermissionError, QueryError } from '../../src/errors/index.ts';
import { describeEachDatabase } from '../setup/each-database.ts';
import { Signal } from '../setup/signal.ts';

async function failureOf(work: Promise<unknown>): Promise<Error & { sqlState?: string | null }> {
  try {
    await work;
  } catch (error) {
    return error as Error;
  }
  throw new Error('it did not fail');
}

/** pgvector's binary format of an array of halfvecs, from the bits of half-precision numbers. */
function halfvecArray(elementType: number, vectors: readonly number[][]): Buffer {
  const elements = vectors.map((vector) => {
    const bytes = Buffer.alloc(8 + 2 * vector.length);
    bytes.writeInt32BE(4 + 2 * vector.length, 0);
    bytes.writeInt16BE(vector.length, 4);
    vector.forEach((bits, index) => bytes.writeUInt16BE(bits, 8 + 2 * index));
    return bytes;
  });
  const header = Buffer.alloc(20);
  [1, 0, elementType, vectors.length, 1].forEach((value, index) =>
    header.writeInt32BE(value, 4 * index),
  );
  return Buffer.concat([header, ...elements]);
}

describeEachDatabase('queries', (databases) => {
  test('results have the types of the contract', async () => {
    const database = await databases.open('empty');
    const { rows, rowCount } = await database.query(`select
      9007199254740993::int8 as int8, 1.10::numeric as numeric, 7::int4 as int4, 0.5::float8 as float8,
      true as yes, null as nothing, '2026-01-02T03:04:05.006Z'::timestamptz as at,
      '{"a": [1]}'::jsonb as json, '\\x00ff'::bytea as bytes, array['a', null, 'b,c'] as texts,
      array[1, 2] as ints, array[9007199254740993]::int8[] as int8s, array[1.10] as numerics`);
    expect(rowCount).toBe(1);
    expect(rows[0]).toEqual({
      int8: '9007199254740993',
      numeric: '1.10',
      int4: 7,
      float8: 0.5,
      yes: true,
      nothing: null,
      at: new Date('2026-01-02T03:04:05.006Z'),
      json: { a: [1] },
      bytes: Buffer.from([0, 255]),
      texts: ['a', null, 'b,c'],
      ints: [1, 2],
      int8s: ['9007199254740993'],
      numerics: ['1.10'],
    });
  });

  test('parameters come back as they went', async () => {
    const database = await databases.open('empty');
    const at = new Date('2026-01-02T03:04:05.006Z');
    const texts = ['a', null, '{"x"}', '\\', '', 'NULL', '🙂'];
    const { rows } = await database.query(
      `select $1::text as text, $2::text[] as texts, $3::timestamptz as at, $4::bytea as bytes,
        $5::jsonb as json, $6::int4[] as ints, $7::text is null as missing`,
      ['ü🙂\n', texts, at, Buffer.from([0, 1, 255]), { a: 'b' }, [1, null, 3], null],
    );
    expect(rows[0]).toEqual({
      text: 'ü🙂\n',
      texts,
      at,
      bytes: Buffer.from([0, 1, 255]),
      json: { a: 'b' },
      ints: [1, null, 3],
      missing: true,
    });
  });

  test('a text of 5 MB goes there and back', async () => {
    const database = await databases.open('empty');
    const text = 'é-'.repeat((5 * 2 ** 20) / 3);
    const { rows } = await database.query<{ text: string }>('select $1::text as text', [text]);
    expect(rows[0]?.text === text).toBe(true);
  });

  test('a binary parameter becomes an array of vectors', async () => {
    const database = await databases.open();
    const { rows: types } = await database.query<{ oid: number }>(
      `select 'vector.halfvec'::regtype::oid::integer as oid`,
    );
    const vectors = halfvecArray(types[0]?.oid ?? 0, [
      [0x3c00, 0x3800],
      [0, 0xbc00],
    ]);
    const { rows } = await database.query(
      'select v::text from unnest($1::vector.halfvec[]) with ordinality as t (v, n) order by n',
      [vectors],
    );
    expect(rows).toEqual([{ v: '[1,0.5]' }, { v: '[0,-1]' }]);
  });

  test('rowCount counts changed rows, and the last of several statements gives the result', async () => {
    const database = await databases.open('empty');
    await database.query('create table t (n integer)');
    expect((await database.query('insert into t select generate_series(1, 3)')).rowCount).toBe(3);
    expect((await database.query('update t set n = 0 where n > 1')).rowCount).toBe(2);
    expect((await database.query('select 1 as a; select 2 as b')).rows).toEqual([{ b: 2 }]);
  });

  test('many at once are all answered', async () => {
    const database = await databases.open('empty');
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, n) => database.query('select $1::integer as n', [n])),
    );
    expect(answers.map(({ rows }) => rows[0])).toEqual(answers.map((_, n) => ({ n })));
  });
});

describeEachDatabase('failures', (databases) => {
  test.each([
    ['select * from nowhere', '42P01'],
    ['select 1 / $1::integer', '22012', [0]],
    ['selec', '42601'],
    ['select $1::integer', '22P02', ['secret']],
  ])('%s', async (sql, sqlState, values: unknown[] = []) => {
    const database = await databases.open('empty');
    const error = await failureOf(database.query(sql, values));
    expect(error).toBeInstanceOf(QueryError);
    expect(error.sqlState).toBe(sqlState);
    expect(error.message).not.toContain('secret');
    expect(error.cause).toMatchObject({ code: sqlState });
    expect((await database.query('select 1 as ok')).rows).toEqual([{ ok: 1 }]);
  });

  test('NUL is refused, in values and in the statement', async () => {
    const database = await databases.open('empty');
    for (const work of [
      () => database.query('select $1::text', ['a\0b']),
      () => database.query('select $1::text[]', [['a\0b']]),
      () => database.query(`select 'a\0b'`),
      () => database.copyIn('copy t from stdin\0', []),
    ]) {
      const error = await failureOf(work());
      expect(error).toBeInstanceOf(QueryError);
      expect(error.sqlState).toBe('22021');
      expect((error as QueryError).remedy).toContain('U+0000');
    }
    expect((await database.query('select 1 as ok')).rows).toEqual([{ ok: 1 }]);
  });

  test('a missing privilege', async () => {
    const database = await databases.open('empty');
    // Roles belong to the whole server: this one goes with its transaction.
    const error = await failureOf(
      database.transaction(async (tx) => {
        await tx.query('create table t (n integer)');
        await tx.query('create role evervec_test_nobody');
        await tx.query('set local role evervec_test_nobody');
        await tx.query('select * from public.t');
      }),
    );
    expect(error).toBeInstanceOf(PermissionError);
    expect(error.sqlState).toBe('42501');
  });

  test('what the server says stays at hand, values do not get into a log', async () => {
    const database = await databases.open('empty');
    await database.query('create table t (name text unique)');
    await database.query(`insert into t values ('secret')`);
    const error = await failureOf(database.query(`insert into t values ('secret')`));
    expect(error.sqlState).toBe('23505');
    expect((error.cause as { detail?: string }).detail).toContain('secret');
    expect(JSON.stringify(error) + JSON.stringify(error.cause)).not.toContain('secret');
    const raised = await failureOf(
      database.query(`do $$ begin raise 'mine' using hint = 'do so', errcode = '22023'; end $$`),
    );
    expect(raised).toMatchObject({ detail: 'mine', hint: 'do so', sqlState: '22023' });
  });
});

describeEachDatabase('transactions', (databases) => {
  async function opened(): Promise<Database> {
    const database = await databases.open('empty');
    await database.query('create table t (n integer primary key)');
    return database;
  }
  const countOf = async (connection: Connection) =>
    (await connection.query<{ n: number }>('select count(*)::integer as n from t')).rows[0]?.n;

  test('commit what succeeds and give its result', async () => {
    const database = await opened();
    const result = await database.transaction(async (tx) => {
      await tx.query('insert into t values (1)');
      const { rows } = await tx.query('show transaction_isolation');
      return rows[0];
    });
    expect(result).toEqual({ transaction_isolation: 'read committed' });
    expect(await countOf(database)).toBe(1);
  });

  test('roll back what fails and give its error', async () => {
    const database = await opened();
    const error = new Error('mine');
    const work = database.transaction(async (tx) => {
      await tx.query('insert into t values (1)');
      throw error;
    });
    await expect(work).rejects.toBe(error);
    expect(await countOf(database)).toBe(0);
  });

  test('an error can be survived with a savepoint', async () => {
    const database = await opened();
    await database.transaction(async (tx) => {
      await tx.query('insert into t values (1)');
      await tx.query('savepoint s');
      expect((await failureOf(tx.query('insert into t values (1)'))).sqlState).toBe('23505');
      expect((await failureOf(tx.query('select 1'))).sqlState).toBe('25P02');
      await tx.query('rollback to s');
      await tx.query('insert into t values (2)');
    });
    expect(await countOf(database)).toBe(2);
  });

  test('a swallowed error is not taken for success', async () => {
    const database = await opened();
    const error = await failureOf(
      database.transaction(async (tx) => {
        await tx.query('insert into t values (1)');
        await failureOf(tx.query('select nonsense'));
      }),
    );
    expect(error.sqlState).toBe('25P02');
    expect(await countOf(database)).toBe(0);
  });

  test('others do not see what is not committed', async () => {
    const database = await opened();
    const isWritten = new Signal('the write');
    const mayCommit = new Signal('the permission to commit');
    const work = database.transaction(async (tx) => {
      await tx.query('insert into t values (1)');
      isWritten.fire();
      await mayCommit.fired();
    });
    await isWritten.fired();
    const seen = countOf(database);
    // A real server answers the other at once; embedded, it waits for its turn and sees the commit.
    if (databases.kind === 'postgres') await seen;
    mayCommit.fire();
    await work;
    expect(await seen).toBe(databases.kind === 'postgres' ? 0 : 1);
  });

  test('50 at once are each whole', async () => {
    const database = await opened();
    await database.query('create table total (n integer)');
    await database.query('insert into total values (0)');
    await Promise.all(
      Array.from({ length: 50 }, (_, n) =>
        database.transaction(async (tx) => {
          await tx.query('insert into t values ($1)', [n]);
          await tx.query('update total set n = n + 1');
        }),
      ),
    );
    expect((await database.query('select n from total')).rows).toEqual([{ n: 50 }]);
    expect(await countOf(database)).toBe(50);
  });

  test('statements of one are run in order, awaited or not', async () => {
    const database = await opened();
    const seen = await database.transaction(async (tx) => {
      const [, count] = await Promise.all([tx.query('insert into t values (1)'), countOf(tx)]);
      void tx.query('insert into t values (2)');
      return count;
    });
    expect(seen).toBe(1);
    expect(await countOf(database)).toBe(2);
  });

  test('its connection is of no use afterwards, the database of none inside', async () => {
    const database = await opened();
    let leaked: Connection | undefined;
    await database.transaction(async (tx) => {
      leaked = tx;
      await expect(database.query('select 1')).rejects.toThrow(/inside one of its own/);
    });
    await expect(leaked?.query('select 1')).rejects.toBeInstanceOf(QueryError);
    expect((await database.query('select 1 as ok')).rows).toEqual([{ ok: 1 }]);
  });
});

describeEachDatabase('copyIn', (databases) => {
  async function opened(): Promise<Database> {
    const database = await databases.open('empty');
    await database.query('create table t (id integer, body text)');
    return database;
  }
  const sumOf = async (database: Database) =>
    (await database.query('select count(*)::integer as n, sum(id)::integer as sum from t')).rows[0];
  const ROWS = 10_000;
  const WHOLE = { n: ROWS, sum: (ROWS * (ROWS - 1)) / 2 };

  test('10,000 rows as text, in chunks that cut rows', async () => {
    const database = await opened();
    const text = Buffer.from(Array.from({ length: ROWS }, (_, n) => `${n}\tbody ${n}\n`).join(''));
    const chunks = Array.from({ length: Math.ceil(text.length / 1000) }, (_, n) =>
      text.subarray(1000 * n, 1000 * (n + 1)),
    );
    expect(await database.copyIn('copy t from stdin', chunks)).toBe(ROWS);
    expect(await sumOf(database)).toEqual(WHOLE);
  });

  test('10,000 rows as binary, from a generator', async () => {
    const database = await opened();
    async function* binary(): AsyncGenerator<Uint8Array> {
      yield Buffer.concat([Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1'), Buffer.alloc(8)]);
      for (let n = 0; n < ROWS; n += 1) {
        const row = Buffer.alloc(15);
        row.writeInt16BE(2, 0);
        row.writeInt32BE(4, 2);
        row.writeInt32BE(n, 6);
        row.writeInt32BE(1, 10);
        row.write('x', 14);
        yield new Uint8Array(row);
      }
      yield Uint8Array.of(0xff, 0xff);
    }
    const sql = 'copy t (id, body) from stdin with (format binary)';
    expect(await database.copyIn(sql, binary())).toBe(ROWS);
    expect(await sumOf(database)).toEqual(WHOLE);
  });

  test('nothing is nothing', async () => {
    const database = await opened();
    expect(await database.copyIn('copy t from stdin', [])).toBe(0);
  });

  test('what the server refuses leaves nothing and the connection usable', async () => {
    const database = await opened();
    const many = Array.from({ length: 2_000 }, () => Buffer.from('1\tx\n'.repeat(1000)));
    for (const [sql, chunks, sqlState] of [
      ['copy t from stdin', [Buffer.from('1\ta\nno\tb\n')], '22P02'],
      ['copy t from stdin', [Buffer.from('no\tb\n'), ...many], '22P02'],
      ['copy nowhere from stdin', [Buffer.from('1\n')], '42P01'],
      ['copy t from stdi', [Buffer.from('1\n')], '42601'],
    ] as const) {
      const error = await failureOf(database.copyIn(sql, chunks));
      expect(error).toBeInstanceOf(QueryError);
      expect(error.sqlState).toBe(sqlState);
      expect(await sumOf(database)).toEqual({ n: 0, sum: null });
    }
  });

  test("the source's own error comes out, and nothing is kept", async () => {
    const database = await opened();
    const mine = new Error('mine');
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield Buffer.from('1\ta\n');
      throw mine;
    }
    await expect(database.copyIn('copy t from stdin', broken())).rejects.toBe(mine);
    await expect(
      database.transaction(async (tx) => {
        await tx.query('insert into t values (5)');
        await tx.copyIn('copy t from stdin', broken());
      }),
    ).rejects.toBe(mine);
    expect(await sumOf(database)).toEqual({ n: 0, sum: null });
  });

  test('in a transaction', async () => {
    const database = await opened();
    await database.transaction(async (tx) => {
      await tx.query('insert into t values (1)');
      expect(await tx.copyIn('copy t from stdin', [Buffer.from('2\ta\n')])).toBe(1);
    });
    expect(await sumOf(database)).toEqual({ n: 2, sum: 3 });
  });
});

describeEachDatabase('listen', (databases) => {
  test('is told of each notification, also from another client and about odd channels', async () => {
    const place = await databases.create('empty');
    const [listening, other] = [await place.open(), await place.open()];
    const channels = ['evervec', 'My "Channel"'];
    for (const channel of channels) {
      const heard = new Signal(`the notification on ${channel}`);
      await listening.listen(channel, heard.fire);
      await other.query(`select pg_notify($1, '')`, [channel]);
      await expect(heard.fired()).resolves.toBeUndefined();
    }
  });

  test('both of two clients hear, each only its channels, none after it stopped', async () => {
    const place = await databases.create('empty');
    const clients = [await place.open(), await place.open()] as const;
    const heard: string[] = [];
    const end = clients.map((_, index) => new Signal(`the last one at client ${index}`));
    const stop = await clients[0].listen('stopped', () => heard.push('stopped'));
    await clients[0].listen('a', () => heard.push('0 a'));
    await clients[1].listen('b', () => heard.push('1 b'));
    for (const [index, client] of clients.entries())
      await client.listen('end', end[index]?.fire ?? (() => {}));
    await stop();
    for (const channel of ['stopped', 'a', 'b', 'end'])
      await clients[0].query('select pg_notify($1, $2)', [channel, '']);
    await Promise.all(end.map((signal) => signal.fired()));
    expect(heard.sort()).toEqual(['0 a', '1 b']);
  });

  test('is not told of what was rolled back', async () => {
    const database = await databases.open('empty');
    const heard: string[] = [];
    const end = new Signal('the last one');
    await database.listen('lost', () => heard.push('lost'));
    await database.listen('end', end.fire);
    await failureOf(
      database.transaction(async (tx) => {
        await tx.query('notify lost');
        throw new Error('mine');
      }),
    );
    await database.query('notify "end"');
    await end.fired();
    expect(heard).toEqual([]);
  });
});

describeEachDatabase('close', (databases) => {
  test('finishes what is under way, refuses what comes later, twice is harmless', async () => {
    const place = await databases.create('empty');
    const database = await place.open();
    await database.query('create table t (n integer)');
    const begun = new Signal('the transaction');
    const underWay = database.transaction(async (tx) => {
      begun.fire();
      await tx.query('insert into t values (1)');
      await tx.query('select pg_sleep(0.2)');
    });
    const waiting = Array.from({ length: 20 }, () => database.query('insert into t values (2)'));
    await begun.fired();
    const closing = database.close();
    const late = await failureOf(database.query('select 1'));
    expect(late).toBeInstanceOf(DatabaseUnreachableError);
    await Promise.all([underWay, ...waiting, closing, database.close()]);
    const again = await place.open();
    expect((await again.query('select count(*)::integer as n from t')).rows).toEqual([{ n: 21 }]);
  });

  test('a listening database closes', async () => {
    const database = await databases.open('empty');
    await database.listen('x', () => {});
    await database.close();
    await expect(database.listen('y', () => {})).resolves.toBeTypeOf('function');
  });
});

describeEachDatabase('names', (databases) => {
  test('statements run in a schema of another name', async () => {
    const place = await databases.create('empty');
    const database = await place.open({ schema: 'My Schema' });
    expect(database.schema).toBe('My Schema');
    await database.query('create schema "My Schema"');
    await database.query('create extension vector');
    await database.refresh();
    await database.query(`create sequence evervec.s;
      create table evervec.t (id bigint default nextval('evervec.s'), v vector.halfvec(2));
      create function evervec.f() returns bigint language sql as $$ select count(*) from evervec.t $$`);
    await database.query(`insert into evervec.t (v) values ($1::vector.halfvec)`, ['[1,2]']);
    await database.copyIn('copy evervec.t (v) from stdin', [Buffer.from('[3,4]\n')]);
    const { rows } = await database.query(
      `select evervec.f(), min(id) as id, min(v operator(vector.<->) '[1,2]') as d from evervec.t`,
    );
    expect(rows).toEqual([{ f: '2', id: '1', d: 0 }]);
    const { rows: tables } = await database.query(
      `select nspname from pg_class c join pg_namespace n on n.oid = relnamespace where relname = 't'`,
    );
    expect(tables).toEqual([{ nspname: 'My Schema' }]);
  });

  test('capabilities say what is there, and refresh what came', async () => {
    const database = await databases.open('empty');
    expect(database.capabilities).toMatchObject({
      kind: databases.kind,
      vectorVersion: null,
      vectorSchema: null,
      vectorType: databases.kind === 'embedded' ? 'vector' : 'halfvec',
      connections: databases.kind === 'embedded' ? 1 : 10,
    });
    expect(database.capabilities.serverVersion).toBeGreaterThanOrEqual(150_000);
    await database.query('create schema ext');
    await database.query('create extension vector with schema ext');
    await database.refresh();
    expect(database.capabilities.vectorSchema).toBe('ext');
    expect(database.capabilities.vectorVersion).toMatch(/^\d+\.\d+\.\d+$/);
    expect((await database.query(`select '[1]'::vector.vector as v`)).rows).toEqual([{ v: '[1]' }]);
  });
});
