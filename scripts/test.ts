/**
 * `npm test`: finds the real parts that are here, runs vitest with them, and says what ran and what was
 * skipped. Arguments go to vitest (`npm test -- src/queue`). With `CI=true` nothing may be skipped for
 * want of a part. The last line is the count, alone: `N passed, N failed[, N skipped]`.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { ROOT } from './services/paths.ts';
import { countLine, countTests } from './test/count.ts';
import { findLanes, laneEnvironment, laneFaults, laneSummary } from './test/lanes.ts';

const lanes = await findLanes(process.env);
const faults = laneFaults(lanes, process.env['CI'] === 'true');
if (faults.length > 0) {
  console.error(['npm test: not run', ...faults.map((fault) => `  ${fault}`)].join('\n'));
  console.log(countLine(countTests(undefined, 1)));
  process.exitCode = 1;
} else {
  process.exitCode = await run();
}

async function run(): Promise<number> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'evervec-test-'));
  const reportFile = path.join(folder, 'report.json');
  try {
    const exitCode = await runVitest(reportFile);
    const report: unknown = existsSync(reportFile)
      ? JSON.parse(readFileSync(reportFile, 'utf8'))
      : undefined;
    const count = countTests(report, exitCode);
    console.log(['Lanes', ...laneSummary(lanes), '', countLine(count)].join('\n'));
    return count.failed > 0 ? 1 : exitCode;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function runVitest(reportFile: string): Promise<number> {
  const vitest = path.join(ROOT, 'node_modules', 'vitest', 'vitest.mjs');
  const given = process.argv.slice(2);
  const hasReporter = given.some((argument) => argument.startsWith('--reporter'));
  const report = ['--reporter=json', `--outputFile.json=${reportFile}`];
  const args = [vitest, 'run', ...(hasReporter ? [] : ['--reporter=default']), ...report, ...given];
  const child = spawn(process.execPath, args, {
    cwd: ROOT,
    env: laneEnvironment(process.env, lanes),
    stdio: 'inherit',
  });
  // An interrupt reaches vitest too: it ends by itself, and its clean-up is waited for.
  process.on('SIGINT', () => {});
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? 1));
  });
}
