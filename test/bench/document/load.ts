// Loads the document store in the directory given, in a fresh process, and prints what that took as JSON.
import { setImmediate } from "node:timers/promises";
import { newNetwork, startPeer } from "./peers.ts";
import { reservations } from "./reservations.ts";

const [directory = "", ...nodes] = process.argv.slice(2);
const heapBytes = (): number => {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
};
const hub = newNetwork();
const heapBefore = heapBytes();
const startedMs = performance.now();
const peer = await startPeer(hub, "node-collector", directory);
const loadMs = performance.now() - startedMs;
await setImmediate();
const heapMb = (heapBytes() - heapBefore) / 1e6;
const parseStartedMs = performance.now();
const count = nodes
  .map((node) => peer.documents.node(node).collection(reservations).all().length)
  .reduce((sum, length) => sum + length, 0);
const parseMs = performance.now() - parseStartedMs;
console.log(JSON.stringify({ loadMs, heapMb, parseMs, count, documents: peer.documents.status().documents }));
await peer.stop();
