/** What the command tells whoever started it. */

export function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Ends the command with a message and no stack. */
export class Refused extends Error {
  readonly exitCode: number;

  constructor(message: string, exitCode = 1) {
    super(message);
    this.exitCode = exitCode;
  }
}
