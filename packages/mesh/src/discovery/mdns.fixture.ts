import { createSocket } from "node:dgram";
import type { NetworkInterfaceInfo } from "node:os";
import { type Logger, type Service, seededRandom, systemClock } from "@pi-controller/runtime";
import type { ReadInterfaces } from "./interfaces.ts";
import { type Mdns, mdns } from "./mdns.ts";

export const LOOPBACK: NetworkInterfaceInfo = {
  address: "127.0.0.1",
  netmask: "255.0.0.0",
  family: "IPv4",
  mac: "00:00:00:00:00:00",
  internal: true,
  cidr: "127.0.0.1/8",
};

const started: Service[] = [];

/** Starts something that is stopped after the test. */
export async function start<S extends Service>(service: S): Promise<S> {
  started.push(service);
  await service.start(new AbortController().signal);
  return service;
}

/** To be called after each test. */
export async function stopAllStarted(): Promise<void> {
  for (const service of started.splice(0).toReversed()) await service.stop();
}

/** A UDP port that nobody uses: mDNS' own may be spoken by others on this machine. */
export async function freePort(): Promise<number> {
  const socket = createSocket("udp4");
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
  const { port } = socket.address();
  await new Promise<void>((resolve) => socket.close(resolve));
  return port;
}

export function listeningLogger(lines: string[]): Logger {
  const keep = (fields: object, message: string) => void lines.push(`${message} ${JSON.stringify(fields)}`);
  return { debug: keep, info: keep, warn: keep, error: keep };
}

export interface MachineOptions {
  readonly interfaces?: ReadInterfaces;
  readonly lines?: string[];
}

/** What every part of discovery on one machine takes; its sockets are open. */
export async function startMachine(port: number, { interfaces, lines = [] }: MachineOptions = {}) {
  const common = { clock: systemClock(), random: seededRandom(1), logger: listeningLogger(lines) };
  const spoken: Mdns = await start(
    mdns({ ...common, interfaces: interfaces ?? (() => ({ lo: [LOOPBACK] })) }, { port }),
  );
  return { ...common, mdns: spoken };
}

export async function until(condition: () => boolean): Promise<void> {
  for (let attempt = 0; !condition(); attempt++) {
    if (attempt > 400) throw new Error("what was waited for did not happen");
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Sends datagrams as they are to a port of this machine. */
export async function send(port: number, packets: readonly Uint8Array[]): Promise<void> {
  const socket = createSocket("udp4");
  for (const packet of packets) {
    await new Promise<void>((resolve) => socket.send(packet, port, "127.0.0.1", () => resolve()));
  }
  await new Promise<void>((resolve) => socket.close(resolve));
}

/** Multicasts datagrams on loopback, as a program of this machine that speaks mDNS. */
export async function multicast(port: number, packets: readonly Uint8Array[]): Promise<void> {
  const socket = createSocket("udp4");
  await new Promise<void>((resolve) => socket.bind(0, resolve));
  socket.setMulticastInterface("127.0.0.1");
  for (const packet of packets) {
    await new Promise<void>((resolve) => socket.send(packet, port, "224.0.0.251", () => resolve()));
    // Whoever listens in this process reads it before the next one, else its buffer is soon full.
    await new Promise((resolve) => setImmediate(resolve));
  }
  await new Promise<void>((resolve) => socket.close(resolve));
}

/** Hears all that is multicast on loopback. @returns stops that */
export async function eavesdrop(
  port: number,
  onPacket: (packet: Buffer) => void,
): Promise<() => Promise<void>> {
  const socket = createSocket({ type: "udp4", reuseAddr: true });
  await new Promise<void>((resolve) => socket.bind(port, resolve));
  socket.addMembership("224.0.0.251", "127.0.0.1");
  socket.on("message", onPacket);
  return () => new Promise<void>((resolve) => socket.close(() => resolve()));
}
