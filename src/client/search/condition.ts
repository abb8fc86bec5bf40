/** One condition of a filter on one field, as a test of a record. */
import { refuse } from '../../search/check-asked.ts';
import { contains, isEqual, isObject, valueAt } from './json-values.ts';
import { type Field, type Kind, timeOf } from './record-columns.ts';

export type Test = (record: number) => boolean;
type Comparable = string | number | boolean;

const ORDERS: Record<string, (order: number) => boolean> = {
  $gt: (order) => order > 0,
  $gte: (order) => order >= 0,
  $lt: (order) => order < 0,
  $lte: (order) => order <= 0,
};

/** @throws SearchRequestError where it means nothing for such a field */
export function conditionOf(name: string, field: Field, operator: string, operand: unknown): Test {
  if (operator === '$exists')
    return conditionOf(name, field, operand === true ? '$ne' : '$eq', null);
  const test =
    operator === '$contains'
      ? containment(name, field, operand)
      : field.path.length > 0 || field.column.kind === 'json'
        ? atPath(field, operator, operand)
        : ofColumn(name, field, operator, operand);
  return test ?? refuseCondition(name, field, operator, operand);
}

function ofColumn(
  name: string,
  { column: { kind, values } }: Field,
  operator: string,
  operand: unknown,
): Test | undefined {
  if (operator === '$in' && Array.isArray(operand) && kind !== 'array') {
    const takesNull = operand.includes(null);
    const wanted = new Set(
      operand.filter((one) => one !== null).map((one: unknown) => readAs(kind, one, name)),
    );
    return (record) => {
      const value = values[record] ?? null;
      return value === null ? takesNull : wanted.has(value as Comparable);
    };
  }
  if (operand === null) return nullTest(operator, (record) => (values[record] ?? null) === null);
  if (Array.isArray(operand) || isObject(operand)) return undefined;
  const wanted = readAs(kind, operand, name);
  if (operator === '$eq') return (record) => values[record] === wanted;
  if (operator === '$ne') return (record) => values[record] !== wanted;
  const fits = ORDERS[operator];
  if (fits === undefined) return undefined;
  return (record) => {
    const value = values[record] ?? null;
    return value !== null && fits(orderOf(value as Comparable, wanted));
  };
}

/** In JSON a number is compared with numbers alone, a text with texts. */
function atPath({ column, path }: Field, operator: string, operand: unknown): Test | undefined {
  const here = (record: number) => valueAt(column.values[record], path, true) ?? null;
  if (operator === '$in' && Array.isArray(operand))
    return (record) => operand.some((one) => isEqual(here(record), one));
  if (operand === null) return nullTest(operator, (record) => here(record) === null);
  if (Array.isArray(operand) || isObject(operand)) return undefined;
  const isEqualHere: Test = (record) => valueAt(column.values[record], path, false) === operand;
  if (operator === '$eq') return isEqualHere;
  if (operator === '$ne') return (record) => !isEqualHere(record);
  const fits = ORDERS[operator];
  if (fits === undefined || typeof operand === 'boolean') return undefined;
  return (record) => {
    const value = here(record);
    return typeof value === typeof operand && fits(orderOf(value as Comparable, operand as string));
  };
}

function containment(name: string, { column, path }: Field, operand: unknown): Test | undefined {
  const { kind, elements, values } = column;
  if (kind === 'json' || path.length > 0) {
    const wanted = isObject(operand) || Array.isArray(operand) ? operand : [operand];
    return (record) => contains(valueAt(values[record], path, false), wanted);
  }
  if (isObject(operand)) return kind === 'empty' ? () => false : undefined;
  if (kind !== 'array' && kind !== 'empty') return undefined;
  const listed: readonly unknown[] = Array.isArray(operand) ? operand : [operand];
  const wanted = listed.map((one) => readAs(elements === 'date' ? 'text' : elements, one, name));
  return (record) => {
    const value = values[record];
    return Array.isArray(value) && wanted.every((one) => value.includes(one));
  };
}

function nullTest(operator: string, isNull: Test): Test | undefined {
  if (operator === '$eq') return isNull;
  if (operator === '$ne') return (record) => !isNull(record);
  return operator in ORDERS ? () => false : undefined;
}

/** A value as the column's kind: a number may come as text. @throws SearchRequestError */
function readAs(kind: Kind, value: unknown, name: string): Comparable {
  const text = String(value);
  if (kind === 'text') return text;
  if (kind === 'empty') return value as Comparable;
  if (kind === 'number' && typeof value !== 'boolean' && text.trim() !== '') {
    const number = Number(text);
    if (Number.isFinite(number)) return number;
  }
  if (kind === 'boolean' && /^(?:true|false)$/.test(text)) return text === 'true';
  const time = kind === 'date' && typeof value === 'string' ? timeOf(value) : null;
  if (time !== null) return time;
  return refuse(
    `The search can't be run as asked: the filter on "${name.slice(0, 100)}" takes another type of value.`,
    `its values are of type ${kind}`,
  );
}

/** Texts by their UTF-16 units, not by a language. */
function orderOf(a: Comparable, b: Comparable): number {
  return a < b ? -1 : a > b ? 1 : a === b ? 0 : Number.NaN;
}

function refuseCondition(name: string, field: Field, operator: string, operand: unknown): never {
  const { kind } = field.column;
  const said = JSON.stringify({ [operator]: operand }).slice(0, 200);
  const hint =
    operator === '$contains' && kind !== 'array' && kind !== 'json'
      ? `"${name}" is no array and no JSON; words in a text are found by the query`
      : operator === '$in' && kind === 'array'
        ? `"${name}" is an array: {"$or": [{"${name}": {"$contains": "…"}}, …]}`
        : 'use $eq, $ne, $gt, $gte, $lt, $lte with a value, $in with an array of values, $exists with true or false, $contains with ' +
          (kind === 'array' ? 'an element' : 'an element, or keys and values');
  return refuse(
    `The search can't be run as asked: a filter on "${name.slice(0, 100)}" can't be ${said}.`,
    hint,
  );
}
