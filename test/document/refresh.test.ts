/** Documents from URLs: fetched when added, fetched again when due, given up when they fail for too long. */
import { expect, it, onTestFinished } from 'vitest';
import type { Database } from '../../src/database/index.ts';
import type { Config, ImportResult, RefreshResult } from '../../src/engine/index.ts';
import { describeEachDatabase } from '../setup/each-database.ts';
import { eventually } from '../setup/signal.ts';
import { configure } from '../source/fixture.ts';
import { type Route, webServer } from './web-server.ts';

const FETCH = { allow: ['127.0.0.1'], perHostIntervalMs: 0 };

async function start(database: Database, more: Partial<Config> = {}) {
  const documents = { fetch: FETCH, refresh: { maxFailures: 2 } };
  const kept = await configure(database, {}, { documents, ...more });
  onTestFinished(() => kept.evervec.close());
  const { web } = kept.evervec.documents;
  const add = async (...urls: string[]) => {
    const results: ImportResult[] = [];
    const onResult = (result: ImportResult) => void results.push(result);
    await web.add(urls, { collection: 'web', by: 'tester', onResult });
    return results;
  };
  const refresh = async (ids?: string[]) => {
    const results: RefreshResult[] = [];
    await web.refresh({ ids, by: 'tester', onResult: (result) => void results.push(result) });
    return results.map(({ outcome, version, error }) => [outcome, version, error?.code ?? null]);
  };
  /** As if it had been fetched so long ago. */
  const age = (days: number) =>
    database.query(
      `update evervec.document_fetches set checked_at = checked_at - make_interval(days => $1),
        due_at = due_at - make_interval(days => $1)`,
      [days],
    );
  return { ...kept, documents: kept.evervec.documents, web, add, refresh, age };
}

/** A page that can be changed, and says by its ETag whether it was. */
async function page(first: string, { hasETag = true } = {}) {
  const now = { text: first, status: 200, bodies: 0 };
  const route: Route = (request, response) => {
    const etag = `"${Buffer.from(now.text).toString('base64url')}"`;
    if (now.status !== 200) return response.writeHead(now.status).end();
    if (hasETag && request.headers['if-none-match'] === etag)
      return response.writeHead(304, { etag }).end();
    now.bodies++;
    const headers = { 'content-type': 'text/plain', ...(hasETag && { etag }) };
    return response.writeHead(200, headers).end(now.text);
  };
  const server = await webServer({ '/page.txt': route });
  return { now, url: `${server.origin}/page.txt`, server };
}

describeEachDatabase('documents from URLs', ({ open }) => {
  it('follow their page, and ask first whether it changed', async () => {
    const { add, age, documents, drain, evervec, model, refresh } = await start(await open());
    const { now, url } = await page('first words');
    const [added] = await add(url);
    expect(added).toMatchObject({ label: url, outcome: 'added', version: 1 });
    await documents.update(url, { title: 'A title of mine', tags: ['kept'] });
    await drain();
    expect(await refresh()).toEqual([]);
    await age(40);
    expect(await refresh()).toEqual([['unchanged', null, null]]);
    expect(now.bodies).toBe(1);
    expect(await refresh()).toEqual([]);

    now.text = 'second words';
    await age(40);
    const before = model.texts.length;
    expect(await refresh()).toEqual([['version', 2, null]]);
    await drain();
    expect(model.texts.slice(before)).toEqual([expect.stringContaining('second words')]);
    expect(await documents.get(url)).toMatchObject({
      title: 'A title of mine',
      tags: ['kept'],
      version: 2,
      text: 'second words',
    });
    expect((await evervec.search({ query: 'first', mode: 'text' })).hits).toEqual([]);
  });

  it('embeds nothing where the page only says that it changed', async () => {
    const { add, age, documents, refresh } = await start(await open());
    const { now, url } = await page('the same', { hasETag: false });
    await add(url);
    await age(40);
    expect(await refresh()).toEqual([['unchanged', 1, null]]);
    expect(now.bodies).toBe(2);
    expect(await documents.versions(url)).toHaveLength(1);
  });

  it('is paused after so many failures, keeps its text, and goes on when asked to', async () => {
    const { add, age, documents, refresh, web } = await start(await open());
    const { now, url } = await page('still here');
    const [added] = await add(url);
    const id = added?.id ?? '';
    now.status = 500;
    await age(40);
    expect(await refresh()).toEqual([['failed', null, 'EVERVEC_FETCH_SERVER']]);
    expect(await refresh()).toEqual([]);
    await age(1);
    expect(await refresh()).toEqual([['paused', null, 'EVERVEC_FETCH_SERVER']]);
    await age(1_000);
    expect(await refresh()).toEqual([]);
    expect(await web.status()).toMatchObject([
      { id, failures: 2, error: 'EVERVEC_FETCH_SERVER', due_at: null },
    ]);
    expect(await documents.get(url)).toMatchObject({ text: 'still here', version: 1 });

    now.status = 200;
    expect(await refresh([id])).toEqual([['unchanged', null, null]]);
    expect(await web.status()).toMatchObject([{ failures: 0, paused_at: null, error: null }]);
  });

  it('takes each URL for itself, and no address of this network', async () => {
    const { add, documents } = await start(await open());
    const { url, server } = await page('words');
    const results = await add(
      url,
      `${server.origin}/missing`,
      'http://127.0.0.2/',
      'http://169.254.169.254/latest/meta-data',
      'https://user:pass@example.com/',
    );
    expect(results.map(({ outcome, error }) => [outcome, error?.code])).toEqual([
      ['added', undefined],
      ['failed', 'EVERVEC_FETCH_GONE'],
      ['failed', 'EVERVEC_FETCH_ADDRESS'],
      ['failed', 'EVERVEC_FETCH_ADDRESS'],
      ['failed', 'EVERVEC_FETCH_URL'],
    ]);
    expect((await documents.list()).total).toBe(1);
    expect(JSON.stringify(results[4]?.error)).not.toContain('pass@');
  });

  it('is fetched by one of two at a time, and not by one that is deleted meanwhile', async () => {
    const { add, age, documents, refresh } = await start(await open());
    const { url, server } = await page('words');
    await add(url);
    await age(40);
    const asked = server.asked.length;
    const both = await Promise.all([refresh(), refresh()]);
    expect(both.flat()).toEqual([['unchanged', null, null]]);
    expect(server.asked.slice(asked)).toEqual(['/page.txt']);
    await age(40);
    await documents.delete(url, 'tester');
    expect(await refresh()).toEqual([]);
  });

  it('is fetched again by a worker', async () => {
    const { add, age, documents, evervec } = await start(await open());
    const { now, url } = await page('first');
    await add(url);
    now.text = 'second';
    await age(40);
    const worker = await evervec.worker();
    await worker.start();
    onTestFinished(() => worker.stop());
    await eventually('the second version is searched', async () => {
      const { active_version, version } = await documents.get(url);
      return (version === 2 && active_version !== 1) || undefined;
    });
  });
});
