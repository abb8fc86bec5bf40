/** Contexts and feedback over HTTP, on documents with tiers: whoever asks gets what they see, and no more. */
import { expect, test } from 'vitest';
import { textContent } from '../../src/document/index.ts';
import type { ContextAnswer } from '../../src/search/index.ts';
import { describeEachDatabase } from '../setup/each-database.ts';
import { type Ask, startServer, TOKENS } from './documents-fixture.ts';

const reader = { token: TOKENS.reader.token };
const writer = { token: TOKENS.writer.token };

describeEachDatabase('over HTTP', (databases) => {
  async function start() {
    const server = await startServer(await databases.open());
    const { evervec, drain } = server;
    const add = (title: string, text: string, tier: string) =>
      evervec.documents.add(
        { collection: 'guides', origin: null, title, tier, content: textContent(text) },
        { by: 'tester' },
      );
    await add('Tides', '# Tides\n\n## Spring\n\nThe harbour is full at spring tide.', 'free');
    await add('Berths', '# Berths\n\nThe harbour has secret berths.', 'premium');
    await drain();
    const context = async (json: object, more: Ask = {}) =>
      await server.ask('POST', '/v1/context', {
        json: { query: 'harbour', mode: 'text', ...json },
        ...more,
      });
    return { ...server, context };
  }

  test('a context has the documents of the token alone, with versions, titles and sections', async () => {
    const { context } = await start();
    const { status, body } = await context({}, reader);
    expect(status).toBe(200);
    const answer = body as ContextAnswer;
    expect(answer.citations).toEqual([
      {
        n: 1,
        source: 'documents',
        key: expect.any(String),
        version: '1',
        title: 'Tides',
        section: expect.stringContaining('Tides'),
        page: null,
        start: 0,
        end: 55,
      },
    ]);
    expect(answer.text).toContain('title: Tides');
    expect(answer.text).not.toMatch(/secret|Berths/);
    expect((await context({})).body.citations).toHaveLength(2);
    expect((await context({ tokens: 10 }, reader)).body).toMatchObject({
      text: '',
      reason: 'too few tokens',
    });
  });

  test('what is wrong is refused with a code', async () => {
    const { context, ask } = await start();
    for (const wrong of [
      { tokens: 0 },
      { tokens: 1e9 },
      { tokens: '5' },
      { limit: 0 },
      { limit: 1_000 },
      { offset: 1 },
      { neighbors: 6 },
      { tiers: ['premium'] },
      { query: ' ' },
      { query: 'x'.repeat(10_001) },
      { sources: ['nothing'] },
      { rerank: true },
      { filter: { nothing: 1 } },
    ]) {
      const { status, body } = await context(wrong, reader);
      expect({ wrong, status }).toEqual({ wrong, status: 400 });
      expect(body.error.code).toMatch(/^EVERVEC_/);
    }
    expect((await context({}, { token: 'nobody-at-all-0001' })).status).toBe(401);
    expect((await ask('GET', '/v1/context')).status).toBe(405);
  });

  test('feedback is of who may write, on what they see', async () => {
    const { ask, context, evervec } = await start();
    const all = (await context({})).body as ContextAnswer;
    const keyOf = (title: string) => all.citations.find((one) => one.title === title)?.key ?? '';
    const feedback = (more: object, who: Ask) =>
      ask('POST', '/v1/feedback', {
        json: { source: 'documents', query: 'spring tide', key: keyOf('Tides'), grade: 3, ...more },
        ...who,
      });
    expect((await feedback({}, reader)).status).toBe(403);
    expect(await feedback({}, writer)).toMatchObject({ status: 200, body: { grade: 3 } });
    for (const wrong of [
      { grade: 4 },
      { key: keyOf('Berths') },
      { key: 'x' },
      { source: 'nothing' },
      { query: '' },
      { more: 1 },
    ]) {
      const { status, body } = await feedback(wrong, writer);
      expect({ wrong, status }).toEqual({ wrong, status: 400 });
      expect(JSON.stringify(body)).not.toContain('spring tide');
    }
    expect(await evervec.labels.list()).toMatchObject([
      { source: 'documents', query: 'spring tide', grade: 3, by: 'http writer' },
    ]);
  });
});
