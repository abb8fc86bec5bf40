/** SQL expressions that a configuration brings along: checked against the table before anything is made of them. */
import { type Connection, quoteQualified } from '../database/index.ts';
import { ConfigError, QueryError } from '../errors/index.ts';
import type { Table } from './table.ts';

/**
 * `expression` over the columns of the row that is called `row` outside. Inside it is called `t`, and no other name of
 * the statement around it is seen first.
 */
export function expressionSql(expression: string, row: string, type: string): string {
  return `(select (${expression})::${type} from (select ${row}.*) t)`;
}

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
  type: string,
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
        remedy: `Its columns are ${table.columns.map(({ name }) => name).join(', ')}. Try it: select (…)::${type} from the table.`,
        isUsage: true,
        cause: error,
      },
    );
  }
}

/** A row's priority as jobs have it, a smallint; 0 where the expression has no value. */
export function prioritySql(expression: string, row: string): string {
  const value = expressionSql(expression, row, 'float8');
  return `greatest(-32768, least(32767, coalesce(${value}, 0)))::smallint`;
}
