/**
 * Narrows a search to records: the filters of the server, with the same meaning (docs/search.md, "Filters"; `evervec.filter_sql`). What can't be meant
 * is refused by name. It owns how filters are joined and kept; single conditions are in `condition.ts`.
 */
import type { ReleaseIndex } from '../../format/index.ts';
import { refuse } from '../../search/check-asked.ts';
import type { Filter } from '../../search/filter.ts';
import { conditionOf, type Test } from './condition.ts';
import { isObject, type JsonObject } from './json-values.ts';
import { RecordColumns } from './record-columns.ts';

/** Filters whose records are kept: a person narrows by few at a time. */
const KEPT = 16;

export class RecordFilter {
  readonly #columns: RecordColumns;
  readonly #count: number;
  readonly #kept = new Map<string, Uint8Array>();

  constructor(index: ReleaseIndex) {
    this.#columns = new RecordColumns(index);
    this.#count = index.recordCount;
  }

  /**
   * @param filter of a shape that was checked
   * @returns 1 for each record that passes (records); undefined where nothing is asked
   * @throws SearchRequestError
   */
  passing(filter: Filter): Uint8Array | undefined {
    if (Object.keys(filter).length === 0) return undefined;
    const name = JSON.stringify(filter);
    const known = this.#kept.get(name);
    if (known !== undefined) return known;
    const test = this.#all({ ...filter });
    const passing = Uint8Array.from({ length: this.#count }, (_, record) => Number(test(record)));
    const [oldest] = this.#kept.keys();
    if (this.#kept.size >= KEPT && oldest !== undefined) this.#kept.delete(oldest);
    this.#kept.set(name, passing);
    return passing;
  }

  #all(filter: JsonObject): Test {
    const tests = Object.entries(filter).flatMap(([name, value]) => this.#part(name, value));
    return (record) => tests.every((test) => test(record));
  }

  #part(name: string, value: unknown): Test[] {
    const isColumn = this.#columns.names().has(name);
    if (name === '$not' && !isColumn && isObject(value)) {
      const test = this.#all(value);
      return [(record) => !test(record)];
    }
    if ((name === '$and' || name === '$or') && !isColumn && Array.isArray(value)) {
      const tests = value.filter(isObject).map((filter) => this.#all(filter));
      return name === '$and' ? tests : [(record: number) => tests.some((test) => test(record))];
    }
    const field = this.#field(name);
    const conditions = isObject(value) ? Object.entries(value) : [['$eq', value] as const];
    return conditions.map(([operator, operand]) => conditionOf(name, field, operator, operand));
  }

  #field(name: string) {
    const owner = this.#columns.nameOf(name);
    if (owner === undefined)
      return refuse(
        `The search can't be run as asked: there is no column "${name.slice(0, 100)}" to filter on.`,
        `its columns are ${[...this.#columns.names()].sort().join(', ')}${name.startsWith('$') ? '; filters are joined by $and, $or, $not' : ''}`,
      );
    const column = this.#columns.column(owner);
    if (owner === name) return { column, path: [] };
    if (column.kind !== 'json' && column.kind !== 'empty')
      refuse(
        `The search can't be run as asked: there are no paths into column "${owner}", as "${name.slice(0, 100)}".`,
        'paths go into columns of JSON',
      );
    const path = name.slice(owner.length + 1).split('.');
    if (path.includes(''))
      refuse(
        `The search can't be run as asked: the path "${name.slice(0, 100)}" has an empty part.`,
        'write column.key, column.key.key; a key with a dot is found by $contains on the column',
      );
    return { column, path };
  }
}
