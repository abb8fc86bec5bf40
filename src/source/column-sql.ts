/**
 * How values of columns stand in SQL: as the text of a key, back from that text, as text to embed, and
 * as something to compare. Independent of the session's DateStyle and TimeZone, since triggers, workers and
 * searches run in different sessions and must agree to the byte.
 */
import { quoteIdentifier, quoteQualified } from '../database/index.ts';
import type { Column } from './table.ts';

/** The text of one key column. */
function keyPartSql(alias: string, column: Column): string {
  const value = `${alias}.${quoteIdentifier(column.name)}`;
  switch (column.baseType) {
    case 'timestamptz':
      return `(to_jsonb(${value} at time zone 'UTC') #>> '{}')`;
    case 'timestamp':
    case 'date':
      return `(to_jsonb(${value}) #>> '{}')`;
    case 'bytea':
      // chr: in a session without standard_conforming_strings a backslash would be an escape.
      return `(chr(92) || 'x' || encode(${value}, 'hex'))`;
    default:
      return `${value}::text`;
  }
}

/** A record's key: the column's text, or for several a JSON array of texts. */
export function keySql(alias: string, key: readonly Column[]): string {
  const [first, ...others] = key.map((column) => keyPartSql(alias, column));
  if (first !== undefined && others.length === 0) return first;
  return `jsonb_build_array(${[first, ...others].join(', ')})::text`;
}

/**
 * The values of the key's columns, in order, from the text of a key. In the columns' own collations: what a text
 * brings along would keep their index from being used, or conflict with theirs.
 */
function keyValuesSql(key: readonly Column[], keyText: string): string[] {
  return key.map((column, index) => {
    const text = key.length === 1 ? `${keyText}::text` : `(${keyText}::jsonb ->> ${index})`;
    if (column.baseType === 'timestamptz') return `(${text}::timestamp at time zone 'UTC')`;
    const collate = column.collation === null ? '' : ` collate ${column.collation}`;
    return `${text}::${column.type}${collate}`;
  });
}

/** `=` or `>` as it is found under any search_path. */
function operatorSql(column: Column, operator: '=' | '>'): string {
  return column.operatorSchema === 'pg_catalog'
    ? operator
    : `operator(${quoteIdentifier(column.operatorSchema)}.${operator})`;
}

/** A condition that finds the row of `alias` whose key is the text `keyText`; the key's own index can serve it. */
export function keyMatchSql(alias: string, key: readonly Column[], keyText: string): string {
  const values = keyValuesSql(key, keyText);
  return [
    ...key.map(
      (column, index) =>
        `${quoteQualified(alias, column.name)} ${operatorSql(column, '=')} ${values[index]}`,
    ),
    // What only equals the key (citext, numeric 1.00) is another record.
    `${keySql(alias, key)} = ${keyText} collate "C"`,
  ].join(' and ');
}

/**
 * The same for keys that `keySql` made itself, as a sidecar's. Where equal values have one text, that is not compared too: of
 * two conditions Postgres expects next to no rows, and plans a search for those.
 */
export function keyJoinSql(alias: string, key: readonly Column[], keyText: string): string {
  if (!key.every((column) => COMPARED_AS_THEY_ARE.has(column.baseType)))
    return keyMatchSql(alias, key, keyText);
  const values = keyValuesSql(key, keyText);
  return key
    .map(
      (column, index) =>
        `${quoteQualified(alias, column.name)} ${operatorSql(column, '=')} ${values[index]}`,
    )
    .join(' and ');
}

/** A condition for the rows of `alias` that come after `keyText` in the order of the key's index. */
export function keyAfterSql(alias: string, key: readonly Column[], keyText: string): string {
  const values = keyValuesSql(key, keyText);
  const names = key.map((column) => quoteQualified(alias, column.name));
  if (new Set(key.map((column) => column.operatorSchema)).size === 1)
    return `(${names.join(', ')}) ${operatorSql(key[0] as Column, '>')} (${values.join(', ')})`;
  const compared = key.map((_, last) =>
    key
      .slice(0, last + 1)
      .map(
        (column, index) =>
          `${names[index]} ${operatorSql(column, index === last ? '>' : '=')} ${values[index]}`,
      )
      .join(' and '),
  );
  return compared.map((condition) => `(${condition})`).join(' or ');
}

/** The text that is embedded of a column. */
export function textSql(alias: string, column: Column): string {
  const value = `${alias}.${quoteIdentifier(column.name)}`;
  if (column.isArray) return `array_to_string(${value}, ', ')`;
  if (column.baseType === 'bytea') return `encode(${value}, 'hex')`;
  if (column.baseType === 'timestamptz')
    return `(to_jsonb(${value} at time zone 'UTC') #>> '{}') || 'Z'`;
  if (column.baseType === 'timestamp' || column.baseType === 'date')
    return `(to_jsonb(${value}) #>> '{}')`;
  return `${value}::text`;
}

/** Types of which Postgres knows the length without reading the value, also when it is compressed. */
const OF_KNOWN_LENGTH = new Set(['text', 'varchar', 'bpchar', 'json', 'xml', 'bytea']);

/** About the bytes that a column's value takes when it is read; for types that aren't text what it takes on disk. */
export function sizeSql(alias: string, column: Column): string {
  const value = quoteQualified(alias, column.name);
  if (!OF_KNOWN_LENGTH.has(column.baseType)) return `coalesce(pg_column_size(${value}), 0)`;
  return `coalesce(octet_length(${value}${column.baseType === 'bytea' ? '' : '::text'}), 0)`;
}

/** Types whose equality means equal text. Not numeric (1.0 = 1.00), citext, or what has no equality at all (json). */
const COMPARED_AS_THEY_ARE = new Set([
  'bool',
  'int2',
  'int4',
  'int8',
  'uuid',
  'date',
  'timestamp',
  'timestamptz',
]);

/** A column's value such that equality is equality of the text. */
function comparable(alias: string, column: Column): string {
  const cast = COMPARED_AS_THEY_ARE.has(column.baseType) ? '' : '::text collate "C"';
  return `${alias}.${quoteIdentifier(column.name)}${cast}`;
}

/** True where two rows have the same key, to the letter: numeric 1.0 and 1.00 are two keys here. */
export function sameKeySql(before: string, after: string, key: readonly Column[]): string {
  return key
    .map((column) => `${comparable(before, column)} = ${comparable(after, column)}`)
    .join(' and ');
}

/** True where a row's text may differ between its old and its new form. */
export function differsSql(before: string, after: string, mapped: readonly Column[]): string {
  // A column that is generated when read is not in a transition table: then every update counts.
  if (mapped.some((column) => column.isVirtual)) return 'true';
  return mapped
    .map((column) => `${comparable(before, column)} is distinct from ${comparable(after, column)}`)
    .join(' or ');
}
