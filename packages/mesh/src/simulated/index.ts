export { simulatedSigner } from "../membership/simulated-signer.ts";
export type { LinkConditions } from "./simulated-links.ts";
export { SimulatedNetwork, type SimulatedProcess } from "./simulated-network.ts";
