/** The release format from the built package: read, rebuilt, checked, signed and searched alike in Node, Deno, Bun and a browser. */
import { cp } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { type Project, projectWithPackage } from '../setup/built-package.ts';
import { CHROMIUM, importInChromium, runModule, RUNTIMES } from './everywhere.ts';

const RESULT = {
  isRight: true,
  // A new key of each scheme is believed, a stranger's is not.
  signs: [true, false, true, false],
  found: {
    kernel: 'wasm',
    isExact: true,
    cosines: [0.48924035878262784, 0.3996277446653664, 0.9963060629984629, 0.7908281400497348],
    best: ['Gulls wake at dawn.'],
  },
};

let project: Project;
beforeAll(async () => {
  project = await projectWithPackage();
  const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));
  await cp(here('release.mjs'), path.join(project.path, 'release.mjs'));
  await cp(here('../format/golden'), path.join(project.path, 'golden'), { recursive: true });
}, 120_000);
afterAll(() => project?.remove());

for (const [name, program, args] of RUNTIMES) {
  const why = program === undefined ? ' (skipped: not installed; npm run services)' : '';
  test.skipIf(program === undefined)(
    `${name} takes the release that all take${why}`,
    { timeout: 120_000 },
    async () => {
      expect(await runModule(program, args, 'release.mjs', project.path)).toEqual(RESULT);
    },
  );
}

const why = CHROMIUM === '' ? ' (skipped: EVERVEC_TEST_CHROMIUM is not set)' : '';
test.skipIf(CHROMIUM === '')(
  `Chromium takes the release that all take${why}`,
  { timeout: 120_000 },
  async () => {
    expect(await importInChromium('release.mjs', 'result', project.path)).toEqual(RESULT);
  },
);
