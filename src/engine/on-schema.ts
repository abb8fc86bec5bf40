/** What a program is told when Evervec's tables are not there. */
import { QueryError, SchemaError } from '../errors/index.ts';

/** SQLSTATEs of a missing table, schema or function. */
const NOT_THERE = ['42P01', '3F000', '42883'];

/** And of a missing column: only where the statement is all ours, or a user's filter could be meant. */
export const OR_COLUMN = [...NOT_THERE, '42703'];

/** A missing table of ours means that nobody ran set-up, or not that of this version. */
export async function onSchema<T>(answer: Promise<T>, states = NOT_THERE): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (!(error instanceof QueryError) || !states.includes(error.sqlState ?? '')) throw error;
    throw notUpToDate(error);
  }
}

export function notUpToDate(cause: unknown): SchemaError {
  return new SchemaError('Evervec is not set up in this database, or not up to date.', {
    remedy: 'Run "evervec setup".',
    cause,
    isUsage: true,
  });
}
