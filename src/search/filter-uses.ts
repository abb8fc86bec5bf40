/**
 * Counts which fields searches are narrowed by, of each source: what an index would serve. Gathered in memory and written
 * once a minute and at the end; what a process that dies had gathered is lost, which only a count feels. No value is kept.
 */
import type { Connection } from '../database/index.ts';
import { type Filter, isCondition } from './filter.ts';

/** `order`: above or below a value. */
type How = 'compare' | 'order' | 'contain';

const FLUSH_MS = 60_000;
/** Different fields that are counted between two writes. */
const MAX_FIELDS = 1_000;

const HOW: Readonly<Record<string, How>> = {
  $eq: 'compare',
  $in: 'compare',
  $gt: 'order',
  $gte: 'order',
  $lt: 'order',
  $lte: 'order',
  $contains: 'contain',
};

export class FilterUses {
  readonly #connection: Connection;
  readonly #onError: (error: unknown) => void;
  #counted = new Map<string, number>();
  #timer: NodeJS.Timeout | undefined;

  /** @param onError is told why counts were not written; they are given up */
  constructor(connection: Connection, onError: (error: unknown) => void) {
    this.#connection = connection;
    this.#onError = onError;
  }

  /** @param filter of a search that was answered, hence a sound one */
  note(sources: readonly string[], filter: Filter | undefined): void {
    if (filter === undefined) return;
    for (const [field, how] of fieldsOf(filter))
      for (const source of sources) this.#count(JSON.stringify([source, field, how]));
  }

  #count(key: string): void {
    const before = this.#counted.get(key) ?? 0;
    if (before === 0 && this.#counted.size >= MAX_FIELDS) return;
    this.#counted.set(key, before + 1);
    this.#timer ??= setTimeout(() => void this.flush(), FLUSH_MS).unref();
  }

  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#counted.size === 0) return;
    const noted = [...this.#counted].map(([key, uses]) => {
      const [source, field, how] = JSON.parse(key);
      return { source, field, how, uses };
    });
    this.#counted = new Map();
    await this.#connection
      .query('select evervec.note_filters($1::jsonb)', [JSON.stringify(noted)])
      .catch(this.#onError);
  }
}

/** Those that an index could narrow a search by: not what is inside `$not`, or merely other than a value. */
function fieldsOf(filter: Filter): [field: string, how: How][] {
  return Object.entries(filter).flatMap(([name, value]: [string, unknown]) => {
    if (name === '$not') return [];
    if (name === '$and' || name === '$or') return (value as Filter[]).flatMap(fieldsOf);
    const operators = isCondition(value) ? Object.keys(value) : ['$eq'];
    const hows = operators.flatMap((operator) => HOW[operator] ?? []);
    return [...new Set(hows)].map((how): [string, How] => [name, how]);
  });
}
