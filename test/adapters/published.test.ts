/** The adapters as the built package has them: each is loaded by whom it is for alone, and the examples of the docs run. */
import { execFile } from 'node:child_process';
import { mkdir, readFile, realpath, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Project, projectWithPackage } from '../setup/built-package.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const run = promisify(execFile);

let project: Project;
beforeAll(async () => {
  project = await projectWithPackage();
}, 120_000);
afterAll(() => project?.remove());

async function node(name: string, program: string) {
  await writeFile(path.join(project.path, name), program);
  return await run(process.execPath, [name], { cwd: project.path });
}

/** The blocks of TypeScript in the page on assistants that import from `evervec`. */
async function examples(): Promise<string[]> {
  const page = await readFile(path.join(ROOT, 'docs/assistants.md'), 'utf8');
  const blocks = [...page.matchAll(/^```ts\n([\s\S]*?)^```/gm)].map(([, block = '']) => block);
  return blocks.filter((block) => block.includes("from 'evervec"));
}

test('the core loads neither of them; without LangChain its adapter alone is not to be had', async () => {
  const { stdout } = await node(
    'trace.mjs',
    `import { registerHooks } from 'node:module';
    const seen = [];
    registerHooks({ resolve(name, context, next) {
      const resolved = next(name, context);
      seen.push(resolved.url);
      return resolved;
    } });
    await import('evervec');
    const failed = await import('evervec/langchain').catch((error) => error.message);
    console.log(JSON.stringify({ seen, failed }));`,
  );
  const { seen, failed } = JSON.parse(stdout) as { seen: string[]; failed: string };
  expect(seen.some((url) => url.endsWith('evervec/dist/index.js'))).toBe(true);
  const core = seen.slice(
    0,
    seen.findIndex((url) => url.includes('/adapters/')),
  );
  expect(core.filter((url) => /adapters|langchain|node_modules\/ai\//.test(url))).toEqual([]);
  expect(failed).toContain("'@langchain/core'");
});

test('the examples of the docs are of the right types, and run', { timeout: 120_000 }, async () => {
  const scope = path.join(project.path, 'node_modules', '@langchain');
  await mkdir(scope, { recursive: true });
  const core = path.join(ROOT, 'node_modules', '@langchain', 'core');
  await symlink(await realpath(core), path.join(scope, 'core'));
  const blocks = await examples();
  expect(blocks).toHaveLength(4);
  for (const [i, block] of blocks.entries())
    await writeFile(path.join(project.path, `example-${i}.ts`), block);
  const compilerOptions = {
    strict: true,
    exactOptionalPropertyTypes: true,
    module: 'nodenext',
    target: 'es2024',
    types: ['node'],
    noEmit: true,
    skipLibCheck: true,
  };
  const settings = { compilerOptions, include: ['example-*.ts'] };
  await writeFile(path.join(project.path, 'tsconfig.json'), JSON.stringify(settings));
  const tsc = path.join(ROOT, 'node_modules', '.bin', 'tsc');
  const checked = await run(tsc, ['-p', project.path]).catch((error: { stdout: string }) => error);
  expect(checked.stdout).toBe('');
  // The one that needs no provider's key.
  const langchain = blocks.findIndex((block) => block.includes('evervec/langchain'));
  const { stdout } = await run(process.execPath, [`example-${langchain}.ts`], {
    cwd: project.path,
  });
  expect(stdout).toContain('The moon pulls the sea.');
});
