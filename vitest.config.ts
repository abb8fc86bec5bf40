/** How tests run; `npm test` (scripts/test.ts) finds the real parts for them and sets the environment. */
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    environment: 'node',
    include: ['src/**/*.test.ts', 'test/**/*.test.ts', 'scripts/**/*.test.ts'],
    globalSetup: ['test/setup/run.ts'],
    pool: 'forks',
    // Each may hold an embedded database (some 480 MB) and a browser.
    maxWorkers: 2,
    testTimeout: 180_000,
    hookTimeout: 120_000,
    // A machine that has much else to do is no failure.
    expect: { poll: { timeout: 20_000 } },
  },
});
