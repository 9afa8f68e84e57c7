export { type Config, loadConfig } from "./config/config.ts";
export { createPeer, type Peer, type PeerEnvironment } from "./create-peer.ts";
export { createLog, type Log } from "./log.ts";
