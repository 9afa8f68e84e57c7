import { Socket } from "node:net";
import { VirtualClock } from "@pi-controller/runtime";
import { describe, expect, it } from "vitest";
import { type ArrivalLimits, Arrivals } from "./arrivals.ts";

const limits: ArrivalLimits = {
  maxConnections: 10,
  maxConnectionsPerAddress: 4,
  connectionsPerSecond: 1,
  connectionBurst: 6,
  maxRateLimitedAddresses: 100,
  maxHandshakes: 3,
  handshakeTimeoutMs: 1_000,
};

function start(change: Partial<ArrivalLimits> = {}) {
  const clock = new VirtualClock();
  const arrivals = new Arrivals({ clock }, { ...limits, ...change });
  /** A socket that was never connected: all that counts is when it is closed. */
  const arrive = (client: string | undefined) => {
    const socket = new Socket();
    return { socket, taken: arrivals.add(socket, client) };
  };
  return { clock, arrivals, arrive };
}

const closing = () => new Promise((resolve) => setImmediate(resolve));

describe("Arrivals", () => {
  it("takes so many in all, and so many of one client; this machine is not counted", async () => {
    const { arrivals, arrive } = start();
    const ofOne = Array.from({ length: 5 }, () => arrive("10.0.0.1"));
    expect(ofOne.map(({ taken }) => taken)).toEqual([true, true, true, true, false]);
    for (let count = 0; count < 6; count++) expect(arrive(undefined).taken).toBe(true);
    expect(arrive("10.0.0.2").taken).toBe(false);
    for (const { socket } of ofOne) socket.destroy();
    await closing();
    expect(arrive("10.0.0.1").taken).toBe(true);
    arrivals.closeAll();
    await closing();
    expect([arrivals.size, arrivals.pending]).toEqual([0, 0]);
  });

  it("takes new connections of one client no faster than it may come", async () => {
    const { arrive, clock } = start();
    const come = async () => {
      const { socket, taken } = arrive("10.0.0.1");
      socket.destroy();
      await closing();
      return taken;
    };
    for (let count = 0; count < 6; count++) expect(await come()).toBe(true);
    expect(await come()).toBe(false);
    expect(arrive("10.0.0.2").taken).toBe(true);
    await clock.advance(1_000);
    expect(await come()).toBe(true);
  });

  it("closes the oldest that has not shown what it is when there are too many of these", () => {
    const { arrivals, arrive } = start();
    const [first, second, third] = [arrive(undefined), arrive(undefined), arrive(undefined)];
    arrivals.settle(second.socket);
    const fourth = arrive(undefined);
    const fifth = arrive(undefined);
    const destroyed = [first, second, third, fourth, fifth].map(({ socket }) => socket.destroyed);
    expect(destroyed).toEqual([true, false, false, false, false]);
  });

  it("closes what does not show in time what it is, and leaves alone what has", async () => {
    const { arrivals, arrive, clock } = start();
    const [silent, shown] = [arrive(undefined), arrive(undefined)];
    arrivals.settle(shown.socket);
    await clock.advance(1_000);
    expect([silent.socket.destroyed, shown.socket.destroyed]).toEqual([true, false]);
  });
});
