/**
 * What a search may be narrowed by: its shape, and whether a value has it. Which fields there are, and what a value of
 * theirs can be, the database knows, where a filter becomes SQL (`evervec.filter_sql`).
 */

export type FilterValue = string | number | boolean | null;

type JsonValue = FilterValue | readonly JsonValue[] | { readonly [key: string]: JsonValue };

/** Comparisons with a field; all of them must hold. */
export interface FilterCondition {
  $eq?: FilterValue;
  /** Holds for what is null, too. */
  $ne?: FilterValue;
  /** Up to 1,000. */
  $in?: readonly FilterValue[];
  $gt?: FilterValue;
  $gte?: FilterValue;
  $lt?: FilterValue;
  $lte?: FilterValue;
  /** Whether there is a value: neither null nor missing. */
  $exists?: boolean;
  /** Of an array, or an array in jsonb: an element, or several that must all be in it. Of jsonb also keys with their values. */
  $contains?: FilterElement | readonly FilterElement[] | { readonly [key: string]: JsonValue };
}

export type FilterElement = string | number | boolean;

/** Field → value or condition. A field is a column, or a path into one of jsonb: `metadata.author.name`. */
export interface FieldFilter {
  [field: string]: FilterValue | FilterCondition;
}

/** Filters joined; each of them, and each list, says something. */
export interface JoinedFilter {
  $and?: readonly Filter[];
  $or?: readonly Filter[];
  /** Holds wherever the filter inside does not, for what is null, too. */
  $not?: Filter;
}

/** All that it says must hold: fields and joined filters may stand side by side. */
export type Filter = FieldFilter | JoinedFilter;

/** Filters inside filters. */
export const MAX_FILTER_DEPTH = 10;
export const MAX_FILTER_CONDITIONS = 200;
export const MAX_FILTER_VALUES = 1_000;

export interface FilterFault {
  /** Where it is: `['$or', 1, 'seats', '$gte']`. */
  path: (string | number)[];
  /** What is wrong and what there is, as `must not be empty`. */
  message: string;
}

const JOINS = new Set(['$and', '$or', '$not']);
const COMPARISONS = new Set(['$eq', '$ne', '$gt', '$gte', '$lt', '$lte']);
const OPERATORS = [...COMPARISONS, '$in', '$exists', '$contains'];

/** What first is wrong with the shape of a filter; null where nothing is. */
export function filterFault(filter: unknown): FilterFault | null {
  return new Check().filter(filter, [], 0);
}

class Check {
  #conditions = 0;

  filter(filter: unknown, path: FilterFault['path'], depth: number): FilterFault | null {
    if (!isObject(filter))
      return { path, message: `must be an object of field and condition, not ${kindOf(filter)}` };
    if (depth > MAX_FILTER_DEPTH)
      return { path, message: `nests more than ${MAX_FILTER_DEPTH} deep: say it flatter` };
    const entries = Object.entries(filter);
    if (entries.length === 0 && depth > 0)
      return { path, message: 'is empty, which says nothing: leave it out' };
    return firstFault(entries, ([name, value]) => {
      const at = [...path, name];
      if (!isStorable(name)) return { path: at, message: UNFIT };
      return JOINS.has(name) ? this.#join(name, value, at, depth + 1) : this.#field(value, at);
    });
  }

  #join(
    name: string,
    value: unknown,
    path: FilterFault['path'],
    depth: number,
  ): FilterFault | null {
    if (name === '$not') return this.filter(value, path, depth);
    if (!Array.isArray(value) || value.length === 0)
      return { path, message: `takes an array of one or more filters, not ${kindOf(value)}` };
    if (value.length > MAX_FILTER_CONDITIONS) return { path, message: TOO_MANY };
    return firstFault(value.entries(), ([index, one]) => this.filter(one, [...path, index], depth));
  }

  #field(value: unknown, path: FilterFault['path']): FilterFault | null {
    const condition = isObject(value) ? value : { $eq: value };
    const entries = Object.entries(condition);
    if (entries.length === 0)
      return { path, message: `says nothing: use one of ${OPERATORS.join(', ')}` };
    return firstFault(entries, ([operator, operand]) => {
      this.#conditions += 1;
      if (this.#conditions > MAX_FILTER_CONDITIONS) return { path, message: TOO_MANY };
      const at = condition === value ? [...path, operator] : path;
      const message = operandFault(operator, operand);
      return message === null ? null : { path: at, message };
    });
  }
}

const TOO_MANY = `is beyond ${MAX_FILTER_CONDITIONS} conditions: many values of one field are one $in`;
const UNFIT = 'has a null character or half a surrogate pair, which no text in Postgres has';

function operandFault(operator: string, operand: unknown): string | null {
  if (COMPARISONS.has(operator))
    return Array.isArray(operand) || isObject(operand)
      ? `takes a string, number, boolean or null, not ${kindOf(operand)}: for several values use $in`
      : valueFault(operand);
  switch (operator) {
    case '$exists':
      return typeof operand === 'boolean' ? null : `takes true or false, not ${kindOf(operand)}`;
    case '$in':
      if (!Array.isArray(operand)) return `takes an array of values, not ${kindOf(operand)}`;
      return listFault(operand, (one) =>
        typeof one === 'object' && one !== null ? `has ${kindOf(one)} in it` : valueFault(one),
      );
    case '$contains':
      return containsFault(operand);
    default:
      return `is no operator: use one of ${OPERATORS.join(', ')}`;
  }
}

function containsFault(operand: unknown): string | null {
  if (isObject(operand)) return jsonFault(operand, 0);
  const list: unknown[] = Array.isArray(operand) ? operand : [operand];
  if (list.length === 0) return 'is empty, which says nothing';
  return listFault(list, (one) =>
    typeof one === 'object' ? `takes no ${kindOf(one)} as an element` : valueFault(one),
  );
}

function listFault(
  list: readonly unknown[],
  check: (one: unknown) => string | null,
): string | null {
  if (list.length > MAX_FILTER_VALUES)
    return `has ${list.length} values, at most ${MAX_FILTER_VALUES} are taken`;
  return firstFault(list, check);
}

function jsonFault(value: unknown, depth: number): string | null {
  if (typeof value !== 'object' || value === null) return valueFault(value);
  if (depth > MAX_FILTER_DEPTH) return `nests more than ${MAX_FILTER_DEPTH} deep`;
  return firstFault(Object.entries(value), ([key, one]) =>
    isStorable(key) ? jsonFault(one, depth + 1) : UNFIT,
  );
}

/** JSON would leave `undefined` out, and with it the condition: everything would match. */
function valueFault(value: unknown): string | null {
  if (value === undefined) return 'has no value: leave it out, or use null';
  if (typeof value === 'string') return isStorable(value) ? null : UNFIT;
  if (typeof value === 'boolean' || value === null) return null;
  if (typeof value === 'number' && Number.isFinite(value)) return null;
  return 'has a value that JSON does not know: use strings, finite numbers, booleans or null; a number beyond 2^53 as a string';
}

function firstFault<One, Fault>(list: Iterable<One>, check: (one: One) => Fault | null) {
  for (const one of list) {
    const fault = check(one);
    if (fault !== null) return fault;
  }
  return null;
}

/** A condition, or an object of something else; not a value. */
export function isCondition(value: unknown): value is Record<string, unknown> {
  return isObject(value);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether Postgres can hold it. */
export function isStorable(text: string): boolean {
  return text.isWellFormed() && !text.includes('\0');
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty array' : 'an array';
  if (value === undefined) return 'nothing';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
