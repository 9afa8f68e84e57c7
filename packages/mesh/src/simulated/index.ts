export { SimulatedMulticast } from "../discovery/simulated-multicast.ts";
export { simulatedSigner } from "../membership/simulated-signer.ts";
export type { LinkConditions } from "./link-direction.ts";
export type { WireEvent } from "./parcel.ts";
export { SILENCE_LIMIT_MS } from "./silence-watch.ts";
export type { LinkScope, SimulatedLinks } from "./simulated-links.ts";
export { SimulatedNetwork, type SimulatedProcess } from "./simulated-network.ts";
export type { MachineCounters, Tally, Traffic } from "./traffic-counters.ts";
