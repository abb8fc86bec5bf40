/** The service as a visitor starts it: the sample in an embedded database, a second command beside it, Ctrl-C. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { VERSION } from '../../src/engine/index.ts';
import { commandFolder } from '../setup/command.ts';

test('up --sample serves, other commands work beside it, Ctrl-C ends it cleanly', async () => {
  await using folder = await commandFolder();
  const up = folder.start(['up', '--sample', '--port', '0']);
  const [, url = ''] = await up.until(/is up: (http:\S+)/);
  expect((await up.until(/sample tables: (\d+) airports, (\d+) jet offers/)).slice(1)).toEqual([
    '436',
    '1280',
  ]);

  const answer = await fetch(`${url}/v1/search`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: 'ski weekend in the Alps', sources: ['offers'], limit: 2 }),
  });
  const { hits } = (await answer.json()) as { hits: { chunk: { text: string } }[] };
  expect(hits).toHaveLength(2);
  for (const hit of hits) expect(hit.chunk.text).toMatch(/ski/i);
  const page = await fetch(url);
  expect(await page.text()).toContain('Evervec');

  const status = await folder.run(['queue', 'status', '--json', '--sample']);
  expect(JSON.parse(status.stdout)).toMatchObject({
    workers: [{ last_error: null }],
    lanes: { airports: { ready: 0 }, offers: { ready: 0 } },
  });
  const found = await folder.run(['search', 'gateway to the ski resorts', '--sample', '--json']);
  expect(JSON.parse(found.stdout).hits.length).toBe(10);

  up.kill('SIGINT');
  expect(await up.ended).toMatchObject({ code: 0, stdout: expect.stringContaining('stopping') });

  // What is there is taken as it is: nothing is embedded again.
  const again = await folder.run(['up', '--sample', '--once']);
  expect(again).toMatchObject({ code: 0, stdout: expect.not.stringContaining('embedded') });
  expect(again.stdout.match(/ hits in /g)).toHaveLength(3);
}, 120_000);

test('a worker that was killed loses nothing', async () => {
  await using folder = await commandFolder();
  const first = folder.start(['up', '--sample', '--port', '0']);
  await first.until(/sample tables/);
  first.kill('SIGKILL');
  await first.ended;
  const second = await folder.run(['up', '--sample', '--once', '--json']);
  expect(second.code).toBe(0);
  const sources = await folder.run(['reconcile', '--dry-run', '--json', '--sample']);
  expect(JSON.parse(sources.stdout).sources).toMatchObject([
    { source: 'airports', rows: 436, missing: 0, outdated: 0, orphaned: 0 },
    { source: 'offers', rows: 1280, missing: 0, outdated: 0, orphaned: 0 },
  ]);
}, 120_000);

test('the version it tells is the one it has', async () => {
  const { version } = JSON.parse(
    readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
  );
  expect(VERSION).toBe(version);
});
