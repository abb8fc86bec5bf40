/** Uploads that are refused: each with a code, none with a 500, and nothing of them kept. */
import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { expect, it } from 'vitest';
import type { Database } from '../../src/database/index.ts';
import { describeEachDatabase } from '../setup/each-database.ts';
import { eventually } from '../setup/signal.ts';
import { ADMIN, END, FORM, formOf, part, startServer, TOKENS } from './documents-fixture.ts';

async function kept(database: Database) {
  const { rows } = await database.query<{ tasks: number; files: number; documents: number }>(
    `select (select count(*) from evervec.tasks)::int as tasks,
      (select count(*) from evervec.task_files)::int as files,
      (select count(*) from evervec.documents)::int as documents`,
  );
  return rows[0];
}

const FILE = part('name="file"; filename="a.txt"', 'words');

describeEachDatabase('uploads that are refused', ({ open }) => {
  it('say why, and leave nothing', async () => {
    const database = await open();
    const { ask } = await startServer(database, { handler: { upload: { maxBytes: 100_000 } } });
    const sent = async (body: string, headers: Record<string, string> = FORM) => {
      const answer = await ask('POST', '/v1/documents', { body, headers });
      return `${answer.status} ${answer.body.error?.code.replace('EVERVEC_', '')}`;
    };
    const field = (name: string, value: string) => sent(part(`name="${name}"`, value) + FILE + END);
    const named = (name: string) => sent(part(`name="file"; filename="${name}"`, 'words') + END);
    // Malformed.
    expect(await sent('')).toBe('400 HTTP_MULTIPART');
    expect(await sent('words')).toBe('400 HTTP_MULTIPART');
    expect(await sent(FILE)).toBe('400 HTTP_MULTIPART');
    expect(await sent(FILE + END, { 'content-type': 'multipart/form-data' })).toBe(
      '400 HTTP_MULTIPART',
    );
    expect(await sent(END)).toMatch(/^400 HTTP_(MULTIPART|FILE)$/);
    expect(await sent(FILE.repeat(300) + END)).toBe('400 HTTP_MULTIPART');
    expect(await sent(FILE.repeat(150) + END)).toBe('400 HTTP_FILE');
    expect(await sent(FILE + END, { 'content-type': 'text/plain' })).toBe('415 HTTP_CONTENT_TYPE');
    expect(await sent('a'.repeat(100_001))).toBe('413 HTTP_TOO_LARGE');
    // Files.
    expect(await sent(part('name="title"', 'A') + END)).toBe('400 HTTP_FILE');
    expect(await sent(part('name="file"', 'words') + END)).toBe('400 HTTP_FILE');
    expect(await sent(part('name="other"; filename="a.txt"', 'words') + END)).toBe('400 HTTP_FILE');
    expect(await sent(part('name="file"; filename="a.txt"', '') + END)).toBe('400 HTTP_FILE');
    for (const name of [
      '',
      '..',
      '../a.txt',
      'a/b.txt',
      'C:\\\\a.txt',
      'a\tb.txt',
      'a\u0000b',
      'x'.repeat(256),
    ])
      expect([name, await named(name)]).toEqual([
        name,
        expect.stringMatching(/^400 HTTP_(FILE|MULTIPART)$/),
      ]);
    // Fields.
    expect(await field('colour', 'red')).toBe('400 HTTP_MULTIPART');
    expect(await field('__proto__', 'red')).toBe('400 HTTP_MULTIPART');
    expect(await field('summary', 'x'.repeat(80_000))).toBe('400 HTTP_MULTIPART');
    expect(await field('collection', '../etc')).toBe('400 HTTP_MULTIPART');
    expect(await field('on_duplicate', 'maybe')).toBe('400 HTTP_MULTIPART');
    expect(await field('origin', 'a\u0000b')).toBe('400 HTTP_MULTIPART');
    expect(await sent(part('name="title"', 'A').repeat(2) + FILE + END)).toBe('400 HTTP_MULTIPART');
    expect(await sent(part('name="title"', 'A') + FILE.repeat(2) + END)).toBe('400 HTTP_MULTIPART');
    for (const [name, value] of [
      ['published', '2024-02-31'],
      ['published', '0000-01-01'],
      ['tier', 'gold'],
      ['metadata', '{'],
      ['metadata', '[]'],
      ['metadata', '{"a": "\\u0000"}'],
      ['metadata', '{"a": "\\ud800"}'],
      ['metadata', `{"a": ${'['.repeat(200)}${']'.repeat(200)}}`],
      ['title', 'x'.repeat(501)],
    ] as const)
      expect([name, await field(name, value)]).toEqual([name, '400 DOCUMENT']);
    expect(await kept(database)).toEqual({ tasks: 0, files: 0, documents: 0 });
    // And one that is right, though it says nothing of some fields.
    expect(await field('title', '')).toBe('202 undefined');
  });

  it('need the scope, and a server without a token takes none from pages of other sites', async () => {
    const { ask } = await startServer(await open());
    for (const { token } of [TOKENS.reader, TOKENS.writer])
      expect((await ask('POST', '/v1/documents', { token, body: formOf({ a: 'b' }) })).status).toBe(
        403,
      );
    const local = await startServer(await open(), { isOpen: true });
    const from = async (headers: Record<string, string>) =>
      (await local.ask('POST', '/v1/documents', { token: null, body: formOf({ a: 'b' }), headers }))
        .status;
    expect(await from({ origin: 'https://example.org' })).toBe(403);
    expect(await from({ origin: 'null' })).toBe(403);
    expect(await from({ 'sec-fetch-site': 'cross-site' })).toBe(403);
    expect(await from({})).toBe(202);
    expect(await from({ origin: local.url })).toBe(202);
  });

  it('are as many as there is room for, and are cut at the limit, not after it', async () => {
    const { url, upload } = await startServer(await open(), {
      handler: { upload: { concurrency: 1, maxBytes: 3_000_000 } },
    });
    // One that never ends: it is answered when the limit is passed.
    const slow = httpRequest(`${url}/v1/documents`, {
      method: 'POST',
      headers: { ...FORM, authorization: `Bearer ${ADMIN}`, 'transfer-encoding': 'chunked' },
    });
    slow.on('error', () => {});
    slow.write(part('name="file"; filename="a.txt"', ''));
    const large = { 'b.txt': 'words '.repeat(300_000) };
    const busy = await eventually('a refusal', async () => {
      const answer = await upload(large);
      return answer.status === 503 ? answer : undefined;
    });
    expect(busy.body.error.code).toBe('EVERVEC_HTTP_BUSY');
    expect(busy.headers.get('retry-after')).toBe('1');
    // What any request may have waits for nobody.
    expect((await upload({ 'c.txt': 'words' })).status).toBe(202);
    const answered = once(slow, 'response');
    slow.write('x'.repeat(3_000_001));
    const [response] = await answered;
    expect(response.statusCode).toBe(413);
    slow.destroy();
    const after = await eventually('room again', async () => {
      const answer = await upload(large);
      return answer.status === 202 ? answer : undefined;
    });
    expect(after.body.task.state).toBe('waiting');
  });

  it('may state any length: nothing beyond the limit is waited for', async () => {
    const { url } = await startServer(await open());
    const stated = async (length: string) => {
      const request = httpRequest(`${url}/v1/imports`, {
        method: 'POST',
        headers: {
          'content-type': 'text/csv',
          authorization: `Bearer ${ADMIN}`,
          'content-length': length,
        },
      });
      request.on('error', () => {});
      const answered = once(request, 'response');
      request.flushHeaders();
      const [response] = await answered;
      request.destroy();
      return response.statusCode;
    };
    expect(await stated(String(2 * 1_024 ** 3))).toBe(413);
    expect(await stated(String(50 * 1_024 ** 2 + 1))).toBe(413);
  });
});
