/**
 * Chooses what of the hits goes into a budget: the best chunk of each record first, in the order of the search, then others of
 * these records that match, then neighbours of what is in. It estimates from above; who writes the text out takes back what is too much.
 */
import { formatPassage } from './context-text.ts';
import type { NearChunk, NearRecord } from './nearby.ts';
import type { Piece } from './passages.ts';
import type { SearchHit } from './request.ts';

export interface Entry {
  hit: SearchHit;
  title: string | null;
  record: NearRecord;
  /** Indexes of chunks that are in. */
  chosen: Set<number>;
}

export interface Budget {
  tokens: number;
  count(text: string): number;
  mark: string;
}

/** Stands for any number that a passage may get. */
const WIDEST_NUMBER = 999;

export class Draft {
  readonly entries: readonly Entry[];
  readonly #budget: Budget;
  readonly #costs = new Map<Entry, number>();
  /** What was added, the last last. */
  readonly #added: { entry: Entry; index: number }[] = [];
  #used: number;

  /** @param used tokens that are gone before the first passage */
  constructor(entries: readonly Entry[], budget: Budget, used: number) {
    this.entries = entries;
    this.#budget = budget;
    this.#used = used;
  }

  /** Those with something in, in the order of the search. */
  get chosen(): Entry[] {
    return this.entries.filter((entry) => entry.chosen.size > 0);
  }

  /** @returns whether the best one is in as a whole; without it nothing is */
  addBest(): boolean {
    for (const [place, entry] of this.entries.entries())
      if (!this.#add(entry, entry.hit.chunk.index) && place === 0) return false;
    return this.chosen.length > 0;
  }

  /** In turns: one of each record, and then the next. */
  addMatching(): void {
    const entries = this.chosen;
    const most = Math.max(0, ...entries.map(({ record }) => record.matching.length));
    for (let place = 0; place < most; place++)
      for (const entry of entries) {
        const index = entry.record.matching[place];
        if (index !== undefined && !entry.chosen.has(index)) this.#add(entry, index);
      }
  }

  addNeighbours(reach: number): void {
    const entries = this.chosen;
    for (let distance = 1; distance <= reach; distance++)
      for (const entry of entries)
        // What follows explains more than what went before.
        for (const way of [1, -1]) {
          const index = entry.hit.chunk.index + way * distance;
          if (entry.chosen.has(index - way) && !entry.chosen.has(index)) this.#add(entry, index);
        }
  }

  /** Takes the last addition back. @returns whether anything is left */
  takeBack(): boolean {
    const last = this.#added.pop();
    last?.entry.chosen.delete(last.index);
    return this.#added.length > 0;
  }

  #add(entry: Entry, index: number): boolean {
    if (!entry.record.chunks.has(index)) return false;
    entry.chosen.add(index);
    const before = this.#costs.get(entry) ?? 0;
    const cost = this.#costOf(entry);
    if (this.#used - before + cost > this.#budget.tokens) {
      entry.chosen.delete(index);
      return false;
    }
    this.#used += cost - before;
    this.#costs.set(entry, cost);
    this.#added.push({ entry, index });
    return true;
  }

  #costOf(entry: Entry): number {
    const { count, mark } = this.#budget;
    const texts = runsOf(entry).map((run) => {
      const text = run.map((chunk) => chunk.text).join('\n\n');
      const piece: Piece = { ...(run[0] as NearChunk), text };
      return formatPassage(entry.title, piece, WIDEST_NUMBER, mark);
    });
    return count(`\n\n${texts.join('\n\n')}`);
  }
}

/** What is in, in reading order, each chunk beside its neighbours. */
function runsOf(entry: Entry): NearChunk[][] {
  const runs: NearChunk[][] = [];
  for (const chunk of chosenChunks(entry)) {
    const run = runs.at(-1);
    if (run?.at(-1)?.index === chunk.index - 1) run.push(chunk);
    else runs.push([chunk]);
  }
  return runs;
}

export function chosenChunks({ record, chosen }: Entry): NearChunk[] {
  return [...chosen].sort((a, b) => a - b).flatMap((index) => record.chunks.get(index) ?? []);
}
