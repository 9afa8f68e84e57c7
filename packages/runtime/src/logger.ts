/**
 * Where a component reports what happened: pino's calling convention, so that pino fits as it is. Fields
 * come first, then one sentence. Secrets are in neither.
 */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** A logger that keeps quiet, for tests. */
export const silentLogger: Logger = {
  debug() {},
  info() {},
  warn() {},
  error() {},
};
