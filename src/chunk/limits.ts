/** What a chunk may weigh, and how its options are checked: the same for every chunker. */
import { ConfigError } from '../errors/index.ts';
import { MAX_TOKENS_PER_UNIT, TOKEN_BOUND_VERSION } from './token-bound.ts';

export interface LimitOptions {
  /**
   * Most UTF-16 units of a chunk, 16 to 100,000. Default 1,600: about 400 tokens of English, which
   * leaves room for the section's path within the 512 tokens that small models look at.
   */
  readonly maxChars?: number | undefined;
  /** UTF-16 units that a chunk repeats of the one before, at most; 0 to `maxChars` / 2. Default 0. */
  readonly overlapChars?: number | undefined;
  /**
   * Most tokens of a chunk by `tokenBound`, at least 16; default no limit. It is part of the id where it can make a
   * difference, so a model that takes less than another may mean other chunks, hence another space.
   */
  readonly maxTokens?: number | undefined;
}

export interface Limits {
  maxChars: number;
  overlapChars: number;
  /** Infinity where no chunk of `maxChars` can have more. */
  maxTokens: number;
}

export const MIN_MAX_TOKENS = 16;
const DEFAULT_MAX_CHARS = 1600;
const MIN_MAX_CHARS = 16;
const MAX_MAX_CHARS = 100_000;

/** @throws ConfigError when an option is out of range. */
export function limitsOf(options: LimitOptions): Limits {
  const { maxChars = DEFAULT_MAX_CHARS, overlapChars = 0, maxTokens = Infinity } = options;
  requireInteger('maxChars', maxChars, MIN_MAX_CHARS, MAX_MAX_CHARS);
  requireInteger('overlapChars', overlapChars, 0, Math.floor(maxChars / 2));
  if (maxTokens !== Infinity)
    requireInteger('maxTokens', maxTokens, MIN_MAX_TOKENS, Number.MAX_SAFE_INTEGER);
  const isBound = maxTokens < maxChars * MAX_TOKENS_PER_UNIT;
  return { maxChars, overlapChars, maxTokens: isBound ? maxTokens : Infinity };
}

/** The limits as they stand in a chunker's id. */
export function limitsId({ maxChars, overlapChars, maxTokens }: Limits): string {
  const bound = maxTokens === Infinity ? '' : `/tokens${maxTokens}@${TOKEN_BOUND_VERSION}`;
  return `max${maxChars}/overlap${overlapChars}${bound}`;
}

function requireInteger(name: string, value: number, least: number, most: number): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  throw new ConfigError(`The chunker's ${name} is ${value}.`, {
    remedy: `Set ${name} to a whole number from ${least} to ${most}.`,
    isUsage: true,
  });
}
