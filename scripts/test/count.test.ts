import { describe, expect, test } from 'vitest';

import { countLine, countTests } from './count.ts';

const report = (counts: Partial<Record<string, number>>, testResults: unknown[] = []) => ({
  numPassedTests: 0,
  numFailedTests: 0,
  numPendingTests: 0,
  numTodoTests: 0,
  ...counts,
  testResults,
});
const file = (status: string, ...tests: string[]) => ({
  status,
  assertionResults: tests.map((test) => ({ status: test })),
});

describe('countTests', () => {
  test('counts what was left out and what is still to write as skipped', () => {
    const counts = report({ numPassedTests: 5, numPendingTests: 2, numTodoTests: 1 });
    expect(countTests(counts, 0)).toEqual({ passed: 5, failed: 0, skipped: 3 });
  });

  test('a file that could not be loaded is a failure, one with a failed test is not a second', () => {
    const files = [file('failed'), file('failed', 'passed', 'failed'), file('passed', 'passed')];
    const counts = report({ numPassedTests: 2, numFailedTests: 1 }, files);
    expect(countTests(counts, 1)).toEqual({ passed: 2, failed: 2, skipped: 0 });
  });

  test('a run that failed with every test passed has one failure', () => {
    expect(countTests(report({ numPassedTests: 3 }), 1).failed).toBe(1);
  });

  test('a run without a report has one failure, whatever it exited with', () => {
    expect(countTests(undefined, 0)).toEqual({ passed: 0, failed: 1, skipped: 0 });
  });
});

describe('countLine', () => {
  test('names skipped tests only where there are any', () => {
    expect(countLine({ passed: 12, failed: 0, skipped: 0 })).toBe('12 passed, 0 failed');
    expect(countLine({ passed: 1, failed: 2, skipped: 3 })).toBe('1 passed, 2 failed, 3 skipped');
  });
});
