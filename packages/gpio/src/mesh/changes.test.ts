import { encodeJson } from "@pi-controller/mesh";
import type { GpioChange } from "@pi-controller/schema";
import { describe, expect, it } from "vitest";
import { reservationIdOf } from "../reservation-id.ts";
import { CHANGES_METHOD, type ChangeFilter, type ChangePoll, MAX_POLL_BYTES } from "./changes-call.ts";
import { exchangeFixture, OWNER, refusalOf, ULID } from "./exchange.fixture.ts";
import { pollRemote } from "./remote-changes.ts";
import { askingOf } from "./test-users.ts";

const id = reservationIdOf(OWNER, ULID);
const everything: ChangeFilter = { namespace: null, ids: null };

function changeOf(given: Partial<GpioChange> = {}): GpioChange {
  return {
    type: "gpio.state.changed",
    node: OWNER,
    reservation: id,
    namespace: "default",
    name: null,
    gpio: 18,
    cause: "edge",
    level: "high",
    dutyCycle: null,
    timestamp: "2026-01-01T00:00:00.000Z",
    kernelTimestampNs: "1000",
    ...given,
  };
}

async function served() {
  const fixture = await exchangeFixture();
  const stop = fixture.serve();
  const poll = (
    given: Partial<ChangePoll> = {},
    filter = everything,
    asking = askingOf(),
    signal = new AbortController().signal,
  ) =>
    pollRemote(
      fixture,
      OWNER,
      filter,
      { cursor: fixture.feed.cursor(), limit: 100, waitMs: 5_000, gatherMs: 0, ...given },
      asking,
      signal,
    );
  return { ...fixture, stop, poll };
}

describe("waiting for changes of another node", () => {
  it("ends with the first one, as its owner told it", async () => {
    const { poll, feed, clock, finish } = await served();
    const polling = poll();
    await clock.advance(1_000);
    feed.add(changeOf());
    const startedMs = clock.monotonic();
    const { changes, coalesced } = await finish(polling);
    expect(changes).toEqual([changeOf()]);
    expect(coalesced).toBe(0);
    expect(clock.monotonic() - startedMs).toBeLessThanOrEqual(20);
  });

  it("gathers those that come one after the other", async () => {
    const { poll, feed, clock, finish } = await served();
    const polling = poll({ gatherMs: 20 });
    for (let count = 0; count < 10; count++) {
      await clock.advance(1);
      feed.add(changeOf());
    }
    expect((await finish(polling)).changes.length).toBeGreaterThanOrEqual(9);
  });

  it("goes on where it was, and counts what was overwritten meanwhile", async () => {
    const { poll, feed, finish } = await served();
    const { cursor } = await finish(poll({ cursor: null, waitMs: 0 }));
    for (let count = 0; count < 5_000; count++) feed.add(changeOf({ gpio: count % 2 }));
    let seen = 0;
    let coalesced = 0;
    let next = cursor;
    for (let round = 0; round < 60; round++) {
      const batch = await finish(poll({ cursor: next, waitMs: 0 }));
      seen += batch.changes.length;
      coalesced += batch.coalesced;
      next = batch.cursor;
    }
    expect(coalesced).toBeGreaterThanOrEqual(900);
    expect(seen + coalesced).toBe(5_000);
  });

  it("ends empty when the time is over", async () => {
    const { poll, clock, finish } = await served();
    const startedMs = clock.monotonic();
    const batch = await finish(poll({ waitMs: 300 }));
    expect(batch).toMatchObject({ changes: [], coalesced: 0 });
    expect(clock.monotonic() - startedMs).toBeLessThan(400);
  });

  it("ends at once, here and there, when nobody waits any more", async () => {
    const { poll, clock, finish, feed } = await served();
    let readers = 0;
    const observe = feed.observe.bind(feed);
    feed.observe = (listener) => {
      readers++;
      const end = observe(listener);
      return () => {
        readers--;
        end();
      };
    };
    const reader = new AbortController();
    const polling = refusalOf(poll({}, everything, askingOf(), reader.signal));
    await clock.advance(100);
    expect(readers).toBe(1);
    reader.abort(new Error("enough"));
    expect(await finish(polling)).toContain("enough");
    await clock.advance(100);
    expect(readers).toBe(0);
  });

  it("tells of no pin that the user may not watch, even when its own peer forgets to ask", async () => {
    const { poll, feed, finish } = await served();
    const cursor = feed.cursor();
    feed.add(changeOf({ namespace: "plant", gpio: 1 }));
    feed.add(changeOf({ namespace: "home", gpio: 2 }));
    feed.add(changeOf({ namespace: null, reservation: null, gpio: 3 }));
    const gpios = async (name: string, filter = everything) => {
      const { changes } = await finish(poll({ cursor, waitMs: 0 }, filter, askingOf(name)));
      return changes.map(({ gpio }) => gpio);
    };
    expect(await gpios("mona")).toEqual([1, 2, 3]);
    expect(await gpios("tom")).toEqual([1]);
    expect(await gpios("mona", { namespace: "home", ids: null })).toEqual([2]);
    expect(await gpios("mona", { namespace: null, ids: [id] })).toEqual([1, 2]);
    expect(await finish(refusalOf(gpios("nemo")))).toContain("PERMISSION_DENIED");
    const home = { namespace: "home", ids: null };
    expect(await finish(refusalOf(gpios("tom", home)))).toContain("PERMISSION_DENIED");
    const liar = askingOf("ada", { evidence: async () => "a lie" });
    expect(await finish(refusalOf(poll({}, everything, liar)))).toContain("PERMISSION_DENIED");
  });

  it("is refused beyond so many readers of one node, until one of them ends", async () => {
    const { poll, clock, feed, finish } = await served();
    const waiting = Array.from({ length: 64 }, () => poll({ waitMs: 9_000 }));
    await clock.advance(50);
    expect(await finish(refusalOf(poll()))).toContain("RESOURCE_EXHAUSTED");
    feed.add(changeOf());
    const batches = await finish(Promise.all(waiting));
    expect(batches.every(({ changes }) => changes.length === 1)).toBe(true);
    expect(await finish(refusalOf(poll({ waitMs: 0 })))).toBe("done");
  });

  const good = {
    evidence: "proof-of-ada",
    filter: everything,
    cursor: null,
    limit: 10,
    waitMs: 0,
    gatherMs: 0,
  };
  it.each(
    Object.entries({
      "no JSON": new TextEncoder().encode("?"),
      "too long": new Uint8Array(MAX_POLL_BYTES + 1),
      "without a filter": { ...good, filter: undefined },
      "with a wait of years": { ...good, waitMs: 1e12 },
      "with a negative limit": { ...good, limit: -1 },
      "with half a limit": { ...good, limit: 1.5 },
      "with a cursor of kilobytes": { ...good, cursor: "x".repeat(1_000) },
      "with more ids than it takes": { ...good, filter: { namespace: null, ids: Array(101).fill(id) } },
      "with ids that are none": { ...good, filter: { namespace: null, ids: ["__proto__"] } },
    }),
  )("is refused when it is asked for %s", async (_name, payload) => {
    const { network, finish } = await served();
    const bytes = payload instanceof Uint8Array ? payload : encodeJson(payload);
    const asked = network.request(OWNER, CHANGES_METHOD, bytes, { timeoutMs: 1_000 });
    expect(await finish(refusalOf(asked))).toContain("INVALID_ARGUMENT");
  });

  it.each(["", "nonsense", "9.9.9", "1.-1.0", "1.1e9.0", "1.0.0.0"])(
    "begins anew at the cursor %j of another life",
    async (cursor) => {
      const { network, finish } = await served();
      const bytes = encodeJson({ ...good, cursor: cursor === "" ? null : cursor });
      const asked = network.request(OWNER, CHANGES_METHOD, bytes, { timeoutMs: 1_000 });
      expect(JSON.parse(new TextDecoder().decode(await finish(asked)))).toMatchObject({
        changes: [],
        coalesced: 0,
      });
    },
  );
});

describe("a node that is believed dead", () => {
  it("is waited for no longer, though its connection stands", async () => {
    const { poll, clock, believe, finish } = await served();
    const refused = refusalOf(poll());
    await clock.advance(200);
    const startedMs = clock.monotonic();
    believe("dead");
    expect(await finish(refused)).toContain("UNAVAILABLE");
    expect(clock.monotonic() - startedMs).toBeLessThan(100);
  });
});

describe("an answer with changes", () => {
  const { type: _, node: __, ...change } = changeOf();
  it.each(
    Object.entries({
      "no JSON": new TextEncoder().encode("?"),
      null: null,
      "without a cursor": { changes: [], coalesced: 0 },
      "more changes than were asked for": { cursor: "1", changes: Array(101).fill(change), coalesced: 0 },
      "of a reservation of another node": {
        cursor: "1",
        changes: [{ ...change, reservation: reservationIdOf("node-other-0001", ULID) }],
        coalesced: 0,
      },
      "a negative count": { cursor: "1", changes: [], coalesced: -1 },
      "a level that there is not": { cursor: "1", changes: [{ ...change, level: "maybe" }], coalesced: 0 },
    }),
  )("is not taken when it is %s", async (_name, answer) => {
    const { answerWith, finish, ...there } = await exchangeFixture();
    answerWith(answer, CHANGES_METHOD);
    const poll = { cursor: null, limit: 100, waitMs: 0, gatherMs: 0 };
    const asked = pollRemote(there, OWNER, everything, poll, askingOf(), new AbortController().signal);
    expect(await finish(refusalOf(asked))).toMatch(/^UNAVAILABLE .*no answer/);
  });

  it("is of the node that gave it, whatever it says", async () => {
    const { answerWith, finish, ...there } = await exchangeFixture();
    const lie = { ...change, node: "node-other-0001", type: "gpio.state.changed" };
    answerWith({ cursor: "1", changes: [lie], coalesced: 0 }, CHANGES_METHOD);
    const poll = { cursor: null, limit: 100, waitMs: 0, gatherMs: 0 };
    const asked = pollRemote(there, OWNER, everything, poll, askingOf(), new AbortController().signal);
    expect((await finish(asked)).changes).toEqual([changeOf()]);
  });
});
