/**
 * Reads parsed JSON into a type: wrong types are refused with their path, members that are not asked
 * for are left behind. A reader is a function from a value and its path to what it means.
 */
import { FormatError } from '../errors/index.ts';

export type Reader<T> = (value: unknown, path: string) => T;

/** Wraps the reader of a member that may be missing; `shape` then leaves it out. */
interface Optional<T> {
  readonly optional: Reader<T>;
}
type Members = Record<string, Reader<unknown> | Optional<unknown>>;
type Needed<M extends Members> = {
  [K in keyof M as M[K] extends Reader<unknown> ? K : never]: M[K] extends Reader<infer T>
    ? T
    : never;
};
type Possible<M extends Members> = {
  [K in keyof M as M[K] extends Optional<unknown> ? K : never]?: M[K] extends Optional<infer T>
    ? T
    : never;
};

export function shape<M extends Members>(members: M): Reader<Needed<M> & Possible<M>> {
  return (value, path) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw wrong(path, value, 'an object');
    const read: Record<string, unknown> = {};
    for (const [name, member] of Object.entries(members)) {
      const found: unknown = Object.hasOwn(value, name) ? Reflect.get(value, name) : undefined;
      const at = `${path}.${name}`;
      if (typeof member === 'function') read[name] = member(found, at);
      else if (found !== undefined) read[name] = member.optional(found, at);
    }
    return read as Needed<M> & Possible<M>;
  };
}

export function optional<T>(reader: Reader<T>): Optional<T> {
  return { optional: reader };
}

/** @param maximum UTF-16 units */
export function text(maximum: number, pattern?: RegExp, what = 'a text'): Reader<string> {
  return (value, path) => {
    if (typeof value !== 'string') throw wrong(path, value, what);
    if (value.length > maximum)
      throw new FormatError(path, `${value.length} characters; the limit is ${maximum}`);
    if (pattern !== undefined && !pattern.test(value))
      throw new FormatError(path, `is not ${what}`);
    return value;
  };
}

export function only<const T extends string>(...allowed: T[]): Reader<T> {
  return (value, path) => {
    const found = allowed.find((one) => one === value);
    if (found === undefined) throw new FormatError(path, `is not one of ${allowed.join(', ')}`);
    return found;
  };
}

export function integer(from: number, to: number = Number.MAX_SAFE_INTEGER): Reader<number> {
  return (value, path) => {
    if (typeof value !== 'number' || !Number.isSafeInteger(value))
      throw wrong(path, value, 'an integer');
    if (value < from || value > to)
      throw new FormatError(path, `${value} is outside ${from} to ${to}`);
    return value;
  };
}

export function share(): Reader<number> {
  return (value, path) => {
    if (typeof value !== 'number' || !(value >= 0 && value <= 1))
      throw wrong(path, value, 'a number from 0 to 1');
    return value;
  };
}

export function list<T>(item: Reader<T>, maximum: number, minimum = 0): Reader<T[]> {
  return (value, path) => {
    if (!Array.isArray(value)) throw wrong(path, value, 'a list');
    if (value.length > maximum || value.length < minimum)
      throw new FormatError(path, `${value.length} entries; ${minimum} to ${maximum} are allowed`);
    return value.map((entry, i) => item(entry, `${path}[${i}]`));
  };
}

function wrong(path: string, value: unknown, wanted: string): FormatError {
  const found = value === null ? 'null' : Array.isArray(value) ? 'a list' : typeof value;
  return new FormatError(path, `${found} where ${wanted} belongs`);
}
