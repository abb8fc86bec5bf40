/** The hook of a write: told in its transaction which records stand in the space now, and at which revision they were read. */
import { expect, test } from 'vitest';
import { createRecordChunker } from '../../src/chunk/index.ts';
import type { Connection, Database } from '../../src/database/index.ts';
import { resolveModel } from '../../src/embed/index.ts';
import type { LeasedJob } from '../../src/queue/index.ts';
import { findSource, resolveSource } from '../../src/source/index.ts';
import { findElementOids, spacesOf } from '../../src/space/index.ts';
import { createEmbedRecords, type WrittenRecord } from '../../src/worker/index.ts';
import { createDigestModel } from '../setup/digest-model.ts';
import { describeEachDatabase } from '../setup/each-database.ts';
import { keep, sidecar } from '../source/fixture.ts';

const OPTIONS = { table: 'items', text: ['body'] };

function jobOf(key: string): LeasedJob {
  return { id: key, sourceId: 1, recordKey: key, origin: null, attempts: 0, crashes: 0 };
}

/** A handler of what `keep` has set up, whose source names a revision. */
async function handlerOf(
  database: Database,
  onWritten: (tx: Connection, records: readonly WrittenRecord[]) => Promise<void>,
) {
  await database.query('create table items (id integer primary key, body text, version bigint)');
  await database.query(
    `insert into items values (1, 'one', 11), (2, 'two', 9007199254740993), (3, 'three', null)`,
  );
  await keep(database, { items: OPTIONS });
  const row = await findSource(database, 'items');
  const source = await resolveSource(database, 'items', OPTIONS);
  const [space] = await spacesOf(database, row?.id ?? 0);
  if (space === undefined) throw new Error('no space');
  const handle = createEmbedRecords({
    database,
    logId: row?.log_id ?? 0,
    source: {
      ...source,
      revision: source.table.columns.find(({ name }) => name === 'version') ?? null,
    },
    space,
    model: await resolveModel(createDigestModel()),
    chunker: createRecordChunker(),
    oids: await findElementOids(database),
    onWritten,
  });
  return async (jobs: readonly LeasedJob[]) => {
    const { ready, write } = await handle(jobs, new AbortController().signal);
    if (write === null) throw new Error('nothing to write');
    return {
      ready: ready.map(({ recordKey }) => recordKey).toSorted(),
      write: (owned: readonly LeasedJob[]) => database.transaction((tx) => write(tx, owned)),
    };
  };
}

describeEachDatabase('what is told of a write', (databases) => {
  test('is each record whose job is still owned, changed or not, but none that is gone', async () => {
    const database = await databases.open();
    const told: WrittenRecord[] = [];
    const handle = await handlerOf(database, async (tx, records) => {
      await tx.query('select 1');
      told.push(...records);
    });
    await database.query(`delete from items where id = 3`);
    await database.query(`update items set body = 'another' where id = 1`);
    const jobs = ['1', '2', '3'].map(jobOf);
    const prepared = await handle(jobs);
    expect(prepared.ready).toEqual(['1', '2', '3']);
    // Read before it changed.
    await database.query('update items set version = version + 1');
    await prepared.write(jobs.slice(1));
    expect(told).toEqual([{ key: '2', revision: '9007199254740993' }]);
    await prepared.write(jobs);
    expect(told.slice(1)).toEqual([
      { key: '1', revision: '11' },
      { key: '2', revision: '9007199254740993' },
    ]);
  });

  test('is a write of its own where no chunk changed, and undoes it where it throws', async () => {
    const database = await databases.open();
    let isRefused = false;
    const handle = await handlerOf(database, async () => {
      if (isRefused) throw new Error('refused');
    });
    await (await handle([jobOf('1')])).write([jobOf('1')]);
    isRefused = true;
    await database.query(`update items set body = 'another' where id = 1`);
    const other = await handle([jobOf('1')]);
    await expect(other.write([jobOf('1')])).rejects.toThrow('refused');
    expect((await sidecar(database))[0]?.text).toBe('one');
  });

  test('is nothing of a batch with rows that are gone only', async () => {
    const database = await databases.open();
    const handle = await handlerOf(database, async () => {
      throw new Error('told');
    });
    await database.query('delete from items');
    const { write } = await handle([jobOf('1')]);
    await write([jobOf('1')]);
    expect((await sidecar(database)).map(({ key }) => key)).toEqual(['2', '3']);
  });
});
