import {
  type Clock,
  jitter,
  type Logger,
  type Random,
  repeat,
  type Service,
  type Timer,
} from "@pi-controller/runtime";
import type { EventData, MetricsSample } from "@pi-controller/schema";
import {
  type AlarmState,
  type HardwareEvent,
  type HardwareEventType,
  nextAlarms,
  noAlarms,
} from "./alarms.ts";
import type { Machine } from "./machine.ts";

export interface HardwareMonitorComponents {
  readonly machine: Machine;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Takes every sample. */
  readonly publish: (sample: MetricsSample) => void;
  /** Takes what happened to this machine. */
  readonly emit: <Type extends HardwareEventType>(type: Type, data: EventData<Type>) => void;
}

export interface HardwareMonitorOptions {
  /** Asked again for every sample, as the interval may depend on the size of the mesh. */
  readonly intervalMs: () => number;
  /**
   * Alarms that were on when this process, or the machine, was restarted: asked at the start, and over when a
   * measurement says so. Left out: none.
   */
  readonly alarmsBefore?: () => readonly ("hot" | "lowVoltage")[];
}

/** So that peers that were started together do not measure, and then send, together. */
const JITTER_FRACTION = 0.1;

/** Measures this machine again and again, and tells when it gets too hot or its supply is too weak. */
export class HardwareMonitor implements Service {
  readonly name = "hardware-monitor";
  readonly #components: HardwareMonitorComponents;
  readonly #options: HardwareMonitorOptions;
  #alarms: AlarmState = noAlarms;
  #timer: Timer | undefined;
  /** Changes with every start and stop, so that a measurement from before is not published after. */
  #run = 0;
  #failing = false;

  constructor(components: HardwareMonitorComponents, options: HardwareMonitorOptions) {
    this.#components = components;
    this.#options = options;
  }

  /** The first sample follows at once, but `start` does not wait for it. */
  async start(): Promise<void> {
    this.#timer?.cancel();
    for (const alarm of this.#options.alarmsBefore?.() ?? []) {
      this.#alarms = { ...this.#alarms, [alarm]: true };
    }
    const run = ++this.#run;
    const { clock, random } = this.#components;
    let first = true;
    const nextMs = () => {
      if (!first) return jitter(random, this.#options.intervalMs(), JITTER_FRACTION);
      first = false;
      return 0;
    };
    this.#timer = repeat(
      clock,
      nextMs,
      () => this.#measure(run),
      (error) => this.#onFailure(error),
    );
  }

  async stop(): Promise<void> {
    this.#run++;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  async #measure(run: number): Promise<void> {
    const { machine, clock, publish, logger } = this.#components;
    const sample = await machine.sample();
    if (run !== this.#run) return;
    if (this.#failing) logger.info({}, "The machine can be measured again.");
    this.#failing = false;
    const { state, events } = nextAlarms(this.#alarms, sample, clock.monotonic());
    this.#alarms = state;
    publish(sample);
    for (const event of events) this.#emit(event);
  }

  #emit(event: HardwareEvent): void {
    this.#components.logger.warn({ event: event.type, ...event.data }, "The state of the board has changed.");
    this.#components.emit(event.type, event.data);
  }

  #onFailure(error: unknown): void {
    if (!this.#failing)
      this.#components.logger.error({ error }, "The machine cannot be measured; trying on.");
    this.#failing = true;
  }
}
