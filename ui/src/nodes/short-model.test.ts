import { expect, it } from "vitest";
import { shortModel } from "./short-model.ts";

it("leaves out what all models have in common, and leaves others alone", () => {
  expect(shortModel("Raspberry Pi 5 Model B Rev 1.0")).toBe("Pi 5 Model B");
  expect(shortModel("Raspberry Pi Zero 2 W Rev 1.0")).toBe("Pi Zero 2 W");
  expect(shortModel("QEMU Virtual Machine")).toBe("QEMU Virtual Machine");
});
