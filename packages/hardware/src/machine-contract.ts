import { boardSchema, metricsSampleSchema } from "@pi-controller/schema";
import { describe, expect, it } from "vitest";
import type { Machine } from "./machine.ts";

export interface MachineUnderTest {
  readonly machine: Machine;
  /** Lets the machine work for a while, so that its counters can move. */
  readonly work: () => Promise<void>;
}

/** What every adapter of `Machine` does, whatever is behind it. */
export function describeMachineContract(name: string, make: () => Promise<MachineUnderTest>): void {
  describe(`${name} as a Machine`, () => {
    it("describes a board that the schema accepts, the same one each time", async () => {
      const { machine } = await make();
      const board = await machine.detect();
      expect(boardSchema.parse(board)).toEqual(board);
      expect(await machine.detect()).toEqual(board);
      expect(board.storage.filter((device) => device.root).length).toBeLessThanOrEqual(1);
    });

    it("gives samples that the schema accepts, with CPU usage from the second on", async () => {
      const { machine, work } = await make();
      const first = await machine.sample();
      expect(metricsSampleSchema.parse(first)).toEqual(first);
      expect(first.cpuUsage).toBeNull();
      await work();
      const second = await machine.sample();
      expect(metricsSampleSchema.parse(second)).toEqual(second);
      expect(second.cpuUsage).not.toBeNull();
    });

    it("never uses more memory than there is, and its counters never go back", async () => {
      const { machine, work } = await make();
      let previous = await machine.sample();
      for (let round = 0; round < 5; round++) {
        await work();
        const sample = await machine.sample();
        expect(sample.memoryUsedBytes).toBeLessThanOrEqual(sample.memoryTotalBytes);
        expect(sample.uptimeSeconds).toBeGreaterThanOrEqual(previous.uptimeSeconds);
        for (const counters of sample.network) {
          const before = previous.network.find(({ name }) => name === counters.name);
          expect(counters.receivedBytes).toBeGreaterThanOrEqual(before?.receivedBytes ?? 0);
          expect(counters.sentBytes).toBeGreaterThanOrEqual(before?.sentBytes ?? 0);
        }
        previous = sample;
      }
    });

    it("answers calls that overlap", async () => {
      const { machine, work } = await make();
      await machine.sample();
      await work();
      const samples = await Promise.all([machine.sample(), machine.sample(), machine.detect()]);
      expect(samples).toHaveLength(3);
    });
  });
}
