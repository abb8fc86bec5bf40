/** Whatever is sent: no fault of the server's, and nothing half there. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { describeEachDatabase } from '../setup/each-database.ts';
import { END, FORM, part, startServer } from './documents-fixture.ts';

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
            expect(status, `${body.error?.code}`).toBeLessThan(500);
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
