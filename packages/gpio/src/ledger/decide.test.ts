import type { MeshError, ReservationRecord } from "@pi-controller/schema";
import { describe, expect, it } from "vitest";
import { decide, MOST_RESERVATIONS, MOST_WAITING_FOR_ONE } from "./decide.ts";
import { claimsOf, entryOf, idOf, ledgerOf, modeOf, noLimits, recordOf } from "./ledger.fixture.ts";
import type { Decision, Entry, Limits } from "./ledger.ts";
import { positionOf } from "./line.ts";
import { noUsage } from "./usage.ts";

const wants = { preempt: false, mayWait: false };

function asked(number: number, changes: Partial<ReservationRecord> = {}, how: Partial<typeof wants> = {}) {
  return { ...entryOf(number, changes), ...wants, ...how };
}

function errorOf(decision: Decision): MeshError {
  if (decision.kind !== "refuse") throw new Error(`expected a refusal, and it was: ${decision.kind}`);
  return decision.error;
}

const held = (changes: Partial<ReservationRecord> = {}, rest: Partial<Entry> = {}) =>
  entryOf(1, { state: "granted", ...changes }, rest);

describe("decide, about what is free", () => {
  it("grants it", () => {
    expect(decide(ledgerOf(), asked(1), noLimits)).toEqual({ kind: "grant", preempted: [] });
  });

  it("grants a second device of a bus beside the first", () => {
    const one = entryOf(1, { state: "granted" }, { claims: claimsOf("i2c-1:0x48", "gpio:2/i2c-1") });
    const other = { ...asked(2), claims: claimsOf("i2c-1:0x49", "gpio:2/i2c-1") };
    expect(decide(ledgerOf(one), other, noLimits).kind).toBe("grant");
  });

  it("lets nobody pass one that waits for a part of it with the same priority", () => {
    const output = held({ resource: "GPIO18" });
    const waiter = entryOf(2, {}, { claims: claimsOf("gpio:18", "pwm:pwm0") });
    const ledger = ledgerOf(output, waiter);
    const late = { resource: "GPIO12", mode: modeOf({ kind: "pwm" }) } as const;
    const claims = claimsOf("gpio:12", "pwm:pwm0");
    const decision = decide(ledger, { ...asked(3, late, { mayWait: true }), claims }, noLimits);
    expect(decision).toEqual({ kind: "wait", position: 2 });
    expect(errorOf(decide(ledger, { ...asked(3, late), claims }, noLimits))).toMatchObject({
      code: "ALREADY_EXISTS",
      message: expect.stringMatching(/GPIO12 is next for those in line with priority 0 or higher: alice/),
    });
    const higher = { ...asked(3, { ...late, priority: 1 }), claims };
    expect(decide(ledger, higher, noLimits)).toEqual({ kind: "grant", preempted: [] });
  });
});

describe("decide, about what is taken", () => {
  it("names holder, name, purpose and the end of the lease, and when to try again", () => {
    const ledger = ledgerOf(
      held({ name: "garden-pump", purpose: "waters tomatoes", ttlMs: 60_000 }, { endsAtMs: 30_000 }),
    );
    const at = { uptimeMs: 10_000, wallMs: Date.parse("2026-11-21T12:00:00Z") };
    const error = errorOf(decide(ledger, asked(2), noLimits, at));
    expect(error).toMatchObject({ code: "ALREADY_EXISTS", details: { retryAfterMs: 20_000 } });
    expect(error.message).toBe(
      "GPIO18 is held by alice (garden-pump: waters tomatoes) until 2026-11-21T12:00:20.000Z, longer if it is renewed. " +
        "Ask with waitMs to stand in line",
    );
  });

  it("says so when it stands until it is released", () => {
    const error = errorOf(decide(ledgerOf(held()), asked(2), noLimits));
    expect(error.message).toMatch(/^GPIO18 is held by alice until it is released\./);
    expect(error.details).toEqual({});
  });

  it("names the channel when it is not the pin that is taken", () => {
    const ledger = ledgerOf(held({ resource: "GPIO12" }, { claims: claimsOf("gpio:12", "pwm:pwm0") }));
    const other = { ...asked(2), claims: claimsOf("gpio:18", "pwm:pwm0") };
    expect(errorOf(decide(ledger, other, noLimits)).message).toMatch(
      /^GPIO18 needs pwm:pwm0, which GPIO12 uses, held by alice/,
    );
  });

  it("puts one who may wait behind those of his priority and above, and before all others", () => {
    const ledger = ledgerOf(held(), entryOf(2, { priority: 5 }), entryOf(3), entryOf(4, { priority: -5 }));
    const waiter = asked(5, { priority: 0 }, { mayWait: true });
    expect(decide(ledger, waiter, noLimits)).toEqual({ kind: "wait", position: 3 });
    const after = ledgerOf(...ledger.entries.values(), waiter);
    expect([1, 2, 3, 4, 5].map((number) => positionOf(after, idOf(number)))).toEqual([null, 1, 2, 4, 3]);
  });
});

describe("preemption", () => {
  const agreed = { preemptible: true, priority: 1 } as const;

  it("takes all that is in the way from those who agreed and have a lower priority", () => {
    const ledger = ledgerOf(
      entryOf(
        2,
        { state: "granted", resource: "GPIO12", ...agreed },
        { claims: claimsOf("gpio:12", "pwm:pwm0") },
      ),
      held(agreed),
    );
    const other = {
      ...asked(3, { priority: 2 }, { preempt: true }),
      claims: claimsOf("gpio:18", "pwm:pwm0"),
    };
    expect(decide(ledger, other, noLimits)).toEqual({ kind: "grant", preempted: [idOf(1), idOf(2)] });
  });

  it.each([
    ["none of them has agreed", { priority: 1 }, /has not agreed to preemption/],
    [
      "one has the same priority",
      { ...agreed, priority: 2 },
      /Its priority is 2: preemption takes one above/,
    ],
  ])("takes none when %s", (_case, firm, message) => {
    const ledger = ledgerOf(
      held(agreed),
      entryOf(2, { state: "granted", ...firm }, { claims: claimsOf("pwm:pwm0") }),
    );
    const other = {
      ...asked(3, { priority: 2 }, { preempt: true }),
      claims: claimsOf("gpio:18", "pwm:pwm0"),
    };
    expect(errorOf(decide(ledger, other, noLimits)).message).toMatch(message);
    expect(decide(ledger, { ...other, mayWait: true }, noLimits).kind).toBe("wait");
  });

  it("happens only when it is asked for", () => {
    expect(decide(ledgerOf(held(agreed)), asked(3, { priority: 2 }), noLimits).kind).toBe("refuse");
  });

  it("does not pass one who waits with the same priority", () => {
    const ledger = ledgerOf(held(agreed), entryOf(2, { priority: 2 }));
    const same = asked(3, { priority: 2 }, { preempt: true });
    expect(decide(ledger, same, noLimits).kind).toBe("refuse");
    expect(decide(ledger, asked(3, { priority: 3 }, { preempt: true }), noLimits).kind).toBe("grant");
  });
});

describe("limits", () => {
  const quota = (limits: object, elsewhere = noUsage, boardMilliwatts: number | null = null): Limits => ({
    quotaOf: (namespace) => (namespace === "garden" ? { namespace, ...limits } : undefined),
    usedElsewhere: () => elsewhere,
    boardMilliwatts,
  });
  const garden = { namespace: "garden" } as const;
  const pwm = { ...garden, mode: modeOf({ kind: "pwm" }) };
  const other = { resource: "GPIO4" } as const;

  it.each([
    ["pins", { ...garden, ...other }, 1],
    ["pwm", { ...pwm, ...other }, 1],
    ["i2cDevices", { ...garden, resource: "i2c-1:0x48", mode: modeOf({ kind: "i2c" }) }, 1],
    ["spiDevices", { ...garden, resource: "spi-0.0", mode: modeOf({ kind: "spi" }) }, 1],
    ["powerMilliwatts", { ...garden, ...other, powerMilliwatts: 1 }, 1],
  ])("refuse what goes over the quota %s, with all its numbers", (name, changes, cost) => {
    const limits = quota({ [name]: 3 }, { ...noUsage, [name]: 3 });
    const error = errorOf(decide(ledgerOf(), asked(2, changes, { mayWait: true }), limits));
    expect(error.code).toBe("RESOURCE_EXHAUSTED");
    const unit = name === "powerMilliwatts" ? " mW" : "";
    const numbers = `limit 3${unit}, used 3${unit}, asked ${cost}${unit}`;
    expect(error.message).toBe(`The quota ${name} of namespace garden does not allow it: ${numbers}`);
    const room = quota({ [name]: 4 }, { ...noUsage, [name]: 3 });
    expect(decide(ledgerOf(), asked(2, changes), room).kind).toBe("grant");
    expect(decide(ledgerOf(), asked(2, { ...changes, namespace: "home" }), limits).kind).toBe("grant");
  });

  it("count what is held here and elsewhere, and not what is waited for", () => {
    const ledger = ledgerOf(held(garden), entryOf(2, garden), entryOf(3, { ...garden, priority: -1 }));
    const elsewhere = { ...noUsage, pins: 1 };
    expect(decide(ledger, asked(4, { ...garden, ...other }), quota({ pins: 3 }, elsewhere)).kind).toBe(
      "grant",
    );
    const { message } = errorOf(
      decide(ledger, asked(4, { ...garden, ...other }), quota({ pins: 2 }, elsewhere)),
    );
    expect(message).toMatch(/limit 2, used 2, asked 1/);
  });

  it("count a PWM output as a pin too", () => {
    expect(errorOf(decide(ledgerOf(), asked(1, pwm), quota({ pins: 0, pwm: 5 }))).message).toMatch(
      /quota pins/,
    );
  });

  it("do not keep from him who is over one what it does not concern", () => {
    const ledger = ledgerOf(held({ ...garden, powerMilliwatts: 50 }));
    const limits = quota({ powerMilliwatts: 20 });
    expect(decide(ledger, asked(2, { ...garden, ...other }), limits).kind).toBe("grant");
  });

  it("keep the power budget of the board over all tenants, and name the field", () => {
    const ledger = ledgerOf(held({ powerMilliwatts: 100.1 }));
    const limits = quota({}, noUsage, 165);
    const change = { ...garden, ...other, powerMilliwatts: 65 };
    const error = errorOf(decide(ledger, asked(2, change), limits));
    expect(error.message).toBe(
      "The power budget of this board does not allow it: limit 165 mW, used 100.1 mW, asked 65 mW",
    );
    expect(error.details.fields).toEqual([{ field: "powerMilliwatts", message: error.message }]);
    expect(decide(ledger, asked(2, { ...change, powerMilliwatts: 64.9 }), limits).kind).toBe("grant");
  });

  it("do not count what the one in the way will give back", () => {
    const ledger = ledgerOf(held({ ...garden, preemptible: true, priority: -1, powerMilliwatts: 160 }));
    const limits = quota({ pins: 1 }, noUsage, 165);
    const change = { ...garden, powerMilliwatts: 165 };
    expect(decide(ledger, asked(2, change, { mayWait: true }), limits).kind).toBe("wait");
    expect(decide(ledger, asked(2, change, { preempt: true }), limits).kind).toBe("grant");
  });

  it("hold up nobody but the one whom they concern", () => {
    const ledger = ledgerOf(entryOf(1, { ...garden, priority: 9 }));
    const limits = quota({ pins: 0 });
    expect(decide(ledger, asked(2), limits)).toEqual({ kind: "grant", preempted: [] });
  });
});

describe("bounds", () => {
  const many = (count: number, changes: (number: number) => Partial<ReservationRecord>) =>
    Array.from({ length: count }, (_, index) => entryOf(index + 10, changes(index)));

  it("keep a line from growing without end, and leave the other lines alone", () => {
    const other = entryOf(2, { state: "granted", resource: "GPIO4" });
    const waiters = many(MOST_WAITING_FOR_ONE, (index) => ({ namespace: `tenant-${index}` }));
    const ledger = ledgerOf(held(), other, ...waiters);
    expect(errorOf(decide(ledger, asked(999, {}, { mayWait: true }), noLimits))).toMatchObject({
      code: "RESOURCE_EXHAUSTED",
      message: "The line for GPIO18 is full: limit 64, used 64, asked 1",
    });
    expect(decide(ledger, asked(999, { resource: "GPIO4" }, { mayWait: true }), noLimits).kind).toBe("wait");
  });

  it("keep a node from having more reservations than it can look after", () => {
    const devices = many(MOST_RESERVATIONS, (index) => ({ state: "granted", resource: `GPIO${index}` }));
    const full = ledgerOf(...devices);
    expect(errorOf(decide(full, asked(999, { resource: "GPIO999" }), noLimits))).toMatchObject({
      code: "RESOURCE_EXHAUSTED",
      message: "This node takes no more reservations: limit 256, used 256, asked 1",
    });
  });

  it("leave each tenant as much room as he takes from the others", () => {
    const entries = [held({ namespace: "other" })];
    /** Lets tenants ask until they are refused, and says how much each of them got. */
    const fill = (namespaces: readonly string[], resource: (number: number) => string) =>
      namespaces.map((namespace) => {
        for (let got = 0; ; got++) {
          const number = entries.length + 10;
          const wants = asked(number, { namespace, resource: resource(number) }, { mayWait: true });
          const decision = decide(ledgerOf(...entries), wants, noLimits);
          if (decision.kind === "refuse") {
            expect(decision.error).toMatchObject({
              code: "RESOURCE_EXHAUSTED",
              message: expect.stringContaining(`of namespace ${namespace}, which would leave too few`),
            });
            return got;
          }
          const state = decision.kind === "grant" ? "granted" : "waiting";
          entries.push(entryOf(number, { namespace, resource: wants.record.resource, state }));
        }
      });
    expect(fill(["one", "two", "three"], () => "GPIO18")).toEqual([32, 16, 8]);
    expect(fill(["four", "five"], (number) => `GPIO${number + 100}`)).toEqual([100, 50]);
  });

  it("do not stand in the way of one who takes another's place", () => {
    const devices = many(MOST_RESERVATIONS - 1, (index) => ({
      state: "granted",
      resource: `GPIO${index + 40}`,
      namespace: `tenant-${index}`,
    }));
    const full = ledgerOf(held({ preemptible: true, priority: -1 }), ...devices);
    expect(decide(full, asked(999, {}, { preempt: true }), noLimits).kind).toBe("grant");
  });
});

it("decides by the record that is shown, and keeps none of it", () => {
  const ledger = ledgerOf(held());
  const before = structuredClone(ledger);
  decide(
    ledger,
    { record: recordOf(2), claims: claimsOf("gpio:18"), preempt: true, mayWait: true },
    noLimits,
  );
  expect(ledger).toEqual(before);
});
