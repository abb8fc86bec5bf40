/** What a benchmark is: one claim, one aim, one function that measures it. `run.ts` finds, runs and prints them. */

export interface Bench {
  name: string;
  /** What is compared with what, in a line. */
  claim: string;
  aim: Aim;
  run(options: BenchOptions): Promise<Outcome>;
}

export interface Aim {
  /** In words, with its unit. */
  text: string;
  ratio: number;
  /** Whether `ratio` is the most or the least that meets it. */
  bound: 'at most' | 'at least';
}

export interface BenchOptions {
  /** Measured rounds; a bench that is asked for fewer than 3 says so. */
  runs: number | undefined;
  rows: number | undefined;
  /** What else stood on the command line. */
  operands: readonly string[];
  /** A line for the reader while it runs. */
  note(line: string): void;
}

export interface Outcome {
  figures: Record<string, number | Spread>;
  /** A ratio of its own per round where variants alternate: machine-wide noise then falls out. */
  ratio: Spread;
  /** How it was measured, and what is not in it. */
  remarks?: string[];
}

export interface Spread {
  median: number;
  min: number;
  max: number;
}

/** @param values at least one */
export function spreadOf(values: readonly number[]): Spread {
  return { median: quantile(values, 0.5), min: Math.min(...values), max: Math.max(...values) };
}

/** Nearest rank. @param values at least one */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}

/** One number as a spread, for benches that have a single figure. */
export function single(value: number): Spread {
  return { median: value, min: value, max: value };
}

export function isMet(aim: Aim, ratio: number): boolean {
  return aim.bound === 'at most' ? ratio <= aim.ratio : ratio >= aim.ratio;
}

/**
 * Runs each variant once per round, in turn (A B C A B C), so that what the machine does besides meets all of them.
 * A first round to warm up, where it is asked for, does not count.
 * @returns variant → what it gave in each round
 */
export async function alternate<Name extends string>(
  rounds: number,
  variants: Record<Name, () => Promise<number>>,
  note: (line: string) => void,
  options: { warmUp?: boolean } = {},
): Promise<Record<Name, number[]>> {
  const names = Object.keys(variants) as Name[];
  const measured = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<
    Name,
    number[]
  >;
  for (let round = options.warmUp === true ? 0 : 1; round <= rounds; round++)
    for (const name of names) {
      const value = await variants[name]();
      if (round > 0) measured[name].push(value);
      note(`round ${round} of ${rounds}: ${name} ${value.toPrecision(4)}`);
    }
  return measured;
}

/** Round by round: `over[i] / under[i]`. */
export function ratiosOf(over: readonly number[], under: readonly number[]): number[] {
  return over.map((value, round) => value / (under[round] ?? Number.NaN));
}
