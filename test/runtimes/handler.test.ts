/** `evervec/edge` from the built package, in each runtime that is here, against a real Postgres. */
import { execFile } from 'node:child_process';
import { cp, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { createEvervec } from '../../src/engine/index.ts';
import { type Project, projectWithPackage } from '../setup/built-package.ts';
import { describeEachDatabase } from '../setup/each-database.ts';

const SECRET = 'a-secret-for-the-scheduler';
const SOURCES = { articles: { table: 'articles', text: ['title', 'body'] } };
const run = promisify(execFile);

/** What Deno has to be allowed: the server, the variables, the package's files, the machine's name. */
const DENO = ['run', '--allow-net', '--allow-env', '--allow-read', '--allow-sys', '--no-prompt'];
const RUNTIMES: [name: string, program: string | undefined, args: string[]][] = [
  ['Node', process.execPath, []],
  ['Deno', process.env['EVERVEC_TEST_DENO'], DENO],
  ['Bun', process.env['EVERVEC_TEST_BUN'], []],
];

let project: Project;
beforeAll(async () => {
  project = await projectWithPackage();
  const call = fileURLToPath(new URL('call.mjs', import.meta.url));
  await cp(call, path.join(project.path, 'call.mjs'));
});
afterAll(() => project?.remove());

test('loads neither the embedded database nor threads nor files', async () => {
  const trace = path.join(project.path, 'trace.mjs');
  await writeFile(
    trace,
    `import { registerHooks } from 'node:module';
    const seen = new Set();
    registerHooks({ resolve(name, context, next) {
      const resolved = next(name, context);
      seen.add(resolved.url);
      return resolved;
    } });
    await import('evervec/edge');
    console.log(JSON.stringify([...seen]));`,
  );
  const { stdout } = await run(process.execPath, [trace], { cwd: project.path });
  const seen = JSON.parse(stdout) as string[];
  expect(seen.some((url) => url.endsWith('evervec/dist/edge/handler.js'))).toBe(true);
  expect(seen.some((url) => url.includes('/pg/'))).toBe(true);
  expect(
    seen.filter((url) => /^node:(fs|worker_threads|child_process)|pglite|hono/.test(url)),
  ).toEqual([]);
});

describeEachDatabase('the edge handler', (databases) => {
  const isPostgres = databases.kind === 'postgres';
  for (const [name, program, args] of isPostgres ? RUNTIMES : []) {
    const why = program === undefined ? ' (skipped: not installed; npm run services)' : '';
    test.skipIf(program === undefined)(
      `${name} embeds what waits, for who has the secret${why}`,
      async () => {
        const place = await databases.create('empty');
        const database = await place.open();
        await database.query(
          'create table articles (id integer primary key, title text not null, body text)',
        );
        const evervec = await createEvervec({ sources: SOURCES }, { database });
        await evervec.setup();
        await database.query(`insert into articles values
        (1, 'The lake house', 'A quiet place near the water, with a jetty and no neighbours.'),
        (2, 'City nights', 'Neon and noise: where to dance until the morning.')`);
        const { stdout } = await run(program ?? '', [...args, 'call.mjs'], {
          cwd: project.path,
          env: { ...process.env, DATABASE_URL: place.location, CRON_SECRET: SECRET },
        });
        expect(JSON.parse(stdout)).toMatchObject({
          wrong: { status: 401, body: { error: { code: 'EVERVEC_HTTP_UNAUTHORIZED' } } },
          right: { status: 200, body: { done: 2, failed: 0, pending: 0, reason: 'empty' } },
          again: { status: 200, body: { done: 0, pending: 0, reason: 'empty' } },
        });
        const { hits } = await evervec.search({
          query: 'quiet place near the water',
          mode: 'vector',
        });
        expect(hits.map((hit) => hit.key)).toEqual(['1', '2']);
        expect(hits[0]?.scores.vector).toBeGreaterThan(0);
      },
    );
  }

  test.runIf(!isPostgres)(
    'refuses a database without a server, and says nothing of it',
    async () => {
      const { createEdgeHandler } = await import('../../src/edge/handler.ts');
      for (const database of [undefined, '.evervec', 'mysql://user:secret@host/db']) {
        const config = { sources: SOURCES, ...(database !== undefined && { database }) };
        const create = () => createEdgeHandler({ config, cronSecret: SECRET });
        expect(create).toThrow('needs a Postgres server');
        expect(create).not.toThrow('secret@');
      }
    },
  );
});
