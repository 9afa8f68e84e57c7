import { type Logger, seededRandom, silentLogger, sleep, VirtualClock } from "@pi-controller/runtime";
import type { MetricsSample } from "@pi-controller/schema";
import { describe, expect, it } from "vitest";
import { HardwareMonitor } from "./hardware-monitor.ts";
import type { Machine } from "./machine.ts";
import { simulatedMachine } from "./simulated/simulated-machine.ts";

function make(
  wrap: (machine: Machine, clock: VirtualClock) => Machine = (machine) => machine,
  alarmsBefore: () => readonly ("hot" | "lowVoltage")[] = () => [],
) {
  const clock = new VirtualClock();
  const board = simulatedMachine({ clock, random: seededRandom(5) }, { board: "pi-4", hostname: "pi" });
  const samples: MetricsSample[] = [];
  const events: string[] = [];
  const errors: string[] = [];
  const logger: Logger = { ...silentLogger, error: (_fields, message) => void errors.push(message) };
  const monitor = new HardwareMonitor(
    {
      machine: wrap(board, clock),
      clock,
      random: seededRandom(6),
      logger,
      publish: (sample) => void samples.push(sample),
      emit: (type) => void events.push(type),
    },
    { intervalMs: () => 2_000, alarmsBefore },
  );
  const start = () => monitor.start();
  return { clock, board, monitor, samples, events, errors, start };
}

describe("HardwareMonitor", () => {
  it("measures at once, then at its interval, and no more after stop", async () => {
    const { clock, monitor, samples, start } = make();
    await start();
    await clock.advance(0);
    expect(samples).toHaveLength(1);
    await clock.advance(20_000);
    expect(samples.length).toBeGreaterThanOrEqual(10);
    expect(samples.length).toBeLessThanOrEqual(12);
    await monitor.stop();
    const count = samples.length;
    await clock.advance(20_000);
    expect(samples).toHaveLength(count);
  });

  it("tells of heat and of a weak supply, and of their end", async () => {
    const { clock, board, monitor, events, start } = make();
    await start();
    board.control.overheat();
    board.control.brownOut();
    await clock.advance(120_000);
    expect(events).toEqual(["hardware.voltage.low", "hardware.temperature.high"]);
    board.control.cool();
    board.control.restoreVoltage();
    await clock.advance(180_000);
    expect(events.slice(2)).toEqual(["hardware.voltage.normal", "hardware.temperature.normal"]);
    await monitor.stop();
  });

  it("tells of the end of what was wrong before a restart, once it was good for as long as it has to be", async () => {
    const { clock, monitor, events, start } = make(undefined, () => ["hot", "lowVoltage"]);
    await start();
    await clock.advance(5_000);
    expect(events).toEqual(["hardware.temperature.normal"]);
    await clock.advance(20_000);
    expect(events.slice(1)).toEqual(["hardware.voltage.normal"]);
    await monitor.stop();
  });

  it("never measures twice at once, however slow the machine is", async () => {
    let running = 0;
    let most = 0;
    const { clock, monitor, samples, start } = make((machine, clock) => ({
      detect: () => machine.detect(),
      async sample() {
        most = Math.max(most, ++running);
        await sleep(clock, 9_000);
        running--;
        return machine.sample();
      },
    }));
    await start();
    await clock.advance(60_000);
    await monitor.stop();
    expect(most).toBe(1);
    expect(samples.length).toBeGreaterThan(3);
  });

  it("goes on when the machine fails, and says so once", async () => {
    let broken = true;
    const { clock, monitor, samples, errors, start } = make((machine) => ({
      detect: () => machine.detect(),
      sample: () => (broken ? Promise.reject(new Error("bus error")) : machine.sample()),
    }));
    await start();
    await clock.advance(20_000);
    expect([samples.length, errors.length]).toEqual([0, 1]);
    broken = false;
    await clock.advance(4_000);
    expect(samples.length).toBeGreaterThan(0);
    await monitor.stop();
  });

  it("publishes nothing of a measurement that was under way when it stopped", async () => {
    const { clock, monitor, samples, start } = make((machine, clock) => ({
      detect: () => machine.detect(),
      async sample() {
        await sleep(clock, 1_000);
        return machine.sample();
      },
    }));
    await start();
    await clock.advance(500);
    await monitor.stop();
    await clock.advance(5_000);
    expect(samples).toEqual([]);
  });
});
