/**
 * Answers that were given before in this process, bounded by count, bytes and age; the least recently used go first. Knows
 * nothing of what makes an answer outdated: that is part of the key. Holds texts of records in memory, so nothing of it is
 * written anywhere.
 */
import { type Clock, systemClock } from '../runtime/index.ts';

export interface AnswerCacheOptions {
  /** How long an answer is kept, seconds; default 60. */
  ttlSeconds?: number | undefined;
  /** Answers that are kept at most; default 1,000. */
  entries?: number | undefined;
  /** Of all answers together; default 64 MiB. One of more than a sixteenth of it is not kept. */
  maxBytes?: number;
  clock?: Clock;
}

export interface CacheStats {
  /** Searches that were answered from here. */
  hits: number;
  /** Searches that could have been, had they been asked before. */
  misses: number;
  /** Searches whose answers may not be kept. */
  bypassed: number;
  entries: number;
  bytes: number;
}

interface Kept {
  text: string;
  until: number;
}

const LARGEST_PART = 16;

export class AnswerCache {
  readonly #ttlMs: number;
  readonly #entries: number;
  readonly #maxBytes: number;
  readonly #clock: Clock;
  /** Least recently used first. */
  readonly #kept = new Map<string, Kept>();
  #bytes = 0;
  #hits = 0;
  #misses = 0;
  #bypassed = 0;

  constructor(options: AnswerCacheOptions = {}) {
    this.#ttlMs = (options.ttlSeconds ?? 60) * 1_000;
    this.#entries = options.entries ?? 1_000;
    this.#maxBytes = options.maxBytes ?? 64 * 1_048_576;
    this.#clock = options.clock ?? systemClock;
  }

  get stats(): CacheStats {
    return {
      hits: this.#hits,
      misses: this.#misses,
      bypassed: this.#bypassed,
      entries: this.#kept.size,
      bytes: this.#bytes,
    };
  }

  bypass(): void {
    this.#bypassed += 1;
  }

  /** @returns null where there is none, or it is too old */
  get(key: string): string | null {
    const kept = this.#kept.get(key);
    if (kept !== undefined) this.#drop(key, kept);
    if (kept === undefined || kept.until <= this.#clock.now()) {
      this.#misses += 1;
      return null;
    }
    this.#put(key, kept);
    this.#hits += 1;
    return kept.text;
  }

  set(key: string, text: string): void {
    const before = this.#kept.get(key);
    if (before !== undefined) this.#drop(key, before);
    const kept = { text, until: this.#clock.now() + this.#ttlMs };
    if (sizeOf(key, kept) > this.#maxBytes / LARGEST_PART) return;
    this.#put(key, kept);
    for (const [oldest, one] of this.#kept) {
      if (this.#kept.size <= this.#entries && this.#bytes <= this.#maxBytes) break;
      this.#drop(oldest, one);
    }
  }

  #put(key: string, kept: Kept): void {
    this.#kept.set(key, kept);
    this.#bytes += sizeOf(key, kept);
  }

  #drop(key: string, kept: Kept): void {
    this.#kept.delete(key);
    this.#bytes -= sizeOf(key, kept);
  }
}

/** Two bytes a character, which is what V8 takes at most. */
function sizeOf(key: string, { text }: Kept): number {
  return 2 * (key.length + text.length);
}
