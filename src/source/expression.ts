/** SQL expressions that a configuration brings along: checked against the table before anything is made of them. */
import { type Connection, quoteQualified } from '../database/index.ts';
import { ConfigError, QueryError } from '../errors/index.ts';
import type { Table } from './table.ts';

/**
 * `expression` over the columns of the row that is called `row` outside. Inside it is called `t`, and no other name of
 * the statement around it is seen first.
 */
function expressionSql(expression: string, row: string, type: ExpressionType): string {
  // A cast would take the text 'true' for a condition.
  const value = type === 'boolean' ? `(${expression}) is true` : `(${expression})::${type}`;
  return `(select ${value} from (select ${row}.*) t)`;
}

export type ExpressionType = 'float8' | 'boolean';

/**
 * @param field of the source's options, for the message
 * @throws ConfigError when the expression is none, or names what the table has not
 */
export async function checkExpression(
  connection: Connection,
  source: string,
  table: Table,
  field: string,
  expression: string,
  type: ExpressionType,
): Promise<void> {
  try {
    await connection.query(
      `select ${expressionSql(expression, 'r', type)} from ${quoteQualified(table.schema, table.name)} r limit 0`,
    );
  } catch (error) {
    if (!(error instanceof QueryError)) throw error;
    throw new ConfigError(
      `Source "${source}": ${field} is no SQL expression over the columns of ${table.schema}.${table.name} (SQLSTATE ${error.sqlState}).`,
      {
        remedy: `Its columns are ${table.columns.map(({ name }) => name).join(', ')}. It has to be of type ${type}.`,
        isUsage: true,
        cause: error,
      },
    );
  }
}

/**
 * The same as functions of the database will see it, in which nothing is found that is not named with its schema. Leaves
 * the transaction's search_path as it was.
 */
export async function checkAsPinned(
  tx: Connection,
  source: string,
  table: Table,
  field: string,
  expression: string,
  type: ExpressionType,
): Promise<void> {
  const { rows } = await tx.query<{ path: string }>(
    `select current_setting('search_path') as path, set_config('search_path', 'pg_catalog, pg_temp', true)`,
  );
  const named = `${field}, with its own functions and types named by their schema,`;
  await checkExpression(tx, source, table, named, expression, type);
  await tx.query(`select set_config('search_path', $1, true)`, [rows[0]?.path]);
}

/** A row's priority as jobs have it, a smallint; 0 where the expression has no value. */
export function prioritySql(expression: string, row: string): string {
  const value = expressionSql(expression, row, 'float8');
  return `greatest(-32768, least(32767, coalesce(${value}, 0)))::smallint`;
}
