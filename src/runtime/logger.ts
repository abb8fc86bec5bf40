/**
 * What the parts log to: pino's shape, so that a pino logger is one. Fields are ids, counts,
 * durations and error codes, never text of a record and never a secret (I11).
 */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export const silentLogger: Logger = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
};
