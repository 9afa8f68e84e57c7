import { MeshError } from "@pi-controller/schema";
import { describe, expect, it } from "vitest";
import { emptyDraft, type ReservationDraft, requestOf } from "./reservation-draft.ts";

const place = { node: "12D3KooWtest0001", resource: "GPIO18" };
const fieldsOf = (changes: Partial<ReservationDraft>): readonly string[] => {
  try {
    requestOf({ ...emptyDraft, ...changes }, place);
    return [];
  } catch (error) {
    if (!(error instanceof MeshError)) throw error;
    return (error.details.fields ?? []).map(({ field }) => field);
  }
};

describe("requestOf", () => {
  it("asks for an output with a lease unless something else is chosen", () => {
    expect(requestOf(emptyDraft, place)).toMatchObject({
      ...place,
      mode: { kind: "output", initial: "low" },
      ttlMs: 60_000,
      onExpire: "input",
      watchdogMs: null,
      waitMs: 0,
    });
  });

  it("leaves out of an input what only drives", () => {
    const request = requestOf(
      { ...emptyDraft, kind: "input", onExpire: "high", watchdogMs: "500", keep: "yes" },
      place,
    );
    expect(request).toMatchObject({
      mode: { kind: "input", edges: "both" },
      onExpire: "input",
      watchdogMs: null,
    });
    expect(request.keep).toBeUndefined();
  });

  it("takes a duty cycle in percent and a wait in seconds", () => {
    const request = requestOf(
      { ...emptyDraft, kind: "pwm", dutyPercent: "7.5", frequencyHz: "50", waitSeconds: "1.5" },
      place,
    );
    expect(request.mode).toMatchObject({ kind: "pwm", dutyCycle: 0.075, frequencyHz: 50 });
    expect(request.waitMs).toBe(1_500);
  });

  it("asks for a device on a bus without a mode to choose", () => {
    const request = requestOf({ ...emptyDraft, isLease: false }, { ...place, resource: "i2c-1:0x48" });
    expect(request).toMatchObject({ mode: { kind: "i2c" }, ttlMs: null, onExpire: "input" });
  });

  it.each<readonly [Partial<ReservationDraft>, string]>([
    [{ name: "Garden Pump" }, "name"],
    [{ namespace: "" }, "namespace"],
    [{ ttlMs: "soon" }, "ttlMs"],
    [{ ttlMs: "" }, "ttlMs"],
    [{ ttlMs: "10" }, "ttlMs"],
    [{ watchdogMs: "x" }, "watchdogMs"],
    [{ priority: "900" }, "priority"],
    [{ waitSeconds: "-1" }, "waitMs"],
    [{ powerMilliwatts: "much" }, "powerMilliwatts"],
    [{ kind: "pwm", dutyPercent: "101" }, "mode.dutyCycle"],
    [{ kind: "input", debounceMs: "-1" }, "mode.debounceMs"],
  ])("names the field that is wrong in %j", (changes, field) => {
    expect(fieldsOf(changes)).toEqual([field]);
  });
});
