/**
 * Errors as HTTP answers. What the caller did wrong is told in full; what went wrong here is told by its code, and
 * goes to the log under the request's id. No stack, no statement and no value of a row reaches the client.
 */
import { EvervecError, HttpRequestError } from '../errors/index.ts';
import type { Logger } from '../runtime/index.ts';

interface Failure {
  status: number;
  code: string;
  message: string;
  remedy?: string;
  headers: Record<string, string>;
}

/** Seconds; clients that follow it come back when a restart of the database is likely over. */
const RETRY_AFTER_S = 2;

/** @param hasDocs whether `/docs`, which explains every code, is there too */
export function answerFailure(
  error: unknown,
  { requestId, logger, hasDocs }: { requestId: string; logger: Logger; hasDocs: boolean },
): Response {
  const failure = classify(error);
  if (failure.status >= 500)
    logger.error({ requestId, status: failure.status, ...describe(error) }, 'a request failed');
  const { status, code, message, remedy, headers } = failure;
  return Response.json(
    {
      error: {
        code,
        message,
        ...(remedy && { remedy }),
        ...(hasDocs && { link: `/docs#${code}` }),
        requestId,
      },
    },
    { status, headers },
  );
}

function classify(error: unknown): Failure {
  if (error instanceof HttpRequestError)
    return { ...tell(error), status: error.status, headers: { ...error.headers } };
  if (!EvervecError.isInstance(error))
    return {
      status: 500,
      code: 'EVERVEC_INTERNAL',
      message: 'Something went wrong on the server.',
      remedy: 'Look for the request id in its log.',
      headers: {},
    };
  if (error.isUsage) return { ...tell(error), status: 400, headers: {} };
  if (error.isRetryable)
    return { ...tell(error), status: 503, headers: { 'retry-after': String(RETRY_AFTER_S) } };
  return { ...tell(error), status: 500, headers: {} };
}

function tell(error: EvervecError): Pick<Failure, 'code' | 'message' | 'remedy'> {
  const { code, message, remedy } = error;
  // The message of a failed statement may repeat it; usage errors are worded for the caller.
  if ('sqlState' in error && !error.isUsage)
    return { code, message: `The database failed (SQLSTATE ${error.sqlState ?? 'unknown'}).` };
  return { code, message, remedy };
}

/** What the log may hold (I11): our own message; of a foreign error, whose message may quote a row, the frames only. */
function describe(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { error: typeof error };
  const frames = error.stack?.split('\n').filter((line) => /^\s+at /.test(line));
  if (!EvervecError.isInstance(error)) return { error: error.name, frames };
  const sqlState = 'sqlState' in error ? { sqlState: error.sqlState } : {};
  return { error: error.name, code: error.code, message: error.message, ...sqlState, frames };
}
