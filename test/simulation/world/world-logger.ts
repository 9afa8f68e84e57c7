import type { Logger } from "@pi-controller/runtime";

const nothing = () => undefined;

/**
 * The log of a simulated peer: errors are what matters.
 *
 * @param onError told of each one
 */
export function worldLogger(onError: (message: string, fields: object) => void): Logger {
  return {
    debug: nothing,
    info: nothing,
    warn: nothing,
    error: (fields: object, message: string) => onError(message, fields),
  };
}
