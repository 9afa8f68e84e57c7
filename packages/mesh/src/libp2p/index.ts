export type { NodeOptions as Libp2pNetworkOptions } from "./create-node.ts";
export { type Identity, loadOrCreateIdentity, temporaryKey } from "./identity.ts";
export { type Libp2pNetworkComponents, libp2pNetwork, libp2pRequests } from "./libp2p-network.ts";
export { selfReportSigner } from "./self-report-signer.ts";
