/**
 * Something with a life: it does nothing when constructed, holds timers, sockets or files between `start`
 * and `stop`, and nothing after `stop`.
 */
export interface Service {
  /** Shown in logs and in errors of `startAll` and `stopAll`. */
  readonly name: string;
  /**
   * Resolves when the service does its work.
   *
   * @param signal aborts a start that is under way
   */
  start(signal: AbortSignal): Promise<void>;
  /** Releases everything. Safe to call when `start` failed or was never called. */
  stop(): Promise<void>;
}

/**
 * Starts services in order. When one fails, those that started are stopped again in reverse order.
 *
 * @throws the error of the service that failed; errors of the stops that follow are attached as its cause
 */
export async function startAll(services: readonly Service[], signal: AbortSignal): Promise<void> {
  const started: Service[] = [];
  for (const service of services) {
    try {
      signal.throwIfAborted();
      started.push(service);
      await service.start(signal);
    } catch (error) {
      try {
        await stopAll(started);
      } catch (stopError) {
        throw new AggregateError(
          [error, stopError],
          `${service.name} did not start, nor did all others stop`,
        );
      }
      throw error;
    }
  }
}

/**
 * Stops services in reverse order. Each one gets its chance, whatever the others do.
 *
 * @throws AggregateError with the error of every service that did not stop
 */
export async function stopAll(services: readonly Service[]): Promise<void> {
  const errors: Error[] = [];
  for (const service of services.toReversed()) {
    try {
      await service.stop();
    } catch (error) {
      errors.push(new Error(`${service.name} did not stop`, { cause: error }));
    }
  }
  if (errors.length > 0) {
    throw new AggregateError(errors, errors.map((error) => error.message).join("; "));
  }
}
