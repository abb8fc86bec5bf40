/** The state of a large queue: right below the limit, "that many or more" above it, and quick. The time is printed. */
import { expect, test } from 'vitest';
import { QueueAdmin } from '../../src/engine/index.ts';
import { describeEachDatabase } from '../setup/each-database.ts';
import { addSource } from '../setup/queue-fixture.ts';

const FILL = `
insert into evervec.jobs (source_id, record_key, lane_id, priority, state, generation, enqueued_at,
  attempts, last_error, first_failed_at, failed_at)
select source.id, n::text, source.lane_id, 0, 3, n, now(), 5, 'TypeError', now(), now() + n * interval '1 ms'
from evervec.sources source, generate_series(1, $2) n where source.id = $1`;

async function median(work: () => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let run = 0; run < 9; run++) {
    const started = performance.now();
    await work();
    times.push(performance.now() - started);
  }
  return times.toSorted((a, b) => a - b)[4] ?? 0;
}

describeEachDatabase('a large queue', (databases) => {
  const parked = databases.kind === 'postgres' ? 1_000_000 : 50_000;

  test(`${parked} parked: status, failed, health`, { timeout: 300_000 }, async () => {
    const database = await databases.open();
    const [large, small] = [await addSource(database, 'large'), await addSource(database, 'small')];
    const admin = new QueueAdmin(database);
    const emptyMs = await median(() => admin.status());
    await database.query(FILL, [small, 9_999]);
    expect(await admin.status()).toMatchObject({ counts: { parked: 9_999 }, at_least: [] });
    await database.query(FILL, [large, parked]);
    const status = await admin.status();
    expect(status).toMatchObject({
      counts: { parked: 19_999, ready: 0 },
      count_limit: 10_000,
      at_least: ['parked'],
      lanes: { large: { parked: 10_000 }, small: { parked: 9_999 } },
    });
    expect((await admin.failed({ limit: 1 })).jobs).toMatchObject([{ key: String(parked) }]);
    const times = {
      empty: emptyMs,
      status: await median(() => admin.status()),
      failed: await median(() => admin.failed()),
      health: await median(() => admin.health()),
    };
    const shown = Object.entries(times).map(([name, ms]) => `${name} ${ms.toFixed(1)} ms`);
    process.stderr.write(`${databases.kind}, ${parked} parked: ${shown.join(', ')}\n`);
  });

  test('the oldest ready job is found whatever its priority', async () => {
    const database = await databases.open();
    const source = await addSource(database, 'a');
    const admin = new QueueAdmin(database);
    await database.query(
      `insert into evervec.jobs (source_id, record_key, lane_id, priority, state, generation, enqueued_at, ready_at)
      select source.id, n::text, source.lane_id, n, 0, n, now(), now() - (case n when 40 then 500 else 5 end) * interval '1 s'
      from evervec.sources source, generate_series(0, 90) n where source.id = $1`,
      [source],
    );
    const { oldest_ready_s } = await admin.status();
    expect(Math.round((oldest_ready_s ?? 0) / 100)).toBe(5);
  });
});
