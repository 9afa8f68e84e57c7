export type { LinkConditions } from "./simulated-links.ts";
export { SimulatedNetwork, type SimulatedProcess } from "./simulated-network.ts";
