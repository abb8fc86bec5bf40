/** Uploads that are refused: each with a code, none with a 500, and nothing of them kept. */
import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Database } from '../../src/database/index.ts';
import { describeEachDatabase } from '../setup/each-database.ts';
import { eventually } from '../setup/signal.ts';
import { ADMIN, formOf, startServer, TOKENS } from './documents-fixture.ts';

async function kept(database: Database) {
  const { rows } = await database.query<{ tasks: number; files: number; documents: number }>(
    `select (select count(*) from evervec.tasks)::int as tasks,
      (select count(*) from evervec.task_files)::int as files,
      (select count(*) from evervec.documents)::int as documents`,
  );
  return rows[0];
}

const BOUNDARY = 'XxX';
const FORM = { 'content-type': `multipart/form-data; boundary=${BOUNDARY}` };

/** As a program writes it that checks nothing. */
const part = (disposition: string, text: string) =>
  `--${BOUNDARY}\r\ncontent-disposition: form-data; ${disposition}\r\n\r\n${text}\r\n`;
const END = `--${BOUNDARY}--\r\n`;
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
    const database = await open();
    const { ask, url, upload } = await startServer(database, {
      handler: { upload: { concurrency: 1, maxBytes: 1_000_000 } },
    });
    // One that never ends: it is answered when the limit is passed.
    const slow = httpRequest(`${url}/v1/documents`, {
      method: 'POST',
      headers: { ...FORM, authorization: `Bearer ${ADMIN}`, 'transfer-encoding': 'chunked' },
    });
    slow.on('error', () => {});
    slow.write(part('name="file"; filename="a.txt"', ''));
    const busy = await eventually('a refusal', async () => {
      const answer = await upload({ 'b.txt': 'words' });
      return answer.status === 503 ? answer : undefined;
    });
    expect(busy.body.error.code).toBe('EVERVEC_HTTP_BUSY');
    expect(busy.headers.get('retry-after')).toBe('1');
    const answered = once(slow, 'response');
    slow.write('x'.repeat(1_000_001));
    const [response] = await answered;
    expect(response.statusCode).toBe(413);
    slow.destroy();
    const after = await eventually('room again', async () => {
      const answer = await ask('POST', '/v1/documents', { body: formOf({ 'c.txt': 'words' }) });
      return answer.status === 202 ? answer : undefined;
    });
    expect(after.body.task.state).toBe('waiting');
  });
});

const SEED = 20_261_121;

describe('whatever is sent', () => {
  describeEachDatabase('500 random requests', ({ open }) => {
    it(
      'none is a fault of the server, and nothing is half there',
      { timeout: 300_000 },
      async () => {
        const database = await open();
        const server = await startServer(database, { handler: { upload: { maxBytes: 200_000 } } });
        const first = await server.ask('POST', '/v1/documents', {
          json: { title: 'A', text: 'b' },
        });
        const id = first.body.id as string;
        let accepted = 0;
        const seen = new Map<number, number>();
        await fc.assert(
          fc.asyncProperty(requests(id), async ({ method, path, ...asked }) => {
            const { status, body } = await server.ask(method, path, asked);
            expect(status, JSON.stringify(body)).toBeLessThan(500);
            if (status >= 400) expect(body.error.code).toMatch(/^EVERVEC_[A-Z_]+$/);
            if (status === 202) accepted++;
            seen.set(status, (seen.get(status) ?? 0) + 1);
          }),
          { numRuns: 500, seed: SEED },
        );
        const { rows } = await database.query<{
          tasks: number;
          whole: number;
          versioned: number;
          documents: number;
        }>(
          `select count(*)::int as tasks,
          count(*) filter (where exists (select from evervec.task_files where task_id = id))::int as whole,
          (select count(*) from evervec.documents)::int as documents,
          (select count(*) from evervec.documents document where exists (
            select from evervec.document_versions where document_id = document.id and version = document.version
          ))::int as versioned
        from evervec.tasks`,
        );
        // All kinds of answers came.
        for (const status of [200, 201, 202, 400, 404, 405])
          expect(seen.get(status) ?? 0, `of ${status}`).toBeGreaterThan(3);
        expect(rows[0]?.tasks).toBe(accepted);
        expect(rows[0]?.whole).toBe(accepted);
        expect(rows[0]?.versioned).toBe(rows[0]?.documents);
      },
    );
  });
});

interface Sent {
  method: string;
  path: string;
  headers?: Record<string, string>;
  body?: string | Uint8Array<ArrayBuffer>;
}

function requests(id: string): fc.Arbitrary<Sent> {
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 60 }),
    fc.constantFrom(
      '',
      '\0',
      'a',
      '2024-01-31',
      'public',
      'free',
      '{}',
      '-1',
      '9'.repeat(30),
      '\ud800',
    ),
  );
  const name = fc.oneof(
    fc.constantFrom('collection', 'title', 'text', 'tags', 'tier', 'metadata', 'origin', 'summary'),
    fc.constantFrom('author', 'published', 'type', 'on_duplicate', 'version', 'file', 'confirm'),
    fc.constantFrom('limit', 'offset', 'from', 'to', 'unit', 'state', 'cursor', '__proto__'),
    text,
  );
  const value = fc.oneof(text, fc.jsonValue(), fc.array(text, { maxLength: 3 }));
  const object = fc.dictionary(name, value, { maxKeys: 6 });
  const documentish = fc.record(
    {
      title: text,
      text,
      collection: text,
      origin: text,
      metadata: fc.object(),
      tags: fc.array(text),
    },
    { requiredKeys: ['title', 'text'] },
  );
  const plausible = fc.record(
    {
      title: fc.constantFrom('A', 'B'),
      text: fc.string({ unit: 'binary', minLength: 1, maxLength: 40 }),
      metadata: fc.object(),
      tags: fc.array(text, { maxLength: 2 }),
      summary: text,
    },
    { requiredKeys: ['title', 'text'] },
  );
  const bytes = fc.uint8Array({ maxLength: 400 }).map((some) => new Uint8Array(some));
  const json = (method: string, path: string) =>
    fc.oneof(object, documentish, plausible, plausible, fc.jsonValue()).map((sent) => ({
      method,
      path,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(sent),
    }));
  const forms = fc
    .tuple(
      fc.array(fc.tuple(name, fc.option(text, { nil: null }), text), { maxLength: 5 }),
      fc.nat(400),
      fc.option(fc.string({ maxLength: 5 }), { nil: null }),
    )
    .map(([parts, at, dent]) => {
      const written = parts.map(([field, file, content]) =>
        part(`name="${field}"${file === null ? '' : `; filename="${file}"`}`, content),
      );
      const whole = written.join('') + END;
      const body =
        dent === null ? whole : whole.slice(0, at) + dent + whole.slice(at + dent.length);
      return { method: 'POST', path: '/v1/documents', headers: FORM, body };
    });
  const files = fc
    .tuple(
      fc.array(text, { minLength: 1, maxLength: 3 }),
      fc.dictionary(
        fc.constantFrom('title', 'tags', 'author', 'metadata', 'published', 'summary'),
        text,
        { maxKeys: 3 },
      ),
    )
    .map(([contents, fields]) => ({
      method: 'POST',
      path: '/v1/documents',
      headers: FORM,
      body:
        Object.entries(fields)
          .map(([field, one]) => part(`name="${field}"`, one))
          .join('') +
        contents.map((one, index) => part(`name="file"; filename="${index}.md"`, one)).join('') +
        END,
    }));
  const raw = fc
    .tuple(
      fc.constantFrom(FORM['content-type'], 'application/json', 'text/csv', 'application/x-ndjson'),
      bytes,
    )
    .chain(([type, body]) =>
      fc
        .constantFrom('/v1/documents', '/v1/imports', `/v1/documents/${id}/rollback`)
        .map((path) => ({
          method: 'POST',
          path,
          headers: { 'content-type': type },
          body,
        })),
    );
  const queries = fc
    .tuple(
      fc.constantFrom(
        '/v1/documents',
        `/v1/documents/${id}`,
        `/v1/documents/${id}/diff`,
        '/v1/tasks',
        '/v1/collections',
        '/v1/documents.jsonl',
      ),
      fc.array(fc.tuple(name, text), { maxLength: 4 }),
    )
    .map(([path, pairs]) => ({
      method: 'GET',
      path: `${path}?${new URLSearchParams(
        pairs.map(([key, one]): [string, string] => [key.toWellFormed(), one.toWellFormed()]),
      )}`,
    }));
  const paths = fc
    .tuple(
      fc.constantFrom('GET', 'PATCH', 'DELETE', 'POST', 'PUT'),
      fc.constantFrom('documents', 'tasks', 'collections'),
      text,
    )
    .map(([method, what, one]) => ({
      method,
      path: `/v1/${what}/${encodeURIComponent(one.toWellFormed())}`,
    }));
  return fc.oneof(
    forms,
    files,
    raw,
    queries,
    paths,
    json('POST', '/v1/documents'),
    json('PATCH', `/v1/documents/${id}`),
    json('POST', `/v1/documents/${id}/rollback`),
  );
}
