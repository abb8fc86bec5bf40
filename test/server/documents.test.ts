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

  it('take each file for itself', async () => {
    const { ask, upload, runTasks, over } = await startServer(await open());
    await runTasks();
    const { body } = await upload({
      'a.md': '---\nauthor: Ada\n---\n# About tides\n\nThe moon.',
      'b.pdf': '%PDF-1.4\nnothing that is one',
      'c.bin': '\u0000\u0001\u0002',
      'd.html': '<title>Moons</title><article><p>There are many moons.</p></article>',
    });
    const task = await over(body.task.id);
    expect(task).toMatchObject({ state: 'done', items: 4, counts: { added: 2, failed: 2 } });
    const told = task.results.map(({ label, outcome, error }) => [label, outcome, error?.code]);
    expect(told).toEqual([
      ['a.md', 'added', undefined],
      ['b.pdf', 'failed', expect.stringMatching(/^EVERVEC_EXTRACTION/)],
      ['c.bin', 'failed', expect.stringMatching(/^EVERVEC_EXTRACTION/)],
      ['d.html', 'added', undefined],
    ]);
    expect((await ask('GET', '/v1/documents')).body.documents).toMatchObject([
      { title: 'About tides', author: 'Ada', format: 'markdown' },
      { title: 'Moons', format: 'html' },
    ]);
    const nothing = await over((await upload({ 'b.pdf': '%PDF-1.4' })).body.task.id);
    expect(nothing).toMatchObject({ state: 'failed', error: null, counts: { failed: 1 } });
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

  it('show a token what its tiers have, and nothing of the others', async () => {
    const { ask } = await startServer(await open());
    const add = async (title: string, tier: string, collection: string) => {
      const json = { title, text: `text of ${title}`, tier, collection, origin: title };
      return (await ask('POST', '/v1/documents', { json })).body.id as string;
    };
    const open1 = await add('Open', 'free', 'mixed');
    const hidden = await add('Hidden', 'premium', 'mixed');
    await add('Secret', 'premium', 'hidden');
    const as = (token: string, method: string, path: string, json?: unknown) =>
      ask(method, path, { token, ...(json !== undefined && { json }) });
    const { reader, premium, writer } = TOKENS;
    const titles = async (token: string, query = '') => {
      const { documents, total } = (await as(token, 'GET', `/v1/documents${query}`)).body;
      return [documents.map(({ title }: { title: string }) => title), total];
    };
    expect(await titles(reader.token)).toEqual([['Open'], 1]);
    expect(await titles(reader.token, '?tier=premium')).toEqual([[], 0]);
    expect(await titles(reader.token, '?limit=1&offset=1')).toEqual([[], 1]);
    expect(await titles(premium.token)).toEqual([['Secret', 'Hidden', 'Open'], 3]);
    const collections = async (token: string) =>
      (await as(token, 'GET', '/v1/collections')).body.collections.map(
        ({ name, documents }: { name: string; documents: number }) => [name, documents],
      );
    expect(await collections(reader.token)).toEqual([['mixed', 1]]);
    expect(await collections(premium.token)).toEqual([
      ['hidden', 1],
      ['mixed', 2],
    ]);
    // As one that there is not: the same answer but for the number of the request.
    const nothing = '00000000-0000-4000-8000-000000000000';
    for (const [method, rest, json] of [
      ['GET', ''],
      ['GET', '?text=false'],
      ['GET', '/versions'],
      ['GET', '/diff?from=1&to=1'],
      ['PATCH', '', { title: 'Mine' }],
      ['POST', '/rollback', { version: 1 }],
    ] as const) {
      const answers = await Promise.all(
        [hidden, nothing].map((id) => as(writer.token, method, `/v1/documents/${id}${rest}`, json)),
      );
      const told = answers.map(({ status, body: { error } }) => [
        status,
        { ...error, requestId: null },
      ]);
      expect(told[0]).toEqual([404, expect.objectContaining({ code: 'EVERVEC_HTTP_NOT_FOUND' })]);
      expect(told[0]).toEqual(told[1]);
    }
    expect((await as(premium.token, 'GET', `/v1/documents/${hidden}`)).status).toBe(200);
    const moved = await as(writer.token, 'PATCH', `/v1/documents/${open1}`, { tier: 'premium' });
    expect([moved.status, moved.body.error.code]).toEqual([403, 'EVERVEC_HTTP_FORBIDDEN']);
    for (const [method, path] of [
      ['GET', '/v1/documents.jsonl'],
      ['DELETE', `/v1/documents/${open1}`],
      ['DELETE', '/v1/collections/mixed?confirm=true'],
      ['POST', '/v1/imports'],
    ] as const)
      expect((await as(writer.token, method, path)).status).toBe(403);
  });

  it('are found by their ids alone; a collection is deleted when that is confirmed', async () => {
    const { ask, evervec } = await startServer(await open());
    // Before the first set-up, too.
    expect((await ask('GET', '/v1/documents')).body).toEqual({ documents: [], total: 0 });
    expect((await ask('GET', '/v1/tasks')).body).toEqual({ tasks: [] });
    expect((await ask('DELETE', '/v1/collections/c?confirm=true')).status).toBe(404);
    const json = { title: 'A', text: 'one', collection: 'c', origin: 'a' };
    const { id } = (await ask('POST', '/v1/documents', { json })).body;
    for (const name of ['a', 'c%2Fa', id.slice(0, 8), `${id}0`, '%00', "'"])
      expect([name, (await ask('GET', `/v1/documents/${name}`)).status]).toEqual([name, 404]);
    expect((await ask('GET', `/v1/documents/${id.toUpperCase()}`)).status).toBe(200);
    expect((await ask('GET', `/v1/documents/${id}/diff?from=1&to=9`)).status).toBe(404);
    expect((await ask('PUT', `/v1/documents/${id}`)).headers.get('allow')).toBe(
      'GET, HEAD, PATCH, DELETE',
    );
    const unconfirmed = await ask('DELETE', '/v1/collections/c');
    expect(unconfirmed.body.error.code).toBe('EVERVEC_HTTP_CONFIRM');
    expect((await ask('DELETE', '/v1/collections/c?confirm=true')).body).toEqual({ deleted: 1 });
    expect((await ask('GET', '/v1/collections')).body).toEqual({ collections: [] });
    const [deleted] = await evervec.queue.audit({ action: 'delete' });
    expect(deleted).toMatchObject({ actor: 'http token', target: 'collection c' });
  });
});
