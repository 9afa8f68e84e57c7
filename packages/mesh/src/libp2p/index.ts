export type { NodeOptions as Libp2pNetworkOptions } from "./create-node.ts";
export { type Identity, loadOrCreateIdentity } from "./identity.ts";
export { libp2pNetwork } from "./libp2p-network.ts";
