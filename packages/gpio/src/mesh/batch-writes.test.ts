import { VirtualClock } from "@pi-controller/runtime";
import { gpioBatchSchema } from "@pi-controller/schema";
import { expect, it } from "vitest";
import type { WriteResult } from "../owner/pin-owner.ts";
import type { GpioUseCases } from "../use-cases.ts";
import { writeBatch } from "./batch-writes.ts";
import type { NodeRouter } from "./node-router.ts";
import { askingOf } from "./test-users.ts";
import { timelyGpio } from "./timely-gpio.ts";

const IDS = ["1793e91c-01KDVDNA00ZY8KQDZEF4C74F2C", "2793e91c-01KDVDNA00ZY8KQDZEF4C74F2C"] as const;
const OBSERVED = { kind: "digital", level: "high" };

it("tells what was written when another node never answers, in the time of whoever asks", async () => {
  const clock = new VirtualClock();
  const answers = new Map<string, Promise<readonly WriteResult[]>>([
    [IDS[0], Promise.resolve([{ id: IDS[0], observed: OBSERVED } as unknown as WriteResult])],
    [IDS[1], new Promise(() => undefined)],
  ]);
  const router = {
    ownerOf: (id: string) => id,
    pinsOf: (node: string) => ({ write: () => answers.get(node) }),
  } as unknown as NodeRouter;
  const routed: Partial<GpioUseCases> = {
    batch: (batch, asking) => writeBatch(router, batch, asking, { clock }),
  };
  const gpio = timelyGpio(routed as GpioUseCases, { clock });
  const writes = IDS.map((id) => ({ id, token: "1.1", value: { level: "high" } }));
  const asked = gpio.batch(gpioBatchSchema.parse({ writes }), askingOf("ada", { timeoutMs: 2_000 }));
  asked.catch(() => undefined);
  await clock.advance(2_000);
  expect(await asked).toEqual({
    results: [
      { id: IDS[0], ok: true, observed: OBSERVED, error: null },
      {
        id: IDS[1],
        ok: false,
        observed: null,
        error: expect.objectContaining({ code: "DEADLINE_EXCEEDED" }),
      },
    ],
  });
  expect(clock.pendingTimers).toBe(0);
});
