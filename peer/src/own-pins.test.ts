import type { OwnerService } from "@pi-controller/gpio";
import type { PinHardware } from "@pi-controller/hardware";
import { silentLogger } from "@pi-controller/runtime";
import { MeshError } from "@pi-controller/schema";
import { describe, expect, it } from "vitest";
import { type OpenedPins, OwnPins } from "./own-pins.ts";

/** Pins that only note what is done with them. */
function opened(startOwner: (signal: AbortSignal) => Promise<void>) {
  const done: string[] = [];
  const note = (what: string) => async () => void done.push(what);
  const hardware = { start: note("hardware starts"), stop: note("hardware stops") };
  const service = {
    start: async (signal: AbortSignal) => {
      done.push("owner starts");
      await startOwner(signal);
    },
    stop: note("owner stops"),
  };
  const pins = {
    hardware: hardware as unknown as PinHardware,
    service: service as unknown as OwnerService,
  } satisfies OpenedPins;
  return { done, pins };
}

describe("the pins of a peer", () => {
  it("are left safe by their owner also when the peer stops in the middle of its start", async () => {
    const begun = Promise.withResolvers<void>();
    const goOn = Promise.withResolvers<void>();
    const { done, pins } = opened(async (signal) => {
      begun.resolve();
      await goOn.promise;
      signal.throwIfAborted();
    });
    const own = new OwnPins({ open: async () => pins, logger: silentLogger });
    await own.start();
    await begun.promise;
    const stopping = own.stop();
    goOn.resolve();
    await stopping;
    expect(done).toEqual(["hardware starts", "owner starts", "owner stops", "hardware stops"]);
  });

  it("are left safe when their owner cannot start, and whoever asks is told why", async () => {
    const { done, pins } = opened(async () => {
      throw new MeshError("UNAVAILABLE", "The disk is broken");
    });
    const own = new OwnPins({ open: async () => pins, logger: silentLogger });
    await own.start();
    await expect(own.owner.describe()).rejects.toThrow("The disk is broken");
    expect(done).toEqual(["hardware starts", "owner starts", "owner stops", "hardware stops"]);
    await own.stop();
  });
});
