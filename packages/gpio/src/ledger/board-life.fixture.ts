import * as fc from "fast-check";
import { modeOf } from "./ledger.fixture.ts";
import type { ModelOwner, ModelRequest } from "./model-owner.fixture.ts";
import { quotaNames } from "./plain-rules.fixture.ts";

const output = modeOf({ kind: "output" });
const resources: readonly Pick<ModelRequest, "resource" | "mode">[] = [
  { resource: "GPIO18", mode: output },
  { resource: "GPIO18", mode: modeOf({ kind: "pwm", method: "hardware" }) },
  { resource: "GPIO18", mode: modeOf({ kind: "pwm" }) },
  { resource: "GPIO12", mode: output },
  { resource: "GPIO12", mode: modeOf({ kind: "pwm", method: "hardware" }) },
  { resource: "GPIO12", mode: modeOf({ kind: "pwm" }) },
  { resource: "GPIO17", mode: modeOf({ kind: "input" }) },
  { resource: "i2c-1:0x48", mode: modeOf({ kind: "i2c" }) },
  { resource: "i2c-1:0x49", mode: modeOf({ kind: "i2c" }) },
  { resource: "spi-0.0", mode: modeOf({ kind: "spi" }) },
  { resource: "spi-3.0", mode: modeOf({ kind: "spi" }) },
];
const namespaces = ["garden", "home"] as const;

const request = fc
  .record({
    what: fc.constantFrom(...resources),
    namespace: fc.constantFrom(...namespaces),
    priority: fc.integer({ min: -1, max: 2 }),
    preemptible: fc.boolean(),
    preempt: fc.boolean(),
    waitMs: fc.constantFrom(0, 400, 5_000, 60_000),
    ttlMs: fc.constantFrom(null, 500, 3_000, 20_000),
    watchdogMs: fc.constantFrom(null, null, 250),
    powerMilliwatts: fc.constantFrom(0, 10, 33.3, 100),
  })
  .map(({ what, ...terms }): ModelRequest => ({ ...what, ...terms }));
/** One of those that there are, by its place; none when there are fewer. */
const target = fc.nat({ max: 9 });
const limit = fc.constantFrom(undefined, 0, 1, 2, 100);
/** One thing that happens to a board. */
export const step = fc.oneof(
  { weight: 8, arbitrary: request.map((value) => ({ kind: "request", value }) as const) },
  { weight: 3, arbitrary: target.map((value) => ({ kind: "release", value }) as const) },
  { weight: 1, arbitrary: target.map((value) => ({ kind: "transfer", value }) as const) },
  { weight: 1, arbitrary: target.map((value) => ({ kind: "renew", value }) as const) },
  { weight: 1, arbitrary: target.map((value) => ({ kind: "write", value }) as const) },
  {
    weight: 2,
    arbitrary: fc.constantFrom(1, 249, 2_500, 30_000).map((ms) => ({ kind: "pass", ms }) as const),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.constantFrom(...namespaces), fc.constantFrom(...quotaNames), limit)
      .map((value) => ({ kind: "quota", value }) as const),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.constantFrom(...namespaces), fc.nat({ max: 2 }))
      .map((value) => ({ kind: "elsewhere", value }) as const),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(null, 50, 165).map((value) => ({ kind: "budget", value }) as const),
  },
  { weight: 1, arbitrary: fc.constant({ kind: "restart" } as const) },
);
export type Step = typeof step extends fc.Arbitrary<infer Of> ? Of : never;

export function take(owner: ModelOwner, one: Step): void {
  const chosen = (place: number) => [...owner.ledger.entries.keys()][place];
  switch (one.kind) {
    case "request":
      owner.request(one.value);
      return;
    case "release":
    case "transfer":
    case "renew":
    case "write": {
      const id = chosen(one.value);
      if (id !== undefined) owner[one.kind](id);
      return;
    }
    case "pass":
      owner.nowMs += one.ms;
      return;
    case "quota": {
      const [namespace, name, value] = one.value;
      const { [name]: _old, ...others } = owner.quotas.get(namespace) ?? { namespace };
      owner.quotas.set(namespace, {
        ...others,
        namespace,
        ...(value === undefined ? {} : { [name]: value }),
      });
      return;
    }
    case "elsewhere": {
      const [namespace, pins] = one.value;
      owner.elsewhere.set(namespace, {
        pins,
        pwm: 0,
        i2cDevices: pins,
        spiDevices: 0,
        powerMilliwatts: pins * 10,
      });
      return;
    }
    case "budget":
      owner.boardMilliwatts = one.value;
      return;
    case "restart":
      owner.restart();
      return;
  }
}
