import type {
  EmergencyStop,
  GpioChange,
  GpioPolicy,
  GpioQuotaView,
  GpioView,
  NodeGpio,
  Observed,
} from "@pi-controller/schema";
import { nodeId } from "./samples.ts";

const TIME = "2026-11-21T10:00:00.000Z";
export const TOKEN = "3.17";
/** One that was good before. */
export const STALE_TOKEN = "3.16";

/** The id of a reservation on node 1; from 90 on there are none. */
export function reservationId(number: number): string {
  return `1a2b3c4d-01JD${String(number).padStart(22, "0")}`;
}

const observed: Observed = {
  level: "low",
  dutyCycle: null,
  frequencyHz: null,
  stopped: false,
  fault: null,
};

export function gpioView(number: number): GpioView {
  const gpio = 18 + number;
  return {
    id: reservationId(number),
    resource: `GPIO${gpio}`,
    node: nodeId(1),
    nodeName: "pi-1",
    gpio,
    namespace: "default",
    name: `pump-${number}`,
    purpose: "garden",
    mode: { kind: "output", activeLow: false, drive: "push-pull", initial: "low" },
    ttlMs: 60_000,
    onExpire: "low",
    watchdogMs: null,
    priority: 0,
    preemptible: false,
    powerMilliwatts: 0,
    keep: false,
    holder: { userName: "ada", userId: "user-ada0000000000000" },
    state: "granted",
    token: TOKEN,
    requestedAt: TIME,
    grantedAt: TIME,
    waitsUntil: null,
    expiresAt: "2026-11-21T10:01:00.000Z",
    desired: null,
    position: null,
    remainingMs: 59_000,
    observed: {
      status: "current",
      asOf: TIME,
      ageMs: 2,
      membership: "alive",
      value: observed,
      lastValue: observed,
    },
    pending: null,
  };
}

export function nodeGpio(node: string): NodeGpio {
  return {
    node,
    nodeName: "pi-1",
    status: "current",
    membership: "alive",
    asOf: TIME,
    driver: "simulated",
    problem: null,
    header: [
      {
        position: 12,
        kind: "gpio",
        gpio: 18,
        functions: [{ name: "PWM0", alternative: "alt5" }],
        reservedFor: null,
        bus: null,
        reservation: reservationId(0),
      },
    ],
    pwm: [
      {
        gpio: 18,
        method: "hardware",
        channel: "pwmchip0/0",
        minFrequencyHz: 0.1,
        maxFrequencyHz: 30_000_000,
      },
    ],
    i2cBuses: [1],
    spiDevices: ["0.0"],
    limits: { pinMilliamperes: 16, totalMilliamperes: 50, boardMilliwatts: 165, source: "BCM2711" },
    stops: [],
  };
}

export function emergencyStop(number: number): EmergencyStop {
  return { id: `stop-${number}`, cause: "user", by: "ada", reason: "smoke", since: TIME };
}

export const policy: GpioPolicy = {
  onUnderVoltage: "nothing",
  onOverTemperature: "nothing",
  clear: "by-hand",
  boardMilliwatts: null,
};

export function quotaView(namespace: string): GpioQuotaView {
  return {
    namespace,
    pins: 8,
    used: { pins: 1, pwm: 0, i2cDevices: 0, spiDevices: 0, powerMilliwatts: 0 },
  };
}

export function gpioChange(number: number): GpioChange {
  return {
    type: "gpio.state.changed",
    node: nodeId(0),
    reservation: reservationId(0),
    namespace: "default",
    name: "pump-0",
    gpio: 18,
    cause: "edge",
    level: number % 2 === 0 ? "low" : "high",
    dutyCycle: null,
    timestamp: TIME,
    kernelTimestampNs: String(1_000_000 + number),
  };
}
