/** Runs what the documents tell a reader to type: every line of every `sh` block, in order, each document in a folder of its own. */
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { commandFolder, type Folder, type Outcome } from '../setup/command.ts';
import { describeEachDatabase } from '../setup/each-database.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

function commandsOf(document: string): string[] {
  const text = readFileSync(path.join(ROOT, document), 'utf8');
  return [...text.matchAll(/^```sh\n([\s\S]*?)^```/gm)].flatMap(([, block = '']) =>
    block.split('\n').filter((line) => line.trim() !== ''),
  );
}

/** What documents speak of as lying around. */
const FILES = {
  'notes.md': '# Notes\n\nThe jetty is a quiet place.\n',
  'research/2024-01-15_Smith_On-Tides.md': 'The moon pulls the sea.\n',
  'articles.csv': 'title,content,tags\nHarbours,"Boats, ropes and gulls","sea,boats"\n',
};

/** The words of a line, quotes taken off. */
function words(line: string): string[] {
  return [...line.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(
    ([, double, single, bare]) => double ?? single ?? bare ?? '',
  );
}

/** Starts a service, waits until it says so, stops it as Ctrl-C does. */
async function startAndStop(
  folder: Folder,
  args: string[],
  env: Record<string, string>,
): Promise<Outcome> {
  const running = folder.start(args, env);
  await running.until(/is up|is at work/);
  running.kill('SIGINT');
  return await running.ended;
}

async function type(folder: Folder, line: string, env: Record<string, string>): Promise<Outcome> {
  if (line === 'npm install && npm start')
    return await startAndStop(folder, [...startScript(), '--port', '0'], {});
  const [npx, evervec, ...args] = words(line);
  expect([npx, evervec], `a line that no one can run here: ${line}`).toEqual(['npx', 'evervec']);
  const runsOn = args[0] === 'up' || (args[0] === 'worker' && !args.includes('--once'));
  const port = args[0] === 'up' ? ['--port', '0'] : [];
  return runsOn ? await startAndStop(folder, [...args, ...port], env) : await folder.run(args, env);
}

/** What `npm start` runs, after the command's name. */
function startScript(): string[] {
  const { scripts } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8'));
  const [node, command, ...args] = words(scripts.start);
  expect([node, command]).toEqual(['node', 'bin/evervec.js']);
  return args;
}

const documents = ['README.md', ...globSync('docs/*.md', { cwd: ROOT })].filter(
  (document) => commandsOf(document).length > 0,
);

describeEachDatabase('the commands of', (databases) => {
  // The README on both; the rest once, since each line is a process that opens the database.
  const hasPostgres = process.env['EVERVEC_TEST_POSTGRES'] !== undefined;
  const here = documents.filter(
    (document) => document === 'README.md' || (databases.kind === 'postgres') === hasPostgres,
  );
  test.each(here)('%s', { timeout: 240_000 }, async (document) => {
    const place = await databases.create('empty');
    const database = await place.open();
    await database.query(
      'create table articles (id integer primary key, title text not null, body text)',
    );
    await database.query(`insert into articles values
      (1, 'The lake house', 'A quiet place near the water, with a jetty and no neighbours.'),
      (2, 'City nights', 'Neon and noise: where to dance until the morning.')`);
    await database.close();
    await using folder = await commandFolder();
    const env = { DATABASE_URL: place.location };
    if (document !== 'README.md')
      for (const args of [['init'], ['setup'], ['backfill']])
        expect(await folder.run(args, env)).toMatchObject({ code: 0 });

    for (const [name, text] of Object.entries(FILES)) await folder.write(name, text);
    for (const line of commandsOf(document)) {
      if (line.startsWith('export DATABASE_URL=')) continue;
      const outcome = await type(folder, line, env);
      expect({ line, ...outcome }).toMatchObject({ code: 0 });
      if (line.includes('quiet place')) expect(outcome.stdout).toContain('jetty');
    }
  });
});
