import { createEvervec } from '../src/index.ts';
import { openPostgres } from '../src/database/index.ts';
import { fold, complete } from '../src/queue/index.ts';
import { ScratchDatabases, withClient } from './scratch-databases.ts';
import { randomUUID } from 'node:crypto';
const databases = await ScratchDatabases.open();
const url = await databases.create();
try {
  await withClient(url, (c) => c.query('create table items (id integer primary key, body text not null)'));
  const db = await openPostgres({ url });
  const e = await createEvervec({ sources: { items: { table: 'items', text: ['body'] } } }, { database: db });
  await e.setup();
  let t = performance.now();
  await db.query(`insert into items select id, 'body ' || id from generate_series(1, 100000) id`);
  console.log('insert', performance.now() - t);
  const limit = Number(process.argv[2] ?? 1000);
  let tf = 0, tc = 0, n = 0;
  t = performance.now();
  for (;;) {
    let a = performance.now();
    const f = await fold(db, { workerId: randomUUID(), limit, leaseMs: 60000, sourceIds: null, entries: Math.max(16, 2 * limit / 1000) });
    tf += performance.now() - a;
    if (!f.claim) break;
    a = performance.now();
    await complete(db, f.claim.token, f.claim.jobs);
    tc += performance.now() - a;
    n += f.claim.jobs.length;
  }
  console.log({ n, total: performance.now() - t, tf, tc });
  if (process.argv[3]) {
   await withClient(url, async (c) => {
    await c.query(`load 'auto_explain'; set auto_explain.log_min_duration=0; set auto_explain.log_analyze=on; set auto_explain.log_nested_statements=on; set client_min_messages=log; set auto_explain.log_buffers=on`);
    c.on('notice', (m) => console.log(m.message));
    await c.query(`insert into items select id, 'body ' || id from generate_series(200001, 210000) id`);
    const conn = { query: async (q: string, v: any) => { const r = await c.query(q.replaceAll("vector.", "public."), v); return { rows: r.rows, rowCount: r.rowCount }; } } as any;
    const f = await fold(conn, { workerId: randomUUID(), limit, leaseMs: 60000, sourceIds: null, entries: 16 });
    await complete(conn, f.claim!.token, f.claim!.jobs);
   });
  }
  await db.close();
} finally { await databases.close(); }
