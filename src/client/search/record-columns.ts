/**
 * What the records of an index can be filtered by: their own columns, and what every record has. The types of a database are not in a release,
 * so a column's kind is that of its values. Columns are read when a filter first asks for them, and kept.
 */
import type { ReleaseIndex } from '../../format/index.ts';
import { isObject, type JsonObject } from './json-values.ts';

export type Kind = 'text' | 'number' | 'boolean' | 'date' | 'array' | 'json' | 'empty';

export interface Column {
  readonly kind: Kind;
  /** Of an array's elements; else as `kind`. */
  readonly elements: Kind;
  /** null where there is none; dates as milliseconds since 1970. (records) */
  readonly values: readonly unknown[];
}

/** What a field of a filter means: a column, or a path into one of JSON. */
export interface Field {
  readonly column: Column;
  readonly path: readonly string[];
}

const ISO_DATE =
  /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d(?::?\d\d)?)?)?$/;
/** Documents call it so on the server. */
const PUBLISHED = 'published';
const OF_EVERY_RECORD = ['key', 'title', 'url', 'publishedAt', PUBLISHED, 'tags'];

export class RecordColumns {
  readonly #index: ReleaseIndex;
  readonly #columns = new Map<string, Column>();
  #own: (JsonObject | null)[] | undefined;
  #names: Set<string> | undefined;

  constructor(index: ReleaseIndex) {
    this.#index = index;
  }

  /** @returns the longest column that the field begins with, since the name of a column wins over a path; undefined where there is none */
  nameOf(field: string): string | undefined {
    const names = this.names();
    if (names.has(field)) return field;
    let owner: string | undefined;
    for (let at = field.indexOf('.'); at >= 0; at = field.indexOf('.', at + 1))
      if (names.has(field.slice(0, at))) owner = field.slice(0, at);
    return owner;
  }

  names(): ReadonlySet<string> {
    this.#names ??= new Set([
      ...this.#ownColumns().flatMap((columns) => Object.keys(columns ?? {})),
      ...OF_EVERY_RECORD,
    ]);
    return this.#names;
  }

  column(name: string): Column {
    const known = this.#columns.get(name);
    if (known !== undefined) return known;
    const column = columnOf(this.#values(name));
    this.#columns.set(name, column);
    return column;
  }

  #values(name: string): unknown[] {
    const own = this.#ownColumns();
    if (own.some((columns) => columns !== null && Object.hasOwn(columns, name)))
      return own.map((columns) =>
        columns !== null && Object.hasOwn(columns, name) ? columns[name] : null,
      );
    const field = name === PUBLISHED ? 'publishedAt' : name;
    return Array.from({ length: this.#index.recordCount }, (_, record) => {
      const { [field as 'title']: value } = this.#index.record(record);
      return value;
    });
  }

  #ownColumns(): (JsonObject | null)[] {
    this.#own ??= Array.from({ length: this.#index.recordCount }, (_, record) => {
      const text = this.#index.columnsText(record);
      return text === null ? null : (JSON.parse(text) as JsonObject);
    });
    return this.#own;
  }
}

function columnOf(values: unknown[]): Column {
  const kind = kindOf(values);
  const elements = kind === 'array' ? kindOf(values.filter(Array.isArray).flat(1)) : kind;
  if (kind !== 'date') return { kind, elements, values };
  const times = values.map((value) => (typeof value === 'string' ? timeOf(value) : null));
  return { kind, elements, values: times };
}

/** Of all values that are there. */
function kindOf(values: readonly unknown[]): Kind {
  const kinds = new Set<Kind>();
  for (const value of values)
    if (value !== null && value !== undefined) kinds.add(kindOfValue(value));
  if (kinds.size === 2 && kinds.has('date') && kinds.has('text')) return 'text';
  const [kind = 'empty', other] = kinds;
  return other === undefined ? kind : 'json';
}

function kindOfValue(value: unknown): Kind {
  if (Array.isArray(value)) return value.some((one) => typeof one === 'object') ? 'json' : 'array';
  if (isObject(value)) return 'json';
  if (typeof value === 'string') return timeOf(value) === null ? 'text' : 'date';
  return typeof value === 'number' ? 'number' : 'boolean';
}

/** Milliseconds since 1970 of a date in ISO 8601, UTC where it names no zone; null for what is none. */
export function timeOf(text: string): number | null {
  if (!ISO_DATE.test(text)) return null;
  const [date = '', clock = ''] = text.replace(' ', 'T').split('T');
  const hasZone = /(?:Z|[+-]\d\d(?::?\d\d)?)$/.test(clock);
  const zoned = clock.replace(/([+-]\d\d)$/, '$1:00').replace(/([+-]\d\d)(\d\d)$/, '$1:$2');
  const time = Date.parse(clock === '' ? date : `${date}T${zoned}${hasZone ? '' : 'Z'}`);
  return Number.isNaN(time) ? null : time;
}
