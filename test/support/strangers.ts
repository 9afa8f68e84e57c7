// libp2p nodes of a test, for what peers must not answer.
import { noise } from "@libp2p/noise";
import { tcp } from "@libp2p/tcp";
import { yamux } from "@libp2p/yamux";
import { AddressBook, type Gossip, type Introduction, type Network, openGate } from "@pi-controller/mesh";
import { libp2pNetwork, temporaryKey } from "@pi-controller/mesh/libp2p";
import { silentLogger, systemClock } from "@pi-controller/runtime";
import { createLibp2p, type Libp2p } from "libp2p";
import type { Cleanup } from "./peer-process.ts";

type PrivateKey = Awaited<ReturnType<typeof temporaryKey>>;

export interface StrangerOptions {
  /** The stream protocols that it speaks are named after it: `mesh` of members, `pending` of unclaimed peers. */
  readonly meshName?: "mesh" | "pending";
  /** The outer fence of the mesh; none when left out. */
  readonly meshSecret?: Uint8Array;
  /** Who it is; nobody whom anybody knows when left out. */
  readonly privateKey?: PrivateKey;
  readonly introduction?: Introduction;
}

export interface Stranger {
  readonly network: Network;
  readonly gossip: Gossip;
  readonly addressBook: AddressBook;
  /** Names of all stream protocols that a node of this mesh name speaks. */
  readonly protocols: readonly string[];
}

/** A node that speaks all that peers speak, started, and lets everybody in. */
export async function startStranger(cleanup: Cleanup, options: StrangerOptions = {}): Promise<Stranger> {
  const addressBook = new AddressBook();
  const { introduction, meshSecret } = options;
  const ports = libp2pNetwork(
    {
      privateKey: options.privateKey ?? (await temporaryKey()),
      addressBook,
      clock: systemClock(),
      gate: openGate,
      logger: silentLogger,
      ...(introduction === undefined ? {} : { introduction }),
      ...(meshSecret === undefined
        ? {}
        : { fence: { accepted: () => [meshSecret], dialling: () => meshSecret } }),
    },
    { listen: ["/ip4/127.0.0.1/tcp/0"], meshName: options.meshName ?? "mesh", maxConnections: 20 },
  );
  const { network, gossip } = ports;
  await network.start(new AbortController().signal);
  cleanup.add(() => network.stop());
  return { network, gossip, addressBook, protocols: ports.inventory().protocols };
}

/** A node of libp2p's own making, that speaks nothing by itself. */
export async function startBareNode(cleanup: Cleanup): Promise<Libp2p> {
  const node = await createLibp2p({
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    connectionMonitor: { enabled: false },
  });
  cleanup.add(() => node.stop());
  return node;
}

/** As `speak`, with some who cannot always have a connection: they are asked again. */
export async function speakPatiently(
  node: Libp2p,
  address: Parameters<Libp2p["dial"]>[0],
  protocol: string,
): Promise<Spoken> {
  let heard: Spoken = "no connection";
  // A peer takes few connections a second from one address, and resets the rest.
  for (let attempt = 0; heard === "no connection" && attempt < ATTEMPTS; attempt++) {
    if (attempt > 0) await new Promise((wake) => setTimeout(wake, PAUSE_MS));
    heard = await speak(node, address, protocol);
  }
  return heard;
}

export type Spoken = "spoken" | "unknown protocol" | "no connection";
const ATTEMPTS = 4;
const PAUSE_MS = 1_000;

/** What comes of opening a stream of a protocol, over a connection of its own. */
export async function speak(
  node: Libp2p,
  address: Parameters<Libp2p["dial"]>[0],
  protocol: string,
): Promise<Spoken> {
  // A peer that was asked for what it does not speak may close the connection.
  await Promise.all(node.getConnections().map((connection) => connection.close().catch(() => undefined)));
  const signal = AbortSignal.timeout(5_000);
  const connection = await node.dial(address, { signal, force: true }).catch(() => undefined);
  if (connection === undefined) return "no connection";
  try {
    await connection.newStream(protocol, { signal });
    return "spoken";
  } catch (error) {
    const isUnknown = error instanceof Error && error.name === "UnsupportedProtocolError";
    return isUnknown ? "unknown protocol" : "no connection";
  } finally {
    connection.abort(new Error("heard enough"));
  }
}
