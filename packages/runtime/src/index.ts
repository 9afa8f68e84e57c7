export { type BackoffOptions, backoffMs } from "./backoff.ts";
export { type Clock, repeat, sleep, type Timer } from "./clock.ts";
export { Emitter, type Unsubscribe } from "./emitter.ts";
export { type Logger, silentLogger } from "./logger.ts";
export { jitter, pick, type Random, randomInteger, seededRandom, shuffle, systemRandom } from "./random.ts";
export { type Service, startAll, stopAll } from "./service.ts";
export { systemClock } from "./system-clock.ts";
export { VirtualClock } from "./virtual-clock.ts";
