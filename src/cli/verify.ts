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

export function printVerdicts(verdicts: readonly Verdict[], options: CommonOptions): void {
  const ok = verdicts.every((verdict) => verdict.ok);
  if (options.json) printJson({ ok, verdicts });
  else
    for (const { what, ok, found, remedy } of verdicts)
      print(`${ok ? 'ok ' : 'NO '} ${what}: ${found}${remedy ? `\n    ${remedy}` : ''}`);
  if (!ok) process.exitCode = NOT_HEALTHY;
}
