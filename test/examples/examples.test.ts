/** The examples: each is run, or where its platform is not here, checked as far as its parts are. */
import { execFile, spawn } from 'node:child_process';
import { cp, readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';

import type { Database } from '../../src/database/index.ts';
import { createEvervec } from '../../src/engine/index.ts';
import { type Project, projectWithPackage } from '../setup/built-package.ts';
import { describeEachDatabase } from '../setup/each-database.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const EXAMPLES = path.join(ROOT, 'examples');
const SECRET = 'a-secret-for-the-scheduler';
const SOURCES = { articles: { table: 'articles', text: ['title', 'body'] } };
const ROUTE = 'vercel-cron/app/api/cron/update-embeddings/route.ts';
const run = promisify(execFile);
const read = (file: string) => readFile(path.join(EXAMPLES, file), 'utf8');

let project: Project;
beforeAll(async () => {
  project = await projectWithPackage();
  for (const name of ['supabase-function/index.ts', ROUTE, 'docker/evervec.config.ts'])
    await cp(path.join(EXAMPLES, name), path.join(project.path, name));
});
afterAll(() => project?.remove());

test('the TypeScript of the examples fits the types of the built package', async () => {
  await cp(path.join(ROOT, 'test/examples/deno.d.ts'), path.join(project.path, 'deno.d.ts'));
  const compilerOptions = {
    strict: true,
    exactOptionalPropertyTypes: true,
    noPropertyAccessFromIndexSignature: true,
    module: 'nodenext',
    target: 'es2024',
    types: ['node'],
    noEmit: true,
    skipLibCheck: true,
  };
  const settings = { compilerOptions, include: ['**/*.ts'] };
  await writeFile(path.join(project.path, 'tsconfig.json'), JSON.stringify(settings));
  const tsc = path.join(ROOT, 'node_modules', '.bin', 'tsc');
  const check = () => run(tsc, ['-p', project.path]);
  await check();
  const wrong = path.join(project.path, 'wrong.ts');
  await writeFile(
    wrong,
    `import { createEdgeHandler } from 'evervec/edge';\ncreateEdgeHandler({ cronSecret: 1 });\n`,
  );
  await expect(check()).rejects.toMatchObject({ stdout: expect.stringContaining('wrong.ts') });
});

/** Two articles that wait for their vectors. */
async function articles(database: Database) {
  await database.query(
    await read('docker/articles.sql').then((sql) => sql.split('insert')[0] ?? ''),
  );
  const evervec = await createEvervec({ sources: SOURCES }, { database });
  await evervec.setup();
  await database.query(`insert ${(await read('docker/articles.sql')).split('insert')[1] ?? ''}`);
  return evervec;
}

const deno = process.env['EVERVEC_TEST_DENO'];

describeEachDatabase('the examples', (databases) => {
  const isPostgres = databases.kind === 'postgres';

  test.skipIf(!isPostgres || deno === undefined)(
    'supabase-function serves in Deno and embeds what waits',
    async () => {
      const place = await databases.create('empty');
      const evervec = await articles(await place.open());
      const args = ['run', '--allow-net', '--allow-env', '--allow-read', '--allow-sys'];
      const child = spawn(deno ?? '', [...args, 'supabase-function/index.ts'], {
        cwd: project.path,
        env: {
          ...process.env,
          SUPABASE_DB_URL: place.location,
          CRON_SECRET: SECRET,
          DENO_SERVE_ADDRESS: 'tcp:127.0.0.1:0',
        },
      });
      const ended = new Promise((resolve) => child.once('close', resolve));
      try {
        const url = await new Promise<string>((resolve, reject) => {
          let said = '';
          const listen = (chunk: Buffer) => {
            said += chunk.toString();
            const [found] = /http:\/\/[\d.]+:\d+/.exec(said) ?? [];
            if (found !== undefined) resolve(found);
          };
          child.stdout.on('data', listen);
          child.stderr.on('data', listen);
          child.once('close', () => reject(new Error(`Deno ended: ${said}`)));
        });
        const call = (secret: string) =>
          fetch(url, { method: 'POST', headers: { authorization: `Bearer ${secret}` } });
        expect((await call('another-secret-of-it')).status).toBe(401);
        expect(await (await call(SECRET)).json()).toMatchObject({ done: 2, reason: 'empty' });
      } finally {
        child.kill('SIGKILL');
        await ended;
      }
      const { hits } = await evervec.search({ query: 'quiet place near the water', limit: 1 });
      expect(hits[0]?.key).toBe('1');
    },
  );

  test.runIf(isPostgres)('vercel-cron answers the scheduler and embeds what waits', async () => {
    const place = await databases.create('empty');
    await articles(await place.open());
    const route = pathToFileURL(path.join(project.path, ROUTE)).href;
    const script = `const { GET, runtime, maxDuration } = await import(${JSON.stringify(route)});
      const headers = { authorization: 'Bearer ' + process.env.CRON_SECRET };
      const answer = await GET(new Request('https://app.example/api/cron/update-embeddings', { headers }));
      const said = { status: answer.status, runtime, maxDuration, ...(await answer.json()) };
      process.stdout.write(JSON.stringify(said), () => process.exit(0));`;
    const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', script], {
      cwd: project.path,
      env: { ...process.env, DATABASE_URL: place.location, CRON_SECRET: SECRET },
    });
    expect(JSON.parse(stdout)).toMatchObject({ status: 200, done: 2, runtime: 'nodejs' });
    expect(JSON.parse(stdout).maxDuration).toBeGreaterThan(50);
  });

  test('the schedule of supabase-function is SQL, and calls with the secret of the vault', async () => {
    const database = await databases.open('empty');
    // The extensions are Supabase's; here stands what of them the file uses, with their signatures.
    await database.query(`
      create schema cron; create schema net; create schema vault;
      create table vault.decrypted_secrets (name text, decrypted_secret text);
      create table net.calls (url text, headers jsonb, timeout_milliseconds integer);
      create function vault.create_secret(new_secret text, new_name text) returns void language sql as
        'insert into vault.decrypted_secrets values (new_name, new_secret)';
      create function net.http_post(url text, body jsonb default '{}', params jsonb default '{}',
        headers jsonb default '{}', timeout_milliseconds integer default 5000) returns bigint language sql as
        'insert into net.calls values (url, headers, timeout_milliseconds); select 1::bigint';
      create function cron.schedule(job_name text, schedule text, command text) returns void
        language plpgsql as 'begin execute command; end'`);
    const sql = (await read('supabase-function/schedule.sql')).replaceAll(
      /^create extension.*$/gm,
      '',
    );
    await database.query(sql);
    const { rows } = await database.query('select * from net.calls');
    expect(rows).toEqual([
      {
        url: expect.stringMatching(/\/functions\/v1\/evervec\?seconds=50$/),
        headers: {
          'Content-Type': 'application/json',
          Authorization: 'Bearer the CRON_SECRET of the function',
        },
        timeout_milliseconds: 58_000,
      },
    ]);
  });
});

test('vercel.json calls a route that is there', async () => {
  const { crons } = JSON.parse(await read('vercel-cron/vercel.json')) as {
    crons: { path: string; schedule: string }[];
  };
  expect(crons.length).toBe(1);
  for (const { path: at, schedule } of crons) {
    expect(schedule.split(' ')).toHaveLength(5);
    await stat(path.join(EXAMPLES, 'vercel-cron', 'app', at, 'route.ts'));
  }
});

test('deno.json names the package and the version that this is', async () => {
  const { imports } = JSON.parse(await read('supabase-function/deno.json'));
  const { name, version } = JSON.parse(await readFile(path.join(ROOT, 'package.json'), 'utf8'));
  expect(imports).toEqual({ 'evervec/edge': `npm:${name}@${version}/edge` });
});
