/** Turns vitest's JSON report into the line that a test run ends with. Pure; reads no file. */
import { z } from 'zod';

const Report = z.object({
  numPassedTests: z.number(),
  numFailedTests: z.number(),
  numPendingTests: z.number(),
  numTodoTests: z.number(),
  testResults: z.array(
    z.object({
      status: z.string(),
      assertionResults: z.array(z.object({ status: z.string() })),
    }),
  ),
});

export interface Count {
  passed: number;
  failed: number;
  skipped: number;
}

/**
 * A file that failed without a failed test (it could not be loaded, a hook threw) counts as one
 * failure. So does a run that failed without any: no report, no tests, an unhandled error.
 */
export function countTests(report: unknown, exitCode: number): Count {
  const parsed = Report.safeParse(report).data;
  if (!parsed) return { passed: 0, failed: 1, skipped: 0 };
  const failedFiles = parsed.testResults.filter(
    ({ status, assertionResults }) =>
      status === 'failed' && !assertionResults.some((test) => test.status === 'failed'),
  );
  const failed = parsed.numFailedTests + failedFiles.length;
  return {
    passed: parsed.numPassedTests,
    failed: failed === 0 && exitCode !== 0 ? 1 : failed,
    skipped: parsed.numPendingTests + parsed.numTodoTests,
  };
}

export function countLine({ passed, failed, skipped }: Count): string {
  const line = `${passed} passed, ${failed} failed`;
  return skipped === 0 ? line : `${line}, ${skipped} skipped`;
}
