/**
 * What a writer pays for being captured: one INSERT … SELECT of 100,000 rows, with and without Evervec's triggers.
 * Beside it, for the reader, what a row-level trigger costs that upserts into a queue table shaped like
 * `evervec.jobs`, the way most do it.
 */
import type { Client } from 'pg';
import { openArticles, prepareArticles, settleServer } from './articles.ts';
import { alternate, type Bench, ratiosOf, spreadOf } from './bench.ts';
import { ScratchDatabases, seconds, withClient } from './scratch-databases.ts';

const ROWS = 100_000;
const RUNS = 7;
const COLUMNS = ['title', 'body'];
const INSERT = 'insert into articles select * from staging';

const ROW_TRIGGER = `
create table jobs (
  id bigint generated always as identity primary key, source_id integer not null,
  record_key text collate "C" not null, lane_id integer not null, priority smallint not null, state smallint not null,
  generation bigint not null, attempts smallint not null default 0, crashes smallint not null default 0,
  ready_at timestamptz not null default now(), enqueued_at timestamptz not null, claim_token bigint,
  claim_generation bigint, lease_until timestamptz, worker_id uuid, last_error text, unique (source_id, record_key)
) with (fillfactor = 70);
create index on jobs (lane_id, priority, ready_at, id) where state = 0;
create index on jobs (ready_at) where state = 2;
create index on jobs (lease_until) where state = 1;
create sequence generation_seq;
create function enqueue() returns trigger language plpgsql as $$ begin
  insert into jobs (source_id, record_key, lane_id, priority, state, generation, enqueued_at)
  values (1, new.id::text, 1, 0, 0, nextval('generation_seq'), now())
  on conflict (source_id, record_key) do update set generation = excluded.generation;
  return null;
end $$;
create trigger enqueue after insert or update on articles for each row execute function enqueue()`;

async function timedInsert(client: Client): Promise<number> {
  await settleServer(client);
  return await seconds(() => client.query(INSERT));
}

export const bench: Bench = {
  name: 'capture',
  claim: 'bulk insert of 100,000 rows with capture ÷ the same insert without, seconds',
  aim: { text: '≤ 1.4 × the time', ratio: 1.4, bound: 'at most' },

  async run({ runs = RUNS, rows = ROWS, note }) {
    const databases = await ScratchDatabases.open();
    try {
      const template = await prepareArticles(databases, rows, COLUMNS);
      const bare = () => databases.use((url) => withClient(url, timedInsert), template);
      const captured = () =>
        databases.use(async (url) => {
          const evervec = await openArticles(url, { text: COLUMNS });
          await evervec.setup();
          await evervec.close();
          return await withClient(url, timedInsert);
        }, template);
      const upserting = () =>
        databases.use(
          (url) =>
            withClient(url, async (client) => {
              await client.query(ROW_TRIGGER);
              return await timedInsert(client);
            }),
          template,
        );
      const times = await alternate(
        runs,
        {
          'without capture': bare,
          'with capture': captured,
          'row trigger that upserts': upserting,
        },
        note,
        { warmUp: true },
      );
      return {
        figures: {
          'without capture, s': spreadOf(times['without capture']),
          'with capture, s': spreadOf(times['with capture']),
          'row trigger that upserts, s': spreadOf(times['row trigger that upserts']),
          'row trigger that upserts, ratio': spreadOf(
            ratiosOf(times['row trigger that upserts'], times['without capture']),
          ),
        },
        ratio: spreadOf(ratiosOf(times['with capture'], times['without capture'])),
      };
    } finally {
      await databases.close();
    }
  },
};
