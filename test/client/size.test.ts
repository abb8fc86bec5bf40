/** What a page loads before it has any release. What searches is loaded later, in the worker; what listens and reports, where that is wanted. */
import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';

import { bundle } from './bundle.ts';

const MAX_BYTES = 20_000;

it('takes at most 20 kB, compressed, with its store and the kernel that searches vectors', async () => {
  const code = await bundle(
    `export { createReleaseClient, openBrowserStore } from '../../src/client/index.ts';
     export { createRowScorer, topK } from '../../src/ranking/index.ts';`,
    { minify: true, external: /\/(inline-host|push|reporting)\.ts$/ },
  );
  const bytes = gzipSync(code, { level: 9 }).length;
  expect(bytes).toBeLessThanOrEqual(MAX_BYTES);
  // It is all in there: code that went missing makes no size.
  for (const part of ['channel.json', 'indexedDB', 'WebAssembly', 'DecompressionStream'])
    expect(code).toContain(part);
  expect(code).not.toContain('node:');
});
