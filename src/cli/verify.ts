import type { Command } from 'commander';
import type { Verdict } from '../engine/index.ts';
import { print, printJson } from './output.ts';
import { type CommonOptions, withCommonOptions, withEvervec } from './session.ts';

export const NOT_HEALTHY = 3;

export function addVerify(program: Command): void {
  withCommonOptions(program.command('verify'))
    .description('check schema and triggers; exit code 3 when something is missing')
    .action(async (options: CommonOptions) => {
      const verdicts = await withEvervec(options, (evervec) => evervec.verify());
      printVerdicts(verdicts, options);
    });
}

const SIGNS = { good: 'good   ', warning: 'WARNING', bad: 'BAD    ' };

/** A line each and, where something is to be done, what. */
export function formatVerdicts(verdicts: readonly Verdict[]): string {
  return verdicts
    .map(
      ({ what, level, found, remedy }) =>
        `${SIGNS[level]}  ${what}: ${found}${remedy ? `\n         ${remedy}` : ''}`,
    )
    .join('\n');
}

/** Exit code 3 when one is bad. */
export function printVerdicts(verdicts: readonly Verdict[], options: CommonOptions): void {
  const ok = verdicts.every(({ level }) => level !== 'bad');
  if (options.json) printJson({ ok, verdicts });
  else print(formatVerdicts(verdicts));
  if (!ok) process.exitCode = NOT_HEALTHY;
}
