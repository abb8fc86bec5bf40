/** How results become JavaScript values, the same in both kinds of database. */
import { type CustomTypesConfig, types } from 'pg';

const INT8_ARRAY = 1016;
const NUMERIC_ARRAY = 1231;
const TEXT_ARRAY = 1009;

const JSON_TYPES = new Set([114, 3802]);

/** What only JSON with a number that JavaScript can't hold has; few others do. */
const MANY_DIGITS = /\d{16}/;

/**
 * JSON with its numbers as they are: one that a JavaScript number would change, a whole one beyond 2^53 or one of over
 * 17 digits, stays the string of its digits, as int8 and numeric are outside JSON.
 */
export function parseJson(text: string): unknown {
  if (!MANY_DIGITS.test(text)) return JSON.parse(text);
  return JSON.parse(text, (_key: string, value: unknown, context?: { source?: string }) => {
    const source = context?.source;
    if (typeof value !== 'number' || source === undefined) return value;
    const isWhole = /^-?\d+$/.test(source);
    const isExact = isWhole
      ? Number.isSafeInteger(value)
      : source.replace(/e.*/i, '').replaceAll(/\D|^[-0.]+/g, '').length <= 17;
    return isExact ? value : source;
  });
}

/**
 * node-postgres' own parsers, but JSON keeps its numbers (`parseJson`), and arrays of int8 and numeric keep their elements as strings as the
 * scalars do: the driver's would round numeric, and return int8 now as number, now as string.
 */
export const valueParsers: CustomTypesConfig = {
  getTypeParser: (oid: number, format?: 'text' | 'binary') =>
    JSON_TYPES.has(oid) && format !== 'binary'
      ? parseJson
      : types.getTypeParser(
          oid === INT8_ARRAY || oid === NUMERIC_ARRAY ? TEXT_ARRAY : oid,
          // The declared overloads know one format each.
          format as 'text',
        ),
};
