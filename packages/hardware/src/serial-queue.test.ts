import { describe, expect, it } from "vitest";
import { SerialQueue } from "./serial-queue.ts";

describe("a serial queue", () => {
  it("runs one after the other in the order in which they came", async () => {
    const queue = new SerialQueue(10);
    const steps: string[] = [];
    const task = (name: string) => async () => {
      steps.push(`${name} begins`);
      await Promise.resolve();
      steps.push(`${name} ends`);
    };
    await Promise.all([queue.run(task("a")), queue.run(task("b"))]);
    expect(steps).toEqual(["a begins", "a ends", "b begins", "b ends"]);
  });

  it("goes on after one that failed, and tells who asked of it", async () => {
    const queue = new SerialQueue(10);
    const failing = queue.run(async () => {
      throw new Error("broken");
    });
    const next = queue.run(async () => "well");
    await expect(failing).rejects.toThrow("broken");
    expect(await next).toBe("well");
  });

  it("refuses what would have to wait behind too many, and takes more when they are done", async () => {
    const queue = new SerialQueue(1);
    const first = queue.run(async () => 1);
    const second = queue.run(async () => 2);
    await expect(queue.run(async () => 3)).rejects.toMatchObject({ code: "RESOURCE_EXHAUSTED" });
    expect(await Promise.all([first, second])).toEqual([1, 2]);
    expect(await queue.run(async () => 4)).toBe(4);
  });
});
