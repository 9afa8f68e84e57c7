import { headerOf } from "@pi-controller/hardware";
import { simulatedPwm } from "@pi-controller/hardware/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { asking, codeOf, OwnerFixture } from "./owner.fixture.ts";
import type { OwnedReservation } from "./pin-owner.ts";

// The kernel gives such a pin to PWM once, at its start: whoever takes it as a line ends that for good.
describe("pins whose PWM is the kernel's", () => {
  const pwm = simulatedPwm({ pins: headerOf({ family: "pi-4", gpioChips: [] }).pwm, fixedFunction: true });
  const mode = { kind: "pwm", method: "hardware", frequencyHz: 50, dutyCycle: 0.5 };
  let machine: OwnerFixture;
  let linesTaken: number;
  beforeEach(async () => {
    machine = new OwnerFixture();
    machine.pwm = pwm;
    await pwm.start(AbortSignal.timeout(1_000));
    await machine.begin();
    linesTaken = 0;
    machine.breakGpio([18], async () => {
      linesTaken++;
      throw new Error("GPIO18 was taken as a line");
    });
  });
  afterEach(async () => {
    expect(linesTaken).toBe(0);
    await machine.cleanUp();
    for (const { line } of pwm.outputs()) await pwm.end(line);
    await pwm.stop();
  });

  const reserve = (onExpire: "low" | "high" | "input" | "hold", more = {}) =>
    machine.reserve({ resource: "GPIO18", mode, onExpire, ...more });
  const duty = () => pwm.control.signalAt(18)?.dutyCycle ?? null;
  const drive = async ({ record: { id, token } }: OwnedReservation, dutyCycle: number) => {
    const write = { id, token: token ?? "", value: { dutyCycle } };
    const [result] = await machine.finish(machine.owner.write([write], asking()));
    return result !== undefined && "error" in result ? result.error.code : "ok";
  };

  it("become low at the end of a lease without being taken as lines, and make PWM for the next one", async () => {
    for (const onExpire of ["low", "input", "low"] as const) {
      const held = await reserve(onExpire);
      expect(duty()).toBe(0.5);
      expect(await drive(held, 0.25)).toBe("ok");
      expect(duty()).toBe(0.25);
      await machine.release(held);
      expect(duty()).toBeNull();
    }
  });

  it.each([
    ["high", 1],
    ["hold", 0.5],
  ] as const)("stay on where onExpire is %s, until the next lease", async (onExpire, left) => {
    await machine.release(await reserve(onExpire));
    expect(duty()).toBe(left);
    await machine.release(await reserve("low"));
    expect(duty()).toBeNull();
  });

  it("are low under an emergency stop, or high, until somebody writes after it", async () => {
    const expected = { low: null, input: null, hold: null, high: 1 } as const;
    for (const [onExpire, still] of Object.entries(expected)) {
      const held = await reserve(onExpire as keyof typeof expected);
      await machine.finish(machine.owner.stop({ reason: "" }, asking()));
      expect([onExpire, duty()]).toEqual([onExpire, still]);
      expect(await drive(held, 0.25)).toBe("FAILED_PRECONDITION");
      await machine.finish(machine.owner.clear(undefined, asking()));
      expect([onExpire, duty()]).toEqual([onExpire, still]);
      expect(await drive(held, 0.25)).toBe("ok");
      expect(duty()).toBe(0.25);
      await machine.release(held);
    }
  });

  it("are safe when the peer stops, and when a lease ended while it was killed", async () => {
    const held = await reserve("low", { ttlMs: 10_000, keep: true });
    await machine.end();
    expect(duty()).toBeNull();
    await machine.begin();
    expect(duty()).toBe(0.5);
    await machine.kill();
    expect(duty()).toBe(0.5);
    await machine.run(20_000);
    await machine.begin();
    expect(duty()).toBeNull();
    expect(await drive(held, 0.25)).toBe("ABORTED");
  });

  it("are nothing else: no inputs, no outputs, no PWM by software", async () => {
    for (const other of [{ kind: "input" }, { kind: "output" }, { ...mode, method: "software" }]) {
      const refused = machine.reserve({ resource: "GPIO18", mode: other });
      expect(await codeOf(refused)).toBe("FAILED_PRECONDITION");
    }
  });
});
