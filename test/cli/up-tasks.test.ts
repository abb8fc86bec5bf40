/** An upload that was accepted survives the end of the server, whichever it is. */
import { expect, test } from 'vitest';
import type { TaskStatus } from '../../src/document/index.ts';
import { commandFolder } from '../setup/command.ts';
import { eventually } from '../setup/signal.ts';

const LINES = 4_000;

test('an import goes on where it was when the server is killed over it', async () => {
  await using folder = await commandFolder();
  await folder.write('evervec.config.mjs', 'export default { sources: {} };');
  const serve = async () => {
    const up = folder.start(['up', '--port', '0']);
    const [, url = ''] = await up.until(/is up: (http:\S+)/);
    const taskOf = async (id: string) => {
      const { task } = (await (await fetch(`${url}/v1/tasks/${id}`)).json()) as {
        task: TaskStatus;
      };
      return task;
    };
    return { up, url, taskOf };
  };
  const first = await serve();
  const lines = Array.from({ length: LINES }, (_, index) =>
    JSON.stringify({ title: `T${index}`, text: `number ${index}`, origin: `${index}` }),
  );
  const accepted = await fetch(`${first.url}/v1/imports?collection=many`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-ndjson' },
    body: lines.join('\n'),
  });
  const { task } = (await accepted.json()) as { task: TaskStatus };
  const before = await eventually(
    'a part of the import',
    async () => {
      const now = await first.taskOf(task.id);
      return now.finished > 0 ? now : undefined;
    },
    60_000,
  );
  first.up.kill('SIGKILL');
  await first.up.ended;
  expect(before.state).toBe('running');
  expect(before.finished).toBeLessThan(LINES);

  const second = await serve();
  const after = await eventually(
    'the rest of it',
    async () => {
      const now = await second.taskOf(task.id);
      return now.finished_at === null ? undefined : now;
    },
    // Until the lease is over nobody knows that it is not worked on.
    120_000,
  );
  expect(after).toMatchObject({ state: 'done', attempts: 2, finished: LINES });
  expect(after.counts.added + after.counts.unchanged).toBe(LINES);
  const listed = await fetch(`${second.url}/v1/documents?limit=1`);
  expect(await listed.json()).toMatchObject({ total: LINES });
  second.up.kill('SIGTERM');
  expect(await second.up.ended).toMatchObject({ code: 0 });
}, 300_000);
