export { type EventFilter, eventFilter, matchesFilter } from "./event-filter.ts";
export {
  defaultRetention,
  EventLog,
  type EventLogComponents,
  type EventLogOptions,
} from "./event-log.ts";
export type { LoggedEvent } from "./event-store.ts";
export { type EventInput, Events, type EventsComponents, type EventsOptions } from "./events.ts";
export { publishIntervalMs, staleAfterMs } from "./metrics/metrics-budget.ts";
export {
  MetricsExchange,
  type MetricsExchangeComponents,
  type MetricsExchangeOptions,
} from "./metrics/metrics-exchange.ts";
export type { HeardSample } from "./metrics/metrics-history.ts";
export { ulidFactory } from "./ulid.ts";
