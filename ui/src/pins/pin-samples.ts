import type { GpioChange, GpioView, HeaderPin, Observed } from "@pi-controller/schema";

/** A place of a header for tests: a GPIO that nobody holds. */
export function headerPinOf(changes: Partial<HeaderPin>): HeaderPin {
  return {
    position: 12,
    kind: "gpio",
    gpio: 18,
    functions: [],
    reservedFor: null,
    bus: null,
    reservation: null,
    ...changes,
  };
}

/** What an owner saw at an output that is low. */
export const observedLow: Observed = {
  level: "low",
  dutyCycle: null,
  frequencyHz: null,
  stopped: false,
  fault: null,
};

/** A reservation for tests: an output that its owner sees as low. */
export function viewOf(changes: Partial<GpioView>): GpioView {
  return {
    id: "35f129ca-01M7Z2Q8RYM41HBYW3D5MX32FK",
    resource: "GPIO18",
    namespace: "default",
    purpose: "",
    mode: { kind: "output", activeLow: false, drive: "push-pull", initial: "low" },
    ttlMs: 60_000,
    onExpire: "input",
    watchdogMs: null,
    priority: 0,
    preemptible: false,
    powerMilliwatts: 0,
    keep: false,
    holder: { userName: "ann", userId: "u1" },
    state: "granted",
    token: "1.1",
    requestedAt: "2026-11-21T05:00:00.000Z",
    grantedAt: "2026-11-21T05:00:00.000Z",
    waitsUntil: null,
    expiresAt: "2026-11-21T05:01:00.000Z",
    desired: null,
    node: "12D3KooWtest0001",
    nodeName: "pi-a",
    gpio: 18,
    position: null,
    remainingMs: 60_000,
    observed: {
      status: "current",
      asOf: "2026-11-21T05:00:10.000Z",
      ageMs: 0,
      membership: "alive",
      value: observedLow,
      lastValue: observedLow,
    },
    pending: null,
    ...changes,
  };
}

/** A change for tests: somebody drove that output high, after the owner was asked. */
export function changeOf(changes: Partial<GpioChange>): GpioChange {
  return {
    type: "gpio.state.changed",
    node: "12D3KooWtest0001",
    reservation: viewOf({}).id,
    namespace: "default",
    name: null,
    gpio: 18,
    cause: "write",
    level: "high",
    dutyCycle: null,
    timestamp: "2026-11-21T05:00:20.000Z",
    kernelTimestampNs: null,
    ...changes,
  };
}
