/** How much chance is tried: `npm run test:faults` raises the rounds; `EVERVEC_SEED` repeats what a failure printed. */
import { type Random, seededRandom } from '../../src/runtime/index.ts';

/** @param few rounds inside `npm test` */
export function rounds(few: number): number {
  return few * Number(process.env['EVERVEC_FAULT_ROUNDS'] ?? 1);
}

export interface Dice {
  seed: number;
  random: Random;
  /** A whole number from `min` to `max`. */
  between(min: number, max: number): number;
}

export function dice(): Dice {
  const seed = Number(process.env['EVERVEC_SEED'] ?? Date.now() % 1_000_000);
  const random = seededRandom(seed);
  return { seed, random, between: (min, max) => min + Math.floor(random() * (max - min + 1)) };
}

/** One line of what was tried. */
export function tell(what: string, seed: number, counts: object): void {
  process.stderr.write(`${what}, seed ${seed}: ${JSON.stringify(counts)}\n`);
}
