/** The embedded models from the built package: the same bits in Node, Deno, Bun and a browser, from the same file. */
import { execFile } from 'node:child_process';
import { cp, open, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { type Project, projectWithPackage } from '../setup/built-package.ts';
import { CHROMIUM, importInChromium, runModule, RUNTIMES } from './everywhere.ts';
import { HASHES } from './golden.mjs';

const run = promisify(execFile);
/** WebAssembly where there is one, and JavaScript, which is everywhere. */
const ALL = { ...HASHES, 'near-words in JavaScript': HASHES['near-words'] };

let project: Project;
let modelFile: string;
beforeAll(async () => {
  project = await projectWithPackage();
  modelFile = path.join(project.path, 'node_modules/evervec/dist/embed/embedded/near-words.bin');
  for (const name of ['embed.mjs', 'golden.mjs'])
    await cp(fileURLToPath(new URL(name, import.meta.url)), path.join(project.path, name));
}, 120_000);
afterAll(() => project?.remove());

for (const [name, program, args] of RUNTIMES) {
  const why = program === undefined ? ' (skipped: not installed; npm run services)' : '';
  test.skipIf(program === undefined)(
    `${name} gives the vectors that all give${why}`,
    { timeout: 120_000 },
    async () => {
      expect(await runModule(program, args, 'embed.mjs', project.path)).toEqual(ALL);
    },
  );
}

const why = CHROMIUM === '' ? ' (skipped: EVERVEC_TEST_CHROMIUM is not set)' : '';
test.skipIf(CHROMIUM === '')(
  `Chromium gives the vectors that all give${why}`,
  { timeout: 120_000 },
  async () => {
    expect(await importInChromium('embed.mjs', 'hashes', project.path)).toEqual(ALL);
  },
);

test('a file that is damaged, cut off or missing is told as that, and only when it is needed', async () => {
  const whole = await readFile(modelFile);
  const script = `
    import { createEmbeddedModel } from './node_modules/evervec/dist/embed/embedded/index.js';
    const call = { values: ['text'], kind: 'query' };
    await createEmbeddedModel('hashed-words').doEmbed(call);
    const { code, message, remedy } = await createEmbeddedModel().doEmbed(call).catch((e) => e);
    console.log(JSON.stringify({ code, message, remedy }));`;
  await writeFile(path.join(project.path, 'damaged.mjs'), script);
  const fault = async () =>
    JSON.parse((await run(process.execPath, ['damaged.mjs'], { cwd: project.path })).stdout);
  try {
    const file = await open(modelFile, 'r+');
    await file.write(Buffer.from([0x5a]), 0, 1, whole.length - 1000);
    await file.close();
    expect(await fault()).toMatchObject({
      code: 'EVERVEC_MODEL_FILE',
      message: expect.stringContaining('damaged'),
    });
    await writeFile(modelFile, whole.subarray(0, 100_000));
    expect(await fault()).toMatchObject({ message: expect.stringContaining('not whole') });
    await rename(modelFile, `${modelFile}.away`);
    expect(await fault()).toMatchObject({
      code: 'EVERVEC_MODEL_FILE',
      message: expect.stringContaining("can't be read"),
      remedy: expect.stringContaining('near-words.bin'),
    });
  } finally {
    await writeFile(modelFile, whole);
  }
});
