/**
 * Turns what the driver throws into the errors of this package. Decides by SQLSTATE and errno only;
 * a message of the driver is shown, never read.
 */
import { DatabaseError } from 'pg';
import {
  DatabaseUnreachableError,
  EvervecError,
  PermissionError,
  QueryError,
} from '../errors/index.ts';

/** Where the statement was sent, for messages. Holds no password. */
export interface Target {
  /** `host:port/database`, or the folder of an embedded database. */
  label: string;
  kind: 'postgres' | 'embedded';
}

/** What was under way when it failed. */
export interface Circumstance {
  target: Target;
  /** The connection was not there yet, or is gone now: without a SQLSTATE, that is then the reason. */
  isLost: boolean;
}

/** Postgres' classes of errors that a later try may not meet: see its appendix A. */
const RETRYABLE = new Set(['40001', '40P01', '55P03', '57014', '25P03']);
const SHUTDOWN = new Set(['57P01', '57P02', '57P03', '57P05']);

const REMEDIES: Record<string, string> = {
  '22021': 'Postgres text can hold neither U+0000 nor invalid UTF-8: remove it before writing.',
  '25006': 'This server takes no writes (a replica?): connect to the primary.',
  '25P02': 'A statement before this one failed: let its error end the transaction.',
  '28000': 'Check the user, the password and pg_hba.conf on the server.',
  '28P01': 'Check the user and the password of the address.',
  '3D000': 'Create the database, or correct its name in the address.',
  '3F000': 'Set the schema up first: evervec setup.',
  '42P01': 'Set the schema up first: evervec setup.',
  '53100': "Free space on the server's disk.",
  '53300': 'Raise max_connections on the server, or lower the size of the pool.',
  '57014':
    'The statement was cancelled or ran into statement_timeout: try again, or raise the limit.',
};

const ERRNO_REMEDIES: Record<string, string> = {
  ECONNREFUSED: 'Start the database, or correct host and port in the address.',
  ENOENT: 'Start the database, or correct the path of its socket.',
  ENOTFOUND: 'Correct the host in the address, or check name resolution.',
  EAI_AGAIN: 'Check name resolution, then try again.',
};

/** @returns an error of this package, with `failure` as its cause */
export function toDatabaseError(failure: unknown, circumstance: Circumstance): Error {
  if (EvervecError.isInstance(failure)) return failure;
  if (failure instanceof DatabaseError && failure.code !== undefined)
    return fromServer(failure, failure.code, circumstance);
  const code = codeOf(failure);
  if (circumstance.isLost || code !== null) return lost(failure, code, circumstance.target);
  return new QueryError(`The statement could not be sent: ${messageOf(failure)}`, {
    remedy: 'Check the values: they must be what node-postgres can send.',
    cause: failure,
  });
}

function fromServer(
  failure: DatabaseError,
  sqlState: string,
  { target, isLost }: Circumstance,
): Error {
  hideContent(failure);
  const isGone = sqlState.startsWith('08') || SHUTDOWN.has(sqlState);
  const options = {
    cause: failure,
    sqlState,
    remedy: REMEDIES[sqlState] ?? 'See the SQLSTATE and the cause.',
    isRetryable: isGone || sqlState.startsWith('53') || RETRYABLE.has(sqlState),
  };
  const message = withoutValue(failure.message, sqlState);
  if (sqlState === '42501') {
    return new PermissionError(`Not permitted: ${message}`, {
      ...options,
      remedy: 'Grant the privilege to the role, or connect as another.',
    });
  }
  const isRefused = sqlState.startsWith('28') || sqlState === '3D000';
  if (!isGone && !isRefused && !isLost)
    return new QueryError(`${message} (SQLSTATE ${sqlState})`, {
      ...options,
      detail: failure.message,
      ...(failure.hint === undefined ? {} : { hint: failure.hint }),
    });
  return new DatabaseUnreachableError(
    `The database ${target.label} can't be used: ${message} (SQLSTATE ${sqlState})`,
    isGone ? { ...options, remedy: 'Try again when the database is back.' } : options,
  );
}

function lost(failure: unknown, code: string | null, target: Target): DatabaseUnreachableError {
  const reason = code ?? messageOf(failure);
  const remedy =
    target.kind === 'embedded'
      ? 'The process that owned the embedded database is gone: start again.'
      : (ERRNO_REMEDIES[code ?? ''] ??
        'Check that the database runs and can be reached, then try again.');
  return new DatabaseUnreachableError(`The database ${target.label} can't be reached: ${reason}`, {
    remedy,
    cause: failure,
    isRetryable: code !== 'ENOTFOUND',
  });
}

/**
 * Postgres repeats the offending value after a colon in messages of class 22 ("data exception"), and
 * rows in detail and context. They are content and stay out of messages and logs (I11).
 */
function withoutValue(message: string, sqlState: string): string {
  return sqlState.startsWith('22') ? message.replace(/: ".*"$/s, '') : message;
}

function hideContent(failure: DatabaseError): void {
  for (const property of ['detail', 'where', 'internalQuery'] as const)
    Object.defineProperty(failure, property, { enumerable: false });
}

function codeOf(failure: unknown): string | null {
  return failure instanceof Error && 'code' in failure && typeof failure.code === 'string'
    ? failure.code
    : null;
}

function messageOf(failure: unknown): string {
  return failure instanceof Error ? failure.message : String(failure);
}
