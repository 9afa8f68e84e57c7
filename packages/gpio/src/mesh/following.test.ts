import { seededRandom, silentLogger, VirtualClock } from "@pi-controller/runtime";
import { type GpioChange, type GpioStreamMessage, MeshError } from "@pi-controller/schema";
import { describe, expect, it } from "vitest";
import { ChangeRing } from "../owner/change-ring.ts";
import { OWNER } from "./exchange.fixture.ts";
import { Following, type FollowingComponents } from "./following.ts";
import { pollFeed } from "./poll-feed.ts";

function edge(gpio = 18): GpioChange {
  return {
    type: "gpio.state.changed",
    node: OWNER,
    reservation: null,
    namespace: null,
    name: null,
    gpio,
    cause: "edge",
    level: "high",
    dutyCycle: null,
    timestamp: "2026-01-01T00:00:00.000Z",
    kernelTimestampNs: "1",
  };
}

function fixture(cursor: "now" | null = "now") {
  const clock = new VirtualClock();
  const state = {
    ring: new ChangeRing("1"),
    failure: undefined as Error | undefined,
    takesMore: true,
    polls: 0,
    isHostile: false,
    again: () => undefined as void,
    returned: () => undefined as void,
    messages: [] as GpioStreamMessage[],
  };
  const poll: FollowingComponents["poll"] = async (request, signal) => {
    state.polls++;
    if (state.failure !== undefined) throw state.failure;
    if (state.isHostile) return { cursor: state.ring.cursor(), changes: [], coalesced: 0 };
    return pollFeed(state.ring, request, () => true, { clock, signal });
  };
  const following = new Following(
    {
      clock,
      random: seededRandom(1),
      logger: silentLogger,
      poll,
      listener: (message) => {
        state.messages.push(message);
        return state.takesMore;
      },
      ready: (again) => {
        state.again = again;
        return () => {
          state.again = () => undefined;
        };
      },
      returned: (again) => {
        state.returned = again;
        return () => {
          state.returned = () => undefined;
        };
      },
    },
    { node: OWNER, cursor: cursor === null ? null : state.ring.cursor() },
  ).start();
  const kinds = () => state.messages.map(({ kind }) => kind);
  const sum = () => {
    let changes = 0;
    let coalesced = 0;
    for (const message of state.messages) {
      if (message.kind !== "changes") continue;
      changes += message.changes.length;
      coalesced += message.coalesced;
    }
    return { changes, coalesced };
  };
  return { clock, state, following, kinds, sum };
}

describe("Following", () => {
  it("asks a node at once that is there again, and soon again while it does not answer yet", async () => {
    const { clock, state, kinds, following } = fixture();
    state.failure = new MeshError("UNAVAILABLE", "It is away");
    await clock.advance(120_000);
    const before = state.polls;
    state.returned();
    await clock.advance(1);
    expect(state.polls).toBe(before + 1);
    await clock.advance(1_000);
    expect(state.polls).toBeGreaterThan(before + 2);
    state.failure = undefined;
    state.returned();
    await clock.advance(6_000);
    expect(kinds()).toEqual(["hello", "interrupted", "interrupted"]);
    following.close();
  });

  it("says hello, and tells the first change at once", async () => {
    const { clock, state, kinds } = fixture();
    await clock.advance(1_000);
    expect(kinds()).toEqual(["hello"]);
    state.ring.add(edge());
    await clock.advance(0);
    expect(kinds()).toEqual(["hello", "changes"]);
  });

  it("loses and counts none of 1,000 changes a second on 8 pins, in few messages", async () => {
    const { clock, state, sum } = fixture();
    for (let count = 0; count < 3_000; count++) {
      state.ring.add(edge(count % 8));
      await clock.advance(1);
    }
    await clock.advance(100);
    expect(sum()).toEqual({ changes: 3_000, coalesced: 0 });
    expect(state.messages.length).toBeLessThan(200);
  });

  it("counts what a slow reader does not get, and gives him the last of each pin", async () => {
    const { clock, state, sum } = fixture();
    state.takesMore = false;
    state.ring.add(edge(1));
    await clock.advance(10);
    const { polls } = state;
    for (let count = 0; count < 20_000; count++) state.ring.add(edge(count < 10 ? 2 : 3));
    await clock.advance(60_000);
    expect(state.polls).toBe(polls);
    expect(sum()).toEqual({ changes: 1, coalesced: 0 });
    state.takesMore = true;
    state.again();
    await clock.advance(5_000);
    const { changes, coalesced } = sum();
    expect(changes + coalesced).toBe(20_001);
    expect(coalesced).toBeGreaterThan(15_000);
    const last = state.messages.findLast((message) => message.kind === "changes");
    const gpios = state.messages.flatMap((message) =>
      message.kind === "changes" ? message.changes.map(({ gpio }) => gpio) : [],
    );
    expect(gpios).toContain(2);
    expect(last?.kind === "changes" && last.changes.at(-1)?.gpio).toBe(3);
  });

  it("says that the node is out of reach, once, and goes on where it was when it answers", async () => {
    const { clock, state, kinds, sum } = fixture();
    state.ring.add(edge());
    await clock.advance(10);
    state.failure = new MeshError("UNAVAILABLE", "No connection");
    await clock.advance(10_000);
    for (let count = 0; count < 50; count++) state.ring.add(edge());
    await clock.advance(60_000);
    expect(kinds()).toEqual(["hello", "changes", "interrupted"]);
    expect(state.messages.at(-1)).toEqual({
      kind: "interrupted",
      interrupted: true,
      reason: "No connection",
    });
    // Asked ever less often.
    expect(state.polls).toBeLessThan(30);
    state.failure = undefined;
    await clock.advance(7_000);
    expect(kinds()).toEqual(["hello", "changes", "interrupted", "interrupted", "changes"]);
    expect(sum()).toEqual({ changes: 51, coalesced: 0 });
  });

  it("follows a node anew that has started again", async () => {
    const { clock, state, sum } = fixture();
    state.ring.add(edge());
    await clock.advance(10);
    state.failure = new MeshError("UNAVAILABLE", "No connection");
    await clock.advance(10_000);
    state.ring = new ChangeRing("2");
    state.ring.add(edge());
    state.failure = undefined;
    await clock.advance(10_000);
    expect(sum()).toEqual({ changes: 1, coalesced: 0 });
    state.ring.add(edge());
    await clock.advance(10_000);
    expect(sum()).toEqual({ changes: 2, coalesced: 0 });
  });

  it("begins with what a node says when it first answers, and misses nothing after that", async () => {
    const { clock, state, kinds, sum } = fixture(null);
    await clock.advance(10);
    expect(kinds()).toEqual(["hello"]);
    state.ring.add(edge());
    await clock.advance(10);
    expect(sum()).toEqual({ changes: 1, coalesced: 0 });
  });

  it("does not wear itself out asking a node that answers at once with nothing", async () => {
    const { clock, state } = fixture();
    await clock.advance(10);
    state.isHostile = true;
    state.ring.add(edge());
    await clock.advance(10);
    const { polls } = state;
    await clock.advance(10_000);
    expect(state.polls - polls).toBeLessThanOrEqual(101);
  });

  it("ends for good when it is closed, whatever it was doing", async () => {
    for (const blocked of [false, true]) {
      const { clock, state, following } = fixture();
      state.takesMore = !blocked;
      state.ring.add(edge());
      await clock.advance(10);
      const { length } = state.messages;
      following.close();
      following.close();
      state.again();
      const { polls } = state;
      for (let count = 0; count < 10; count++) state.ring.add(edge());
      await clock.advance(60_000);
      expect(state.messages).toHaveLength(length);
      expect(state.polls).toBe(polls);
    }
  });

  it("ends while it waits to ask again", async () => {
    const { clock, state, following } = fixture();
    state.failure = new MeshError("UNAVAILABLE", "No connection");
    await clock.advance(20_000);
    following.close();
    const { polls, messages } = state;
    await clock.advance(60_000);
    expect(state.polls).toBe(polls);
    expect(messages.at(-1)?.kind).toBe("interrupted");
  });
});
