import { describe, expect, it } from "vitest";
import { compareTokens } from "../ledger/token.ts";
import { asking, OwnerFixture, wanted } from "./owner.fixture.ts";
import type { OwnedReservation } from "./pin-owner.ts";

/** More steps than any change has: one that takes more would not be tested to its end. */
const MAX_STEPS = 40;

interface Scenario {
  /** Whether the first of those that stand before ends by the change. */
  readonly ends: boolean;
  /** What stands before, told to somebody. */
  readonly before: (machine: OwnerFixture) => Promise<readonly OwnedReservation[]>;
  /** The change in whose middle the process is killed; asked for again after that, the very same way. */
  readonly change: (machine: OwnerFixture, before: readonly OwnedReservation[]) => Promise<unknown>;
  /** What has to be when the change was made, be it before the crash or when it was asked for again. */
  readonly after: (
    machine: OwnerFixture,
    before: readonly OwnedReservation[],
    result: unknown,
  ) => Promise<void>;
}

const scenarios: Readonly<Record<string, Scenario>> = {
  "a grant": {
    ends: false,
    before: async () => [],
    change: (machine) =>
      machine.owner.reserve(
        wanted({ resource: "GPIO18", mode: { initial: "high" } }),
        asking("ada", "reserve-0001"),
      ),
    after: async (machine, _, result) => {
      expect(result).toMatchObject({ record: { state: "granted", holder: { userName: "ada" } } });
      expect(machine.level(18)).toBe("high");
      expect(await machine.write(result as OwnedReservation, "low")).toBe("ok");
    },
  },
  "a release": {
    ends: true,
    before: async (machine) => {
      const held = await machine.reserve({ resource: "GPIO18", ttlMs: null, onExpire: "low" });
      await machine.write(held, "high");
      return [held];
    },
    change: async (machine, [held]) => {
      const { id, token } = (held as OwnedReservation).record;
      const options = { token: token ?? undefined, force: false };
      await machine.owner.release(id, options, asking("ada", "release-0001"));
    },
    after: async (machine) => {
      expect(await machine.list()).toMatchObject([{ record: { resource: "GPIO27" } }]);
      expect(machine.level(18)).toBe("low");
    },
  },
  "a transfer": {
    ends: false,
    before: async (machine) => [await machine.reserve({ resource: "GPIO18", ttlMs: null })],
    change: async (machine, [held]) => {
      const { id, token } = (held as OwnedReservation).record;
      return machine.owner.transfer(id, { token: token ?? "", to: "bob" }, asking("ada", "transfer-0001"));
    },
    after: async (machine, [held], result) => {
      expect(await machine.write(held as OwnedReservation, "high")).toBe("ABORTED");
      expect(await machine.write(result as OwnedReservation, "high", asking("bob"))).toBe("ok");
    },
  },
  "a pre-emption": {
    ends: true,
    before: async (machine) => {
      const held = await machine.reserve({ resource: "GPIO18", preemptible: true, onExpire: "low" });
      await machine.write(held, "high");
      return [held];
    },
    change: (machine) => {
      const request = wanted({ resource: "GPIO18", priority: 1, preempt: true, ttlMs: null });
      return machine.owner.reserve(request, asking("bob", "preempt-0001"));
    },
    after: async (machine, [held], result) => {
      expect(["ABORTED", "NOT_FOUND"]).toContain(await machine.write(held as OwnedReservation, "high"));
      expect(await machine.write(result as OwnedReservation, "high", asking("bob"))).toBe("ok");
    },
  },
  "a release that somebody waits for": {
    ends: true,
    before: async (machine) => {
      const held = await machine.reserve({ resource: "GPIO18" });
      const waits = await machine.reserve({ resource: "GPIO18", waitMs: 60_000 }, asking("bob"));
      expect(waits.record.state).toBe("waiting");
      return [held, waits];
    },
    change: async (machine, [held]) => {
      const { id, token } = (held as OwnedReservation).record;
      const options = { token: token ?? undefined, force: false };
      await machine.owner.release(id, options, asking("ada", "release-0002"));
    },
    after: async (machine, [, waits]) => {
      const granted = (await machine.list()).find(({ record }) => record.resource === "GPIO18");
      expect(granted?.record).toMatchObject({ id: waits?.record.id, state: "granted" });
      expect(await machine.write(granted as OwnedReservation, "high", asking("bob"))).toBe("ok");
    },
  },
  "a value that is kept": {
    ends: false,
    before: async (machine) => [await machine.reserve({ resource: "GPIO18", ttlMs: null })],
    change: async (machine, [held]) => {
      const { id, token } = (held as OwnedReservation).record;
      const write = { id, token: token ?? "", value: { level: "high" } } as const;
      return machine.owner.write([write], asking("ada", "write-00001"));
    },
    after: async (machine, _, result) => {
      expect(result).toMatchObject([{ observed: { level: "high" } }]);
      expect(machine.level(18)).toBe("high");
    },
  },
};

describe("an owner that is killed in the middle", () => {
  it.each(Object.entries(scenarios))(
    "of %s, at any step, loses nothing and grants nothing twice",
    async (_, scenario) => {
      for (let steps = 0; steps < MAX_STEPS; steps++) {
        const machine = new OwnerFixture();
        try {
          if (await survives(machine, scenario, steps)) return;
        } catch (error) {
          throw new Error(`Killed after ${steps} steps`, { cause: error });
        }
      }
      expect.unreachable(`it takes more than ${MAX_STEPS} steps`);
    },
  );
});

/** @returns whether all was done before the cut came */
async function survives(machine: OwnerFixture, scenario: Scenario, steps: number): Promise<boolean> {
  await machine.begin();
  const bystander = await machine.reserve({ resource: "GPIO27", ttlMs: null, mode: { initial: "high" } });
  const before = await scenario.before(machine);
  machine.wire.cutAfter(steps);
  const outcome = await machine.outcome(scenario.change(machine, before));
  const { isCut } = machine.wire;
  expect(outcome !== undefined || isCut, "neither answered nor cut").toBe(true);
  await machine.kill();
  await machine.begin();

  const standing = (await machine.list()).map(({ record }) => record);
  expect(standing, "somebody else's grant").toContainEqual(bystander.record);
  expect(machine.level(27)).toBe("high");
  const holders = standing.filter(({ resource, state }) => resource === "GPIO18" && state === "granted");
  expect(holders.length, "two holders").toBeLessThanOrEqual(1);
  const left = scenario.ends ? before.slice(1) : before;
  for (const { record } of left) {
    expect(
      standing.some(({ id }) => id === record.id),
      `${record.id} was lost`,
    ).toBe(true);
  }

  if (outcome !== undefined && scenario.ends) {
    // Who was told that it has ended does not see it come back.
    expect(standing.some(({ id }) => id === before[0]?.record.id)).toBe(false);
  }

  const again = await machine.finish(scenario.change(machine, before));
  if (outcome !== undefined) {
    expect(outcome).toHaveProperty("value");
    if (isOwned(again)) expect((outcome as { value: unknown }).value).toMatchObject({ record: again.record });
  }
  const [holder] = holders;
  const isNew = holder !== undefined && !before.some(({ record }) => record.token === holder.token);
  // It was on the disk, and nobody has heard of it: whoever asks again gets that one.
  if (isNew && isOwned(again)) expect(again.record).toEqual(holder);
  await scenario.after(machine, before, again);

  const next = await machine.reserve({ resource: "GPIO17" });
  for (const { token } of [...standing, ...before.map(({ record }) => record)]) {
    if (token !== null) expect(compareTokens(next.record.token ?? "", token)).toBeGreaterThan(0);
  }
  return !isCut;
}

function isOwned(value: unknown): value is OwnedReservation {
  return typeof value === "object" && value !== null && "record" in value;
}
