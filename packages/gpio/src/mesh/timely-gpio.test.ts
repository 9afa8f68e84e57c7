import { VirtualClock } from "@pi-controller/runtime";
import { MeshError, type Renewed } from "@pi-controller/schema";
import { describe, expect, it } from "vitest";
import type { GpioUseCases } from "../use-cases.ts";
import { askingOf } from "./test-users.ts";
import { timelyGpio } from "./timely-gpio.ts";

const ID = "1793e91c-01KDVDNA00ZY8KQDZEF4C74F2C";
const renewed: Renewed = { id: ID, token: "1.1", remainingMs: 1_000 };

/** Renews in so long; `null`: never. */
function make(takesMs: number | null) {
  const clock = new VirtualClock();
  const renew = () =>
    new Promise<Renewed>((resolve) => {
      if (takesMs !== null) clock.setTimer(() => resolve(renewed), takesMs);
    });
  const gpio = timelyGpio({ renew } as Partial<GpioUseCases> as GpioUseCases, { clock });
  return {
    clock,
    renew: (timeoutMs: number) => gpio.renew(ID, { token: "1.1" }, askingOf("ada", { timeoutMs })),
  };
}

describe("Requests about pins", () => {
  it.each([null, 10_000])(
    "end in the time of whoever asks, when what they need takes %j ms",
    async (takesMs) => {
      const { clock, renew } = make(takesMs);
      const asked = renew(2_000).catch((error: unknown) => error);
      let isOver = false;
      void asked.then(() => {
        isOver = true;
      });
      await clock.advance(1_999);
      expect(isOver).toBe(false);
      await clock.advance(1);
      expect(await asked).toMatchObject({ code: "DEADLINE_EXCEEDED" });
    },
  );

  it("are answered as soon as they are done, with no timer left", async () => {
    const { clock, renew } = make(1_000);
    const asked = renew(2_000);
    await clock.advance(1_000);
    expect(await asked).toEqual(renewed);
    expect(clock.pendingTimers).toBe(0);
  });

  it("fail as what they need does", async () => {
    const clock = new VirtualClock();
    const renew = () => Promise.reject(new MeshError("ABORTED", "over"));
    const gpio = timelyGpio({ renew } as Partial<GpioUseCases> as GpioUseCases, { clock });
    await expect(gpio.renew(ID, { token: "1.1" }, askingOf())).rejects.toMatchObject({ code: "ABORTED" });
  });
});
