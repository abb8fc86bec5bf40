/** Tasks that outlive who does them: stopped, hung, cancelled, given up; and what comes at once. */
import { expect, it } from 'vitest';
import { textContent } from '../../src/document/index.ts';
import { describeEachDatabase } from '../setup/each-database.ts';
import { eventually, Signal } from '../setup/signal.ts';
import { startServer, TOKENS } from './documents-fixture.ts';

/** More than are taken in at once. */
const LINES = 100;
/** In the second batch. */
const HELD_AT = 70;
const FIRST_BATCH = 64;

const lines = (count = LINES) =>
  Array.from({ length: count }, (_, index) =>
    JSON.stringify({ title: `T${index + 1}`, text: `text number ${index + 1}` }),
  ).join('\n');

type Server = Awaited<ReturnType<typeof startServer>>;

async function importLines({ ask }: Server, body = lines(), query = 'collection=many') {
  const headers = { 'content-type': 'application/x-ndjson' };
  const accepted = await ask('POST', `/v1/imports?${query}`, { body, headers });
  expect(accepted.status).toBe(202);
  return accepted.body.task.id as string;
}

/** A runner that waits before an item of the second batch, until it is let go. */
async function holdAt(server: Server, item: number, leaseMs = 3_600_000) {
  const reached = new Signal(`item ${item}`);
  const letGo = new Signal('the go');
  const runner = await server.runTasks({
    leaseMs,
    beforeItem: async (number) => {
      if (number !== item) return;
      reached.fire();
      await letGo.fired(60_000);
    },
  });
  await reached.fired(60_000);
  // One batch is written while the next is read.
  await eventually(
    'the first batch is taken in',
    async () => (await total(server)) === FIRST_BATCH || undefined,
  );
  return { runner, letGo: letGo.fire };
}

const total = async ({ evervec }: Server) => (await evervec.documents.list()).total;

describeEachDatabase('documents and their collection', ({ open }) => {
  it('come and go at once without a fault', async () => {
    const server = await startServer(await open());
    const { documents } = server.evervec;
    const add = (round: number, index: number) =>
      documents.addAll(
        // Some that are there, and some that are not.
        [`${round} ${index}`, 'a', 'b', `${index}`].map((text) => ({
          collection: 'brief',
          origin: null,
          title: 'A',
          content: textContent(text),
        })),
        { by: 'tester' },
      );
    for (let round = 0; round < 10; round++) {
      const [one, two, answer, three] = await Promise.all([
        add(round, 1),
        add(round, 2),
        server.ask('DELETE', '/v1/collections/brief?confirm=true'),
        add(round, 3),
      ]);
      expect([200, 404]).toContain(answer.status);
      for (const result of [one, two, three].flat()) expect(result).toHaveProperty('saved');
    }
    await server.ask('DELETE', '/v1/collections/brief?confirm=true');
    expect(await total(server)).toBe(0);
  });
});

describeEachDatabase('tasks', ({ open }) => {
  it('go on after what is over, when who did them is stopped', async () => {
    const server = await startServer(await open());
    const id = await importLines(server);
    const { runner, letGo } = await holdAt(server, HELD_AT);
    const stopped = runner.stop();
    letGo();
    await stopped;
    expect(await server.evervec.tasks.get(id)).toMatchObject({ state: 'waiting', attempts: 0 });
    expect(await total(server)).toBe(FIRST_BATCH);
    await server.runTasks();
    const task = await server.over(id);
    expect(task).toMatchObject({ state: 'done', attempts: 1, items: LINES, finished: LINES });
    expect(task.counts).toMatchObject({ added: LINES, skipped: 0, failed: 0 });
    expect(task.results).toHaveLength(100);
    expect(await total(server)).toBe(LINES);
  });

  it('are taken from who hangs, who then writes nothing', async () => {
    const server = await startServer(await open());
    const id = await importLines(server);
    const hung = await holdAt(server, HELD_AT);
    await server.database.query(`update evervec.tasks set lease_until = now() - interval '1 s'`);
    const other = await server.runTasks();
    const task = await server.over(id);
    expect(task).toMatchObject({ state: 'done', attempts: 2, finished: LINES });
    await other.stop();
    await server.evervec.documents.deleteCollection('many', 'tester');
    hung.letGo();
    // It comes to its next task when it is through with this one.
    await server.over(await importLines(server, lines(2), 'collection=next'));
    expect(await total(server)).toBe(2);
    expect(await server.evervec.tasks.get(id)).toEqual(task);
  });

  it('are cancelled: what was taken in stays, and the next one is done', async () => {
    const server = await startServer(await open());
    const id = await importLines(server);
    const { letGo } = await holdAt(server, HELD_AT);
    const next = await importLines(server, lines(2), 'collection=next');
    const cancelled = await server.ask('POST', `/v1/tasks/${id}/cancel`);
    expect(cancelled.body).toMatchObject({ cancelled: true, task: { state: 'cancelled' } });
    letGo();
    expect(await server.over(next)).toMatchObject({ state: 'done', finished: 2 });
    expect(await total(server)).toBe(FIRST_BATCH + 2);
    expect((await server.ask('POST', `/v1/tasks/${id}/cancel`)).body.cancelled).toBe(false);
    const { rows } = await server.database.query('select from evervec.task_files');
    expect(rows).toHaveLength(0);
  });

  it('leave deleted what is deleted while they run', async () => {
    const server = await startServer(await open());
    const id = await importLines(server);
    const { letGo } = await holdAt(server, HELD_AT);
    const { documents } = (await server.ask('GET', '/v1/documents?limit=1')).body;
    expect((await server.ask('DELETE', `/v1/documents/${documents[0].id}`)).status).toBe(200);
    letGo();
    expect(await server.over(id)).toMatchObject({ state: 'done', counts: { added: LINES } });
    expect(await total(server)).toBe(LINES - 1);
    await server.drain();
    const { rows } = await server.database.query<{ key: string }>(
      'select distinct record_key as key from evervec.chunks_1',
    );
    expect(rows).toHaveLength(LINES - 1);
    expect(rows.map(({ key }) => key)).not.toContain(documents[0].id);
  });

  it('take in one document where many bring the same at once', async () => {
    const server = await startServer(await open(), { handler: { upload: { concurrency: 20 } } });
    for (let runner = 0; runner < 3; runner++) await server.runTasks();
    const file = { 'same.txt': 'the same words' };
    const uploads = Array.from({ length: 6 }, () => server.upload(file));
    const texts = Array.from({ length: 6 }, (_, index) => {
      const json = { title: `T${index}`, text: 'others, without an origin', collection: 'default' };
      return server.ask('POST', '/v1/documents', { json });
    });
    const ids = (await Promise.all(uploads)).map(({ body }) => body.task.id as string);
    const outcomes = (await Promise.all(texts)).map(({ body }) => body.outcome as string);
    for (const id of ids) expect(await server.over(id)).toMatchObject({ state: 'done' });
    expect(outcomes.filter((outcome) => outcome === 'added')).toHaveLength(1);
    expect(await total(server)).toBe(2);
  });

  it('tell of each line what became of it, and of all where nothing could be read', async () => {
    const server = await startServer(await open());
    await server.runTasks();
    const body = `{"title": "A", "text": "one"}\nno json\n{"title": "B"}\n\n{"title": "C", "text": "two", "tier": "gold"}\n`;
    const task = await server.over(await importLines(server, body, 'collection=c&tags=x,y'));
    expect(task).toMatchObject({ state: 'done', items: 4, counts: { added: 1, failed: 3 } });
    expect(task.results).toMatchObject([
      { label: 'line 1', outcome: 'added', error: null },
      { label: 'line 2', outcome: 'failed', error: { code: 'EVERVEC_DOCUMENT:field' } },
      { label: 'line 3', outcome: 'failed' },
      { label: 'line 5', outcome: 'failed', error: { message: expect.stringContaining('"gold"') } },
    ]);
    const csv = async (rows: string) => {
      const headers = { 'content-type': 'text/csv; charset=utf-8' };
      const { body: accepted } = await server.ask('POST', '/v1/imports', { body: rows, headers });
      return await server.over(accepted.task.id);
    };
    expect(await csv('title,content\nD,three\n')).toMatchObject({ counts: { added: 1 } });
    expect(await csv('name,words\nD,three\n')).toMatchObject({
      state: 'failed',
      error: {
        code: 'EVERVEC_CONFIG',
        message: 'The first line of the body has no column "title".',
      },
    });
    const exported = await server.ask('GET', '/v1/documents.jsonl?collection=c');
    expect(exported.body.text).toMatch(/^\{"collection":"c","origin":null,"title":"A".*\}\n$/);
    const same = await server.over(await importLines(server, exported.body.text, ''));
    expect(same).toMatchObject({ counts: { added: 0, failed: 0 } });
  });

  it('are given up where each attempt ends its process, and forgotten when they are old', async () => {
    const server = await startServer(await open());
    const id = await importLines(server, lines(1));
    await server.database.query(
      `update evervec.tasks set state = 'running', attempts = 5, claim_token = gen_random_uuid(),
        lease_until = now() - interval '1 s'`,
    );
    const runner = await server.runTasks();
    expect(await server.over(id)).toMatchObject({
      state: 'failed',
      error: { code: 'EVERVEC_TASK_GIVEN_UP' },
    });
    await runner.stop();
    await server.database.query(`update evervec.tasks set finished_at = now() - interval '31 days';
      delete from evervec.maintenance`);
    const next = await importLines(server, lines(1));
    await server.runTasks();
    await server.over(next);
    expect(await server.evervec.tasks.get(id)).toBeNull();
  });

  it('are seen by who made them and by admins', async () => {
    const server = await startServer(await open());
    const id = await importLines(server, lines(1));
    const { token } = TOKENS.writer;
    expect((await server.ask('GET', `/v1/tasks/${id}`, { token })).status).toBe(404);
    expect((await server.ask('POST', `/v1/tasks/${id}/cancel`, { token })).status).toBe(404);
    expect((await server.ask('GET', '/v1/tasks', { token })).body).toEqual({ tasks: [] });
    expect((await server.ask('GET', '/v1/tasks?state=waiting')).body.tasks).toMatchObject([
      { id, state: 'waiting' },
    ]);
    await server.database.query(`update evervec.tasks set made_by = 'http writer'`);
    expect((await server.ask('GET', `/v1/tasks/${id}`, { token })).status).toBe(200);
  });
});
