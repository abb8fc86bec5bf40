/** The workflows are what GitHub takes: read by its own parser, with the commands and options that there are. */
import { readFile, writeFile } from 'node:fs/promises';
import { registerHooks } from 'node:module';
import path from 'node:path';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { commandFolder, type Folder } from '../setup/command.ts';

// The parser imports JSON as bundlers take it, without saying that it is.
registerHooks({
  load: (url, context, next) =>
    next(url, url.endsWith('.json') ? { ...context, importAttributes: { type: 'json' } } : context),
});
const { convertWorkflowTemplate, NoOperationTraceWriter, parseWorkflow } =
  await import('@actions/workflow-parser');

const config = (target: string) => `import { defineConfig } from 'evervec';
export default defineConfig({
  sources: {},
  releases: { guide: { source: 'documents', target: ${target} } },
});
`;

/** What GitHub says of a file. */
async function faultsOf(content: string): Promise<string[]> {
  const file = { name: 'release.yml', content };
  const { context, value } = parseWorkflow(file, new NoOperationTraceWriter());
  if (value !== undefined) await convertWorkflowTemplate(context, value);
  return context.errors.getErrors().map(({ message }) => message);
}

interface Step {
  uses?: string;
  run?: string;
  env?: Record<string, string>;
}

const stepsOf = (content: string): Step[] =>
  Object.values(parse(content).jobs as Record<string, { steps: Step[] }>).flatMap(
    ({ steps }) => steps,
  );

const HOSTS = [
  ['pages', "{ type: 'folder', path: './public/kb' }", ['--url', 'https://me.github.io/site/kb']],
  ['s3', "{ type: 's3', bucket: 'kb', prefix: 'guide' }", []],
] as const;

it.each(HOSTS)('for %s', async (host, target, more) => {
  await using folder = await commandFolder();
  await folder.write('evervec.config.ts', config(target));
  const args = ['release', 'workflow', 'guide', '--host', host, ...more];
  const outcome = await folder.run(args);
  expect(outcome).toMatchObject({ code: 0, stderr: '' });
  expect(outcome.stdout).toContain('EVERVEC_RELEASE_KEY');
  const file = path.join(folder.path, '.github/workflows/release.yml');
  const content = await readFile(file, 'utf8');
  expect(await faultsOf(content)).toEqual([]);
  const steps = stepsOf(content);
  for (const { uses } of steps)
    if (uses !== undefined) expect(uses).toMatch(/^actions\/[a-z-]+@[0-9a-f]{40}$/);
  await expectCommands(folder, steps);
  // Secrets are seen by the steps that need them alone.
  const withKeys = steps.filter(({ env }) => env?.['EVERVEC_RELEASE_KEY'] !== undefined);
  expect(withKeys).toHaveLength(1);
  await writeFile(file, 'mine');
  expect(await folder.run(args)).toMatchObject({ code: 2 });
  expect(await readFile(file, 'utf8')).toBe('mine');
  expect(await folder.run([...args, '--force'])).toMatchObject({ code: 0 });
  expect(await readFile(file, 'utf8')).toBe(content);
});

/** Every option in a workflow is one of the command's. */
async function expectCommands(folder: Folder, steps: Step[]): Promise<void> {
  const lines = steps
    .flatMap(({ run = '' }) => run.split('\n'))
    .filter((line) => /evervec/.test(line));
  expect(lines.length).toBeGreaterThan(1);
  for (const line of lines) {
    const [, act = ''] = /^npx evervec release (\w+) /.exec(line) ?? [];
    const { stdout } = await folder.run(['release', act, '--help']);
    for (const [option] of line.matchAll(/--[a-z-]+/g)) expect(stdout).toContain(option);
  }
}

it('the parser would say what is wrong', async () => {
  expect(await faultsOf('on: push\njobs:\n  a:\n    steps: []\n')).not.toEqual([]);
  expect(await faultsOf('on: nothing\njobs: {}\n')).not.toEqual([]);
});

it('a host that does not fit the target, and a site without an address, are said', async () => {
  await using folder = await commandFolder();
  await folder.write('evervec.config.ts', config("{ type: 'folder', path: 'public' }"));
  const run = async (...args: string[]) =>
    await folder.run(['release', 'workflow', 'guide', ...args]);
  expect(await run('--host', 's3')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('of type folder, not s3'),
  });
  expect(await run('--host', 'pages')).toMatchObject({ code: 2 });
  expect(await run('--host', 'pages', '--url', 'https://me.github.io/kb')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('public is deployed'),
  });
  expect(await run()).toMatchObject({ code: 2 });
});
