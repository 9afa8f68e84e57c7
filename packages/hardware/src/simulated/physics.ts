import { type Random, randomInteger } from "@pi-controller/runtime";
import type { ThermalModel } from "./boards.ts";

/** What moves in a simulated board. */
export interface BoardState {
  /** 0 to 1. */
  readonly cpuUsage: number;
  /** Where the usage drifts back to. */
  readonly cpuBaseline: number;
  /** Until when a burst of work lasts, in ms since the board started; 0 when there is none. */
  readonly burstUntilMs: number;
  readonly loadAverages: readonly [number, number, number];
  readonly temperatureCelsius: number;
  /** Share of memory in use, 0 to 1. */
  readonly memoryUsage: number;
  readonly receivedBytes: number;
  readonly sentBytes: number;
  readonly uptimeMs: number;
  readonly underVoltage: boolean;
  readonly underVoltageOccurred: boolean;
  readonly throttledOccurred: boolean;
  /** Heat from outside, in degrees above the usual surroundings. */
  readonly extraHeatCelsius: number;
}

/** The firmware caps the ARM cores from here on. Raspberry Pi documentation, "Frequency management". */
export const CAP_CELSIUS = 80;
/** And slows down everything here. Same source. */
export const THROTTLE_CELSIUS = 85;

/** One step of the simulation, in ms: short against every thermal time constant. */
export const STEP_MS = 1_000;
const BURSTS_PER_MINUTE = 0.7;
const MEMORY_DRIFT = 0.002;

export function initialState(thermal: ThermalModel, random: Random): BoardState {
  const cpuBaseline = 0.04 + 0.12 * random.next();
  return {
    cpuUsage: cpuBaseline,
    cpuBaseline,
    burstUntilMs: 0,
    loadAverages: [cpuBaseline, cpuBaseline, cpuBaseline],
    temperatureCelsius: thermal.idleCelsius + 4 * random.next(),
    memoryUsage: 0.2 + 0.25 * random.next(),
    receivedBytes: randomInteger(random, 200_000_000),
    sentBytes: randomInteger(random, 50_000_000),
    uptimeMs: 60_000 + randomInteger(random, 3_600_000),
    underVoltage: false,
    underVoltageOccurred: false,
    throttledOccurred: false,
    extraHeatCelsius: 0,
  };
}

/** The board `STEP_MS` later. */
export function step(state: BoardState, thermal: ThermalModel, cpuCores: number, random: Random): BoardState {
  const uptimeMs = state.uptimeMs + STEP_MS;
  const starts = state.burstUntilMs <= uptimeMs && random.next() < (BURSTS_PER_MINUTE * STEP_MS) / 60_000;
  const burstUntilMs = starts ? uptimeMs + 5_000 + randomInteger(random, 25_000) : state.burstUntilMs;
  const target = burstUntilMs > uptimeMs ? 0.85 : state.cpuBaseline;
  const cpuUsage = clamp(
    state.cpuUsage + 0.35 * (target - state.cpuUsage) + 0.06 * (random.next() - 0.5),
    0,
    1,
  );
  const temperatureCelsius = nextTemperature(state, thermal, cpuUsage);
  const slowed = state.underVoltage || temperatureCelsius >= THROTTLE_CELSIUS;
  return {
    ...state,
    cpuUsage,
    burstUntilMs,
    // The kernel's load averages fall to 1/e over their time.
    loadAverages: [
      averaged(state.loadAverages[0], cpuUsage * cpuCores, 60_000),
      averaged(state.loadAverages[1], cpuUsage * cpuCores, 300_000),
      averaged(state.loadAverages[2], cpuUsage * cpuCores, 900_000),
    ],
    temperatureCelsius,
    memoryUsage: clamp(state.memoryUsage + MEMORY_DRIFT * (random.next() - 0.5), 0.1, 0.9),
    receivedBytes: state.receivedBytes + Math.floor(2_000 + 400_000 * cpuUsage * random.next()),
    sentBytes: state.sentBytes + Math.floor(2_000 + 150_000 * cpuUsage * random.next()),
    uptimeMs,
    underVoltageOccurred: state.underVoltageOccurred || state.underVoltage,
    throttledOccurred: state.throttledOccurred || slowed,
  };
}

/** Newton's law of cooling towards where the load would end, with what throttling takes off the load. */
function nextTemperature(state: BoardState, thermal: ThermalModel, cpuUsage: number): number {
  const { temperatureCelsius } = state;
  const overCap = (temperatureCelsius - CAP_CELSIUS) / (THROTTLE_CELSIUS - CAP_CELSIUS);
  const speed = 1 - 0.5 * clamp(overCap, 0, 1);
  const rise = (thermal.busyCelsius - thermal.idleCelsius) * cpuUsage * speed;
  const settlesAt = thermal.idleCelsius + rise + state.extraHeatCelsius;
  const change = (settlesAt - temperatureCelsius) * (1 - Math.exp(-STEP_MS / thermal.timeConstantMs));
  return temperatureCelsius + change;
}

function averaged(average: number, value: number, timeConstantMs: number): number {
  return average + (value - average) * (1 - Math.exp(-STEP_MS / timeConstantMs));
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(Math.max(value, least), most);
}
