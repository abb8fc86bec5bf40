/**
 * A scratch schema in the configured database: an Evervec of its own, beside the user's, with tables, queue and sources
 * of its own. Whatever happens, it is dropped; what a crash left is replaced. It owns that schema and touches nothing else.
 */
import { type Database, quoteIdentifier } from '../database/index.ts';
import {
  ownIdentity,
  presenceOf,
  type ProcessIdentity,
} from '../database/embedded/process-identity.ts';
import { EvaluationError, ExtensionError, QueryError } from '../errors/index.ts';
import type { Logger } from '../runtime/index.ts';
import type { Config } from './config.ts';
import { createEvervec, type Evervec } from './engine.ts';

export const SCRATCH_SCHEMA = 'evervec_evaluate';

const NAME = quoteIdentifier(SCRATCH_SCHEMA);
/** Opens the comment on the schema, after which the process that made it stands: what else has the name is not ours. */
const MARK = 'scratch schema of evervec evaluate ';
const DUPLICATE_SCHEMA = '42P06';
const UNIQUE_VIOLATION = '23505';

/**
 * @param config whose sources may be on tables that `work` makes in the scratch schema; its `schema` is replaced
 * @throws EvaluationError where another process is at work in it, or the schema is somebody else's
 */
export async function withScratch<T>(
  config: Config,
  logger: Logger,
  work: (evervec: Evervec) => Promise<T>,
): Promise<T> {
  const evervec = await createEvervec({ ...config, schema: SCRATCH_SCHEMA }, { logger });
  try {
    await claim(evervec);
    try {
      return await work(evervec);
    } finally {
      await drop(evervec);
    }
  } finally {
    await evervec.close();
  }
}

async function claim(evervec: Evervec): Promise<void> {
  const { database } = evervec;
  await refuseOwnExtension(database);
  const { rows } = await database.query<{ comment: string | null }>(
    `select obj_description(oid, 'pg_namespace') as comment from pg_namespace where nspname = $1`,
    [SCRATCH_SCHEMA],
  );
  const [found] = rows;
  if (found !== undefined) {
    refuseForeign(found.comment);
    await drop(evervec);
  }
  const comment = `${MARK}${JSON.stringify(ownIdentity())}`.replaceAll("'", "''");
  try {
    await database.query(`create schema ${NAME}; comment on schema ${NAME} is '${comment}'`);
  } catch (error) {
    const isRace =
      error instanceof QueryError &&
      [DUPLICATE_SCHEMA, UNIQUE_VIOLATION].includes(error.sqlState ?? '');
    throw isRace ? inUse('another process') : error;
  }
}

/** Set-up would put pgvector into the scratch schema, and what others build on it meanwhile would be dropped with it. */
async function refuseOwnExtension(database: Database): Promise<void> {
  if (database.capabilities.vectorVersion !== null) return;
  const { rows } = await database.query<{ is_open: boolean }>(
    `select has_schema_privilege('public', 'create') as is_open from pg_namespace where nspname = 'public'`,
  );
  if (rows[0]?.is_open === true) return;
  throw new ExtensionError('pgvector is not installed in this database.', {
    remedy: 'Run "evervec setup" here first, or have a superuser run "create extension vector".',
    isUsage: true,
  });
}

function refuseForeign(comment: string | null): void {
  const holder = holderOf(comment);
  if (holder === null)
    throw new EvaluationError(
      `There is a schema ${SCRATCH_SCHEMA} that is not a scratch of ours.`,
      {
        remedy: 'Rename it, or evaluate in another database (--database).',
        isUsage: true,
      },
    );
  const presence = presenceOf(holder);
  if (presence !== 'dead')
    throw inUse(
      `process ${holder.pid}${presence === 'elsewhere' ? ` on ${holder.host}` : ''}`,
      presence === 'elsewhere'
        ? `Wait for it; if it is gone, "drop schema ${SCRATCH_SCHEMA} cascade".`
        : undefined,
    );
}

function holderOf(comment: string | null): ProcessIdentity | null {
  if (comment?.startsWith(MARK) !== true) return null;
  try {
    return JSON.parse(comment.slice(MARK.length)) as ProcessIdentity;
  } catch {
    return null;
  }
}

function inUse(who: string, remedy = 'Wait until it is done.'): EvaluationError {
  return new EvaluationError(`An evaluation is under way in this database already, by ${who}.`, {
    remedy,
    isRetryable: true,
  });
}

async function drop(evervec: Evervec): Promise<void> {
  // Takes pgvector out where set-up brought it. What an older version or half a set-up left it may not know.
  await evervec.teardown().catch(() => {});
  try {
    await evervec.database.query(`drop schema if exists ${NAME} cascade`);
  } catch (error) {
    throw new EvaluationError(`The scratch schema ${SCRATCH_SCHEMA} could not be dropped.`, {
      remedy: 'The next evaluation replaces it, once the database answers.',
      cause: error,
    });
  }
}
