/** How results become JavaScript values, the same in both kinds of database. */
import { type CustomTypesConfig, types } from 'pg';

const INT8_ARRAY = 1016;
const NUMERIC_ARRAY = 1231;
const TEXT_ARRAY = 1009;

/**
 * node-postgres' own parsers, but arrays of int8 and numeric keep their elements as strings as the
 * scalars do: the driver's would round numeric, and return int8 now as number, now as string.
 */
export const valueParsers: CustomTypesConfig = {
  getTypeParser: (oid: number, format?: 'text' | 'binary') =>
    types.getTypeParser(
      oid === INT8_ARRAY || oid === NUMERIC_ARRAY ? TEXT_ARRAY : oid,
      // The declared overloads know one format each.
      format as 'text',
    ),
};
