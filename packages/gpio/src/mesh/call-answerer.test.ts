import { encodeJson } from "@pi-controller/mesh";
import { type EmergencyStop, MeshError, reservationRequestSchema } from "@pi-controller/schema";
import { describe, expect, it } from "vitest";
import { reservationIdOf } from "../reservation-id.ts";
import { exchangeFixture, OWNER, observed, ownedOf, refusalOf, ULID } from "./exchange.fixture.ts";
import { CALL_METHOD, MAX_ANSWER_BYTES, MAX_CALL_BYTES } from "./owner-calls.ts";
import { RemotePins } from "./remote-pins.ts";
import { askingOf } from "./test-users.ts";

const id = reservationIdOf(OWNER, ULID);
const elsewhere = reservationIdOf("node-other-0001", ULID);
const token = "1.1";
const { node: _, ...request } = reservationRequestSchema.parse({
  node: OWNER,
  resource: "GPIO18",
  mode: { kind: "output" },
});
const write = { id, token, value: { level: "high" } } as const;
const stop: EmergencyStop = {
  id: "stop-1",
  cause: "user",
  by: "ada",
  reason: "smoke",
  since: "2026-01-01T00:00:00.000Z",
};
const calls: Readonly<Record<string, (pins: RemotePins) => Promise<unknown>>> = {
  describe: (pins) => pins.describe(askingOf()),
  list: (pins) => pins.list([id], askingOf()),
  reserve: (pins) => pins.reserve(request, askingOf()),
  renew: (pins) => pins.renew(id, { token, ttlMs: 5_000 }, askingOf()),
  transfer: (pins) => pins.transfer(id, { token, to: "tom" }, askingOf()),
  release: (pins) => pins.release(id, { token, force: false }, askingOf()),
  write: (pins) => pins.write([write], askingOf()),
  i2c: (pins) => pins.i2c(id, { token, operations: [{ op: "read", length: 1 }] }, askingOf()),
  spi: (pins) =>
    pins.spi(
      id,
      { token, mode: 0, speedHz: 500_000, bitsPerWord: 8, transfers: [{ bytes: [1] }] },
      askingOf(),
    ),
  scan: (pins) => pins.scan(1, askingOf()),
  stop: (pins) => pins.stop({ reason: "smoke" }, askingOf(), stop),
  clear: (pins) => pins.clear(["stop-1"], askingOf()),
};

async function served() {
  const fixture = await exchangeFixture();
  fixture.serve();
  return { ...fixture, pins: new RemotePins(fixture, OWNER) };
}

describe("a request to another node's pins", () => {
  it.each(Object.entries(calls))("does %s there, once, for who asks", async (operation, call) => {
    const { pins, owner, finish } = await served();
    const answer = await finish(call(pins));
    expect(owner.asked).toHaveLength(1);
    expect(owner.asked[0]?.operation).toBe(operation);
    if (operation !== "describe") {
      expect(owner.asked[0]?.asking).toMatchObject({
        requester: { userName: "ada" },
        correlationId: "request-1",
        idempotencyKey: undefined,
      });
    }
    if (operation === "release") expect(answer).toBeUndefined();
    else expect(answer).toBeDefined();
  });

  it("brings all that was given, and nothing else", async () => {
    const { pins, owner, finish } = await served();
    await finish(pins.reserve(request, askingOf("ada", { idempotencyKey: "the-same-again" })));
    await finish(pins.release(id, { token: undefined, force: true }, askingOf()));
    await finish(pins.list(undefined, askingOf()));
    await finish(pins.stop({ reason: "" }, askingOf()));
    expect(owner.asked[0]).toMatchObject({
      given: { request },
      asking: { idempotencyKey: "the-same-again" },
    });
    expect(owner.asked[1]?.given).toEqual({ id, options: { token: undefined, force: true } });
    expect(owner.asked[2]?.given).toEqual({ ids: undefined });
    expect(owner.asked[3]?.given).toEqual({ request: { reason: "" }, ofMesh: undefined });
  });

  it("is refused for who proves nothing, before the owner hears of it", async () => {
    const { pins, owner, finish } = await served();
    const asking = askingOf("ada", { evidence: async () => "a lie" });
    expect(await finish(refusalOf(pins.write([write], asking)))).toMatch(/^PERMISSION_DENIED .*evidence/);
    expect(await finish(refusalOf(pins.describe(askingOf("nemo"))))).toMatch(
      /^PERMISSION_DENIED nemo may not/,
    );
    expect(owner.asked).toEqual([]);
  });

  it("ends with the time of who asks", async () => {
    const { pins, owner, clock, finish } = await served();
    owner.before = () => new Promise(() => undefined);
    const startedMs = clock.monotonic();
    const refusal = await finish(refusalOf(pins.write([write], askingOf("ada", { timeoutMs: 700 }))));
    expect(refusal).toContain("DEADLINE_EXCEEDED");
    expect(clock.monotonic() - startedMs).toBeLessThan(800);
  });

  it("takes an emergency stop, however much waits for an owner whose disk hangs", async () => {
    const { pins, owner, clock, finish } = await served();
    owner.before = () => new Promise(() => undefined);
    const brief = askingOf("ada", { timeoutMs: 1_000 });
    const refusals: string[] = [];
    for (let round = 0; round < 3; round++) {
      const calls = Array.from({ length: 60 }, () => refusalOf(pins.write([write], brief)));
      await clock.advance(1_500);
      refusals.push(...(await finish(Promise.all(calls))));
    }
    expect(refusals[0]).toContain("DEADLINE_EXCEEDED");
    expect(refusals.at(-1)).toContain("RESOURCE_EXHAUSTED");
    owner.before = async () => undefined;
    expect(await finish(refusalOf(pins.stop({ reason: "smoke" }, askingOf())))).toBe("done");
  });

  it("ends as soon as the node is believed dead, and says that it may have been done", async () => {
    const { pins, owner, clock, believe, finish } = await served();
    owner.before = () => new Promise(() => undefined);
    const refused = refusalOf(pins.write([write], askingOf("ada", { timeoutMs: 8_000 })));
    await clock.advance(500);
    const startedMs = clock.monotonic();
    believe("suspect");
    await clock.advance(500);
    believe("dead");
    expect(await finish(refused)).toMatch(/^UNAVAILABLE .*may have been done/);
    expect(clock.monotonic() - startedMs).toBeLessThan(600);
  });

  it("says that a node is away", async () => {
    const { network, nodes, finish } = await served();
    const pins = new RemotePins({ network, nodes }, "node-nobody-0001");
    expect(await finish(refusalOf(pins.write([write], askingOf())))).toContain("UNAVAILABLE");
  });

  it("ends with what the owner throws, fields and all", async () => {
    const { pins, owner, finish } = await served();
    owner.before = async () => {
      const fields = [{ field: "resource", message: "taken" }];
      throw new MeshError("ALREADY_EXISTS", "GPIO18 is taken", { fields, retryAfterMs: 5 });
    };
    const error = await finish(pins.reserve(request, askingOf())).catch((thrown: MeshError) => thrown);
    expect(error).toMatchObject({
      code: "ALREADY_EXISTS",
      message: "GPIO18 is taken",
      details: { fields: [{ field: "resource" }], retryAfterMs: 5 },
    });
  });

  it("is not sent when it is longer than anybody would take", async () => {
    const { pins, owner, finish } = await served();
    const bytes = Array.from({ length: 4_096 }, () => 255);
    const transfers = Array.from({ length: 8 }, () => ({ bytes }));
    const transaction = { token, mode: 0, speedHz: 500_000, bitsPerWord: 8, transfers } as const;
    const refusal = await finish(refusalOf(pins.spi(id, { ...transaction }, askingOf())));
    expect(refusal).toMatch(/^INVALID_ARGUMENT .*longer/);
    expect(owner.asked).toEqual([]);
  });
});

describe("CallAnswerer", () => {
  const good = {
    operation: "write",
    arguments: { writes: [write] },
    evidence: "proof-of-ada",
    correlationId: "request-1",
    idempotencyKey: null,
  };
  const bad: Readonly<Record<string, unknown>> = {
    "no JSON": new TextEncoder().encode("{"),
    "no UTF-8": new Uint8Array([0xff, 0xfe]),
    nothing: new Uint8Array(),
    null: null,
    "an array": [good],
    "an operation that there is not": { ...good, operation: "format" },
    "a name of all objects as operation": { ...good, operation: "constructor" },
    "an unknown field": { ...good, force: true },
    "no evidence": { ...good, evidence: "" },
    "evidence that is too long": { ...good, evidence: "x".repeat(9_000) },
    "a correlation id with a line break": { ...good, correlationId: "a\nb" },
    "a key that is too short": { ...good, idempotencyKey: "x" },
    "no arguments": { ...good, arguments: undefined },
    "arguments of another operation": { ...good, arguments: { bus: 1 } },
    "too many writes": { ...good, arguments: { writes: Array.from({ length: 257 }, () => write) } },
    "an id that is none": { ...good, arguments: { writes: [{ ...write, id: "../../etc" }] } },
    "a value that is none": { ...good, arguments: { writes: [{ ...write, value: { level: "maybe" } }] } },
    "a duty cycle of NaN": { ...good, arguments: { writes: [{ ...write, value: { dutyCycle: null } }] } },
    "more bytes than it takes": new Uint8Array(MAX_CALL_BYTES + 1),
  };

  it.each(Object.entries(bad))("refuses %s", async (_name, payload) => {
    const { network, owner, finish } = await served();
    const bytes = payload instanceof Uint8Array ? payload : encodeJson(payload);
    const refusal = await finish(refusalOf(network.request(OWNER, CALL_METHOD, bytes, { timeoutMs: 1_000 })));
    expect(refusal).toContain("INVALID_ARGUMENT");
    expect(owner.asked).toEqual([]);
  });

  it("takes what is as it should be", async () => {
    const { network, owner, finish } = await served();
    await finish(network.request(OWNER, CALL_METHOD, encodeJson(good), { timeoutMs: 1_000 }));
    expect(owner.asked).toHaveLength(1);
  });

  it("lets one node have so many requests under way, and takes more when they are done", async () => {
    const { pins, owner, finish } = await served();
    const gate = Promise.withResolvers<void>();
    owner.before = () => gate.promise;
    const all = Array.from({ length: 200 }, () => refusalOf(pins.write([write], askingOf())));
    const refused = await finish(
      new Promise<number>((resolve) => {
        let count = 0;
        for (const one of all) void one.then((end) => end !== "done" && ++count === 72 && resolve(count));
      }),
    );
    expect(refused).toBe(72);
    expect(owner.asked).toHaveLength(128);
    gate.resolve();
    const ends = await finish(Promise.all(all));
    expect(ends.filter((end) => end === "done")).toHaveLength(128);
    expect(ends.filter((end) => end.startsWith("RESOURCE_EXHAUSTED"))).toHaveLength(72);
    expect(await finish(refusalOf(pins.write([write], askingOf())))).toBe("done");
  });

  it("takes hundreds of writes a second from one node, and does not let it flood the owner", async () => {
    const { pins, clock, finish } = await served();
    for (let round = 0; round < 50; round++) {
      const ends = await finish(
        Promise.all(Array.from({ length: 10 }, () => refusalOf(pins.write([write], askingOf())))),
      );
      expect(new Set(ends)).toEqual(new Set(["done"]));
    }
    const flood: Promise<string>[] = [];
    for (let count = 0; count < 6_000; count++) {
      flood.push(refusalOf(pins.write([write], askingOf())));
      if (count % 100 === 99) await clock.advance(5);
    }
    const ends = await finish(Promise.all(flood));
    expect(ends.some((end) => end.startsWith("RESOURCE_EXHAUSTED"))).toBe(true);
  });
});

describe("an answer of another node", () => {
  const hostile: Readonly<Record<string, unknown>> = {
    "no JSON": new TextEncoder().encode("<html>"),
    nothing: new Uint8Array(),
    null: null,
    "a text": "done",
    "a list of what is nothing": [{}],
    "what takes all memory": new Uint8Array(MAX_ANSWER_BYTES + 1).fill(0x20),
    "another reservation than was asked for": [{ id: elsewhere, observed }],
    "fewer results than writes": [],
    "more results than writes": [
      { id, observed },
      { id, observed },
    ],
    "an error code that there is not": [{ id, error: { code: "EVIL", detail: "" } }],
    "a value that is none": [{ id, observed: { ...observed, level: "maybe" } }],
  };

  it.each(Object.entries(hostile))("is not taken when it is %s", async (_name, answer) => {
    const { network, nodes, answerWith, finish } = await exchangeFixture();
    answerWith(answer);
    const pins = new RemotePins({ network, nodes }, OWNER);
    expect(await finish(refusalOf(pins.write([write], askingOf())))).toMatch(/^UNAVAILABLE .*no answer/);
  });

  it("is not taken with a reservation of some third node", async () => {
    const { network, nodes, answerWith, finish } = await exchangeFixture();
    const pins = new RemotePins({ network, nodes }, OWNER);
    const other = ownedOf("node-other-0001");
    answerWith(other);
    for (const call of [
      () => pins.reserve(request, askingOf()),
      () => pins.transfer(id, { token, to: "tom" }, askingOf()),
    ]) {
      expect(await finish(refusalOf(call()))).toContain("UNAVAILABLE");
    }
    const second = await exchangeFixture();
    second.answerWith([other]);
    const list = new RemotePins(second, OWNER).list(undefined, askingOf());
    expect(await second.finish(refusalOf(list))).toContain("UNAVAILABLE");
  });
});
