/** Asks before something is destroyed. */
import { createInterface } from 'node:readline/promises';
import { ConfigError } from '../errors/index.ts';

/**
 * @param isConfirmed by an option
 * @param option its name, for who has no terminal
 * @returns whether to go on
 * @throws ConfigError where there is nobody to ask
 */
export async function confirm(
  question: string,
  isConfirmed: boolean | undefined,
  option = '--confirm',
): Promise<boolean> {
  if (isConfirmed) return true;
  if (!process.stdin.isTTY)
    throw new ConfigError(`${question} There is no terminal to answer on.`, {
      remedy: `Add ${option}.`,
      isUsage: true,
    });
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await terminal.question(`${question} [y/N] `);
  terminal.close();
  return /^y(es)?$/i.test(answer.trim());
}
