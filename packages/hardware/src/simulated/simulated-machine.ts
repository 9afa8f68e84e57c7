import { arch } from "node:os";
import { type Clock, type Random, randomInteger } from "@pi-controller/runtime";
import type { Board, MetricsSample, Throttling } from "@pi-controller/schema";
import type { Machine } from "../machine.ts";
import { type SimulatedBoard, type SimulatedBoardName, simulatedBoards } from "./boards.ts";
import { type BoardState, CAP_CELSIUS, initialState, STEP_MS, step, THROTTLE_CELSIUS } from "./physics.ts";

export interface SimulatedMachineComponents {
  readonly clock: Pick<Clock, "now" | "monotonic">;
  readonly random: Random;
}

export interface SimulatedMachineOptions {
  readonly board: SimulatedBoardName;
  readonly hostname: string;
}

/** What a test or a demonstration does to a simulated board. Takes effect over time, as it would. */
export interface SimulatedControl {
  /** Blocks its air: it passes 85 °C within a minute or so. */
  overheat(): void;
  cool(): void;
  /** Its power supply sags below what the firmware takes (4.63 V). */
  brownOut(): void;
  restoreVoltage(): void;
}

/** Above idle, enough for every board to pass 85 °C while idle and throttled. */
const OVERHEAT_CELSIUS = 60;
/** After a longer pause than this many steps the rest is skipped: the board has settled by then. */
const MAX_STEPS = 900;
const SIMULATED_DISK_USAGE = 0.21;

/** A Raspberry Pi that is not there. It moves with the clock and repeats itself for the same random seed. */
export function simulatedMachine(
  components: SimulatedMachineComponents,
  options: SimulatedMachineOptions,
): Machine & { readonly control: SimulatedControl } {
  return new SimulatedMachine(components, options);
}

class SimulatedMachine implements Machine {
  readonly control: SimulatedControl;
  readonly #clock: Pick<Clock, "now" | "monotonic">;
  readonly #random: Random;
  readonly #kind: SimulatedBoard;
  readonly #hostname: string;
  readonly #serial: string;
  #state: BoardState;
  /** Monotonic time that the state belongs to; undefined until somebody looks. */
  #steppedToMs: number | undefined;
  #sampled = false;

  constructor({ clock, random }: SimulatedMachineComponents, options: SimulatedMachineOptions) {
    this.#clock = clock;
    this.#random = random;
    this.#kind = simulatedBoards[options.board];
    this.#hostname = options.hostname;
    this.#serial = Array.from({ length: 8 }, () => randomInteger(random, 16).toString(16))
      .join("")
      .padStart(16, "10000000");
    this.#state = initialState(this.#kind.thermal, random);
    this.control = {
      overheat: () => this.#change({ extraHeatCelsius: OVERHEAT_CELSIUS }),
      cool: () => this.#change({ extraHeatCelsius: 0 }),
      brownOut: () =>
        this.#change({ underVoltage: true, underVoltageOccurred: true, throttledOccurred: true }),
      restoreVoltage: () => this.#change({ underVoltage: false }),
    };
  }

  async detect(): Promise<Board> {
    return structuredClone({
      ...this.#kind.board,
      serial: this.#serial,
      architecture: arch(),
      hostname: this.#hostname,
    });
  }

  async sample(): Promise<MetricsSample> {
    this.#catchUp();
    const state = this.#state;
    const first = !this.#sampled;
    this.#sampled = true;
    const { memoryBytes, storage } = this.#kind.board;
    const disk = storage.find(({ root }) => root)?.bytes ?? 0;
    return {
      time: new Date(this.#clock.now()).toISOString(),
      uptimeSeconds: state.uptimeMs / 1000,
      cpuUsage: first ? null : rounded(state.cpuUsage, 1000),
      load: [
        rounded(state.loadAverages[0], 100),
        rounded(state.loadAverages[1], 100),
        rounded(state.loadAverages[2], 100),
      ],
      memoryUsedBytes: Math.round(memoryBytes * state.memoryUsage),
      memoryTotalBytes: memoryBytes,
      diskUsedBytes: Math.round(disk * SIMULATED_DISK_USAGE),
      diskTotalBytes: disk,
      temperatureCelsius: rounded(state.temperatureCelsius, 10),
      throttling: throttlingOf(state, this.#kind.thermal.softLimitCelsius),
      network: [
        { name: this.#kind.networkInterface, receivedBytes: state.receivedBytes, sentBytes: state.sentBytes },
      ],
      processMemoryBytes: process.memoryUsage.rss(),
    };
  }

  #change(change: Partial<BoardState>): void {
    this.#catchUp();
    this.#state = { ...this.#state, ...change };
  }

  #catchUp(): void {
    const nowMs = this.#clock.monotonic();
    let fromMs = this.#steppedToMs ?? nowMs;
    const { thermal, board } = this.#kind;
    for (let steps = 0; fromMs + STEP_MS <= nowMs; steps++) {
      if (steps === MAX_STEPS) {
        this.#state = { ...this.#state, uptimeMs: this.#state.uptimeMs + nowMs - fromMs };
        fromMs = nowMs;
        break;
      }
      this.#state = step(this.#state, thermal, board.cpuCores, this.#random);
      fromMs += STEP_MS;
    }
    this.#steppedToMs = fromMs;
  }
}

/**
 * What the firmware would say: from 80 °C on the ARM clock is capped, from 85 °C on, or with too little
 * voltage, the board is throttled (Raspberry Pi documentation, "Frequency management and thermal control").
 */
function throttlingOf(state: BoardState, softLimitCelsius: number | null): Throttling {
  const { temperatureCelsius, underVoltage } = state;
  return {
    underVoltage,
    frequencyCapped: temperatureCelsius >= CAP_CELSIUS,
    throttled: underVoltage || temperatureCelsius >= THROTTLE_CELSIUS,
    softTemperatureLimit: softLimitCelsius !== null && temperatureCelsius >= softLimitCelsius,
    underVoltageOccurred: state.underVoltageOccurred,
    throttledOccurred: state.throttledOccurred,
  };
}

function rounded(value: number, steps: number): number {
  return Math.round(value * steps) / steps;
}
