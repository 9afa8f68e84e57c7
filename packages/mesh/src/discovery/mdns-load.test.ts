import { seededRandom, VirtualClock } from "@pi-controller/runtime";
import { describe, expect, it } from "vitest";
import type { MdnsTopic } from "./mdns-topic.ts";
import { SimulatedMulticast } from "./simulated-multicast.ts";

const SERVICE = "_pic-load._tcp.local";

/** A local network of so many members that know each other, all switched on within a second. */
function switchOn(count: number) {
  const clock = new VirtualClock();
  const random = seededRandom(count);
  const network = new SimulatedMulticast({ clock, random });
  const heard = new Map<number, Set<string>>();
  const join = (index: number) => {
    const told = new Set<string>();
    heard.set(index, told);
    const topic: MdnsTopic = {
      longestQuestionIntervalMs: 600_000,
      browsed: () => [SERVICE],
      announced: () => ({ service: SERVICE, instance: `peer-${index}`, texts: [`id=peer-${index}`] }),
      heard: ({ texts }) => void told.add(texts.join()),
      knownCount: () => count - 1,
    };
    network.speak(topic, `10.0.${Math.floor(index / 250)}.${(index % 250) + 1}`);
  };
  for (let index = 0; index < count; index++) {
    clock.setTimer(() => join(index), random.next() * 1_000);
  }
  /** The most packets that were multicast within one second. */
  const watch = async (seconds: number) => {
    let most = 0;
    let total = 0;
    for (let second = 0; second < seconds; second++) {
      const before = network.sent.answers + network.sent.questions;
      await clock.advance(1_000);
      const packets = network.sent.answers + network.sent.questions - before;
      most = Math.max(most, packets);
      total += packets;
    }
    return { most, total, aSecond: total / seconds };
  };
  return { network, join, watch, heardBy: (index: number) => heard.get(index) ?? new Set<string>() };
}

describe("mDNS of a large mesh", () => {
  it.each([10, 100, 250])("is a fixed load for each of %i members, at every time", async (count) => {
    const { network, watch } = switchOn(count);
    await watch(30 * 60);
    const questions = network.sent.questions;
    const steady = await watch(30 * 60);
    expect(network.sent.questions - questions).toBeGreaterThan(2);
    expect(steady.aSecond).toBeLessThan(2);
    // All that are asked answer, and not all at once.
    expect(steady.most).toBeLessThan(150);
  });

  it("settles soon after all were switched on at once, without each asking all others", async () => {
    const { network, watch } = switchOn(250);
    await watch(10);
    // Announcements, of which each makes three, are over.
    const { total } = await watch(10 * 60);
    expect(network.sent.questions).toBeLessThan(2 * 250);
    expect(total).toBeLessThan(10 * 250);
  });

  it("tells a newcomer of all others within seconds", async () => {
    const { join, watch, heardBy } = switchOn(250);
    await watch(30 * 60);
    join(250);
    await watch(5);
    expect(heardBy(250).size).toBe(251);
  });
});

describe("mDNS of a small mesh", () => {
  it("finds everybody soon where three packets in ten are lost", async () => {
    const count = 5;
    for (let seed = 1; seed <= 60; seed++) {
      const clock = new VirtualClock();
      const random = seededRandom(seed);
      const network = new SimulatedMulticast({ clock, random }, { lossFraction: 0.3 });
      const known = Array.from({ length: count }, () => new Set<string>());
      for (const [index, told] of known.entries()) {
        const join = () =>
          network.speak(
            {
              longestQuestionIntervalMs: 600_000,
              browsed: () => [SERVICE],
              announced: () => ({ service: SERVICE, instance: `peer-${index}`, texts: [`id=peer-${index}`] }),
              heard: ({ texts }) => void told.add(texts.join()),
              knownCount: () => told.size,
            },
            `10.0.0.${index + 1}`,
          );
        clock.setTimer(join, random.next() * 1_000);
      }
      await clock.advance(15_000);
      expect(
        known.map(({ size }) => size),
        `seed ${seed}`,
      ).toEqual(Array(count).fill(count));
    }
  });
});
