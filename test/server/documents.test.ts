/** Documents over HTTP: the whole way of a file, tasks that outlive who does them, and who sees what. */
import { expect, it } from 'vitest';
import { describeEachDatabase } from '../setup/each-database.ts';
import { startServer, TOKENS } from './documents-fixture.ts';

describeEachDatabase('documents over HTTP', ({ open }) => {
  it('go from a file to search, versions, the way back and the end', async () => {
    const { ask, upload, runTasks, over, drain } = await startServer(await open());
    await runTasks();
    const accepted = await upload(
      { '2024-01-31_Smith_On-Tides.txt': 'The moon pulls the sea.' },
      { collection: 'papers', tags: 'sea, moon', metadata: '{"language": "en"}', summary: 'new' },
    );
    expect(accepted.status).toBe(202);
    const { task } = accepted.body;
    expect(accepted.headers.get('location')).toBe(`/v1/tasks/${task.id}`);
    await over(task.id);
    const done = (await ask('GET', `/v1/tasks/${task.id}`)).body['task'];
    expect(done).toMatchObject({ state: 'done', made_by: 'http token', items: 1, finished: 1 });
    const [result] = done.results;
    expect(result).toMatchObject({ number: 1, outcome: 'added', version: 1, error: null });

    const path = `/v1/documents/${result.id}`;
    expect((await ask('GET', path)).body).toMatchObject({
      collection: 'papers',
      title: 'On Tides',
      author: 'Smith',
      published: '2024-01-31',
      tags: ['sea', 'moon'],
      tier: 'free',
      metadata: { language: 'en' },
      origin: '2024-01-31_Smith_On-Tides.txt',
      text: 'The moon pulls the sea.',
    });
    expect((await ask('GET', `${path}?text=false`)).body).not.toHaveProperty('text');
    await drain();
    const search = async (query: string) =>
      (await ask('POST', '/v1/search', { json: { query, mode: 'text' } })).body['hits'];
    expect(await search('moon')).toMatchObject([{ source: 'documents', key: result.id }]);

    const again = await upload(
      { '2024-01-31_Smith_On-Tides.txt': 'The moon and the sun pull the sea.' },
      { collection: 'papers', summary: 'the sun, too' },
    );
    await over(again.body['task'].id);
    await drain();
    expect(await search('sun')).toHaveLength(1);
    const { versions } = (await ask('GET', `${path}/versions`)).body;
    expect(versions).toMatchObject([
      { version: 2, summary: 'the sun, too', changed_by: 'http token' },
      { version: 1, summary: 'new' },
    ]);
    const diff = await ask('GET', `${path}/diff?from=1&to=2&unit=words`);
    expect(diff.body).toMatchObject({ unit: 'words', added: 4, removed: 1, is_coarse: false });

    const back = await ask('POST', `${path}/rollback`, { json: { version: 1, summary: 'no' } });
    expect(back.body).toEqual({ version: 3 });
    expect((await ask('POST', `${path}/rollback`, { json: { version: 1 } })).body).toEqual({
      version: null,
    });
    await drain();
    expect(await search('sun')).toEqual([]);
    const changed = await ask('PATCH', path, { json: { author: null, type: 'guide' } });
    expect(changed.body).toMatchObject({ author: null, type: 'guide', version: 3 });
    expect((await ask('GET', '/v1/documents?type=guide')).body).toMatchObject({ total: 1 });
    expect((await ask('DELETE', path)).body).toEqual({ deleted: 1 });
    expect((await ask('GET', path)).status).toBe(404);
    expect(await search('moon')).toEqual([]);
  });

  it('takes a text at once', async () => {
    const { ask } = await startServer(await open());
    const json = { collection: 'notes', title: 'A', text: 'one', origin: 'a' };
    const first = await ask('POST', '/v1/documents', { json });
    expect([first.status, first.body]).toEqual([
      201,
      { id: expect.any(String), version: 1, outcome: 'added' },
    ]);
    const same = await ask('POST', '/v1/documents', { json });
    expect([same.status, same.body['outcome']]).toEqual([200, 'unchanged']);
    const other = await ask('POST', '/v1/documents', { json: { ...json, text: 'two' } });
    expect(other.body).toMatchObject({ id: first.body['id'], version: 2, outcome: 'version' });
    const refused = await ask('POST', '/v1/documents', { token: TOKENS.writer.token, json });
    expect(refused.status).toBe(403);
  });
});
