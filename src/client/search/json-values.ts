/** JSON values as Postgres compares them in jsonb: equality, containment (`@>`), what is at a path. Pure. */

export type JsonObject = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isEqual(a: unknown, b: unknown): boolean {
  if (Array.isArray(a))
    return Array.isArray(b) && a.length === b.length && a.every((one, i) => isEqual(one, b[i]));
  if (!isObject(a)) return a === b;
  const names = Object.keys(a);
  return (
    isObject(b) &&
    names.length === Object.keys(b).length &&
    names.every((name) => Object.hasOwn(b, name) && isEqual(a[name], b[name]))
  );
}

/** Whether all of `part` is in `whole`: keys with their values, elements wherever they stand. */
export function contains(whole: unknown, part: unknown): boolean {
  if (Array.isArray(part))
    return (
      Array.isArray(whole) &&
      part.every((wanted) => whole.some((one) => contains(one, wanted) && isSameKind(one, wanted)))
    );
  if (!isObject(part)) return whole === part;
  return (
    isObject(whole) &&
    Object.entries(part).every(
      ([name, wanted]) => Object.hasOwn(whole, name) && contains(whole[name], wanted),
    )
  );
}

function isSameKind(a: unknown, b: unknown): boolean {
  return Array.isArray(a) === Array.isArray(b) && typeof a === typeof b;
}

/** @param isThroughArrays whether a number in the path is the place of an element; @returns undefined where there is nothing */
export function valueAt(
  value: unknown,
  path: readonly string[],
  isThroughArrays: boolean,
): unknown {
  let at = value;
  for (const part of path) {
    if (isObject(at) && Object.hasOwn(at, part)) at = at[part];
    else if (isThroughArrays && Array.isArray(at) && /^-?\d+$/.test(part)) at = at.at(Number(part));
    else return undefined;
  }
  return at;
}
