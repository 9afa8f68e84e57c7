import type { EventData, EventType, MetricsSample } from "@pi-controller/schema";

export type HardwareEventType = Extract<EventType, `hardware.${string}`>;

/** An event of this machine, with what it carries. */
export type HardwareEvent = {
  readonly [Type in HardwareEventType]: { readonly type: Type; readonly data: EventData<Type> };
}[HardwareEventType];

/** Which alarms are on, and since when the voltage has been good. */
export interface AlarmState {
  readonly hot: boolean;
  readonly lowVoltage: boolean;
  /** Monotonic time of the first good reading after a bad one, in ms; null while it is bad. */
  readonly voltageGoodSinceMs: number | null;
}

export const noAlarms: AlarmState = { hot: false, lowVoltage: false, voltageGoodSinceMs: null };

/** The firmware starts to slow the board down here (Raspberry Pi documentation, "Frequency management"). */
export const HIGH_CELSIUS = 80;
/** Well below, so that a board that hovers at the limit gives one event and not one a second. */
export const NORMAL_CELSIUS = 75;
/** A weak supply sags with every peak of load: it is good again when it was for this long. */
export const VOLTAGE_SETTLES_MS = 10_000;

/**
 * What a new sample changes.
 *
 * @param nowMs monotonic time
 * @returns the alarms from now on, and the events that tell of what changed. A value that could not be
 *   measured changes nothing.
 */
export function nextAlarms(
  state: AlarmState,
  sample: Pick<MetricsSample, "temperatureCelsius" | "throttling">,
  nowMs: number,
): { readonly state: AlarmState; readonly events: readonly HardwareEvent[] } {
  const events: HardwareEvent[] = [];
  const celsius = sample.temperatureCelsius;
  const hot = celsius === null ? state.hot : celsius >= (state.hot ? NORMAL_CELSIUS : HIGH_CELSIUS);
  if (celsius !== null && hot !== state.hot) {
    events.push({
      type: hot ? "hardware.temperature.high" : "hardware.temperature.normal",
      data: { celsius },
    });
  }
  const voltage = nextVoltage(state, sample.throttling?.underVoltage, nowMs);
  if (voltage.lowVoltage !== state.lowVoltage) {
    events.push({ type: voltage.lowVoltage ? "hardware.voltage.low" : "hardware.voltage.normal", data: {} });
  }
  return { state: { hot, ...voltage }, events };
}

function nextVoltage(
  { lowVoltage, voltageGoodSinceMs }: AlarmState,
  underVoltage: boolean | undefined,
  nowMs: number,
): Omit<AlarmState, "hot"> {
  if (underVoltage === true) return { lowVoltage: true, voltageGoodSinceMs: null };
  if (underVoltage === undefined || !lowVoltage) return { lowVoltage, voltageGoodSinceMs };
  const goodSinceMs = voltageGoodSinceMs ?? nowMs;
  const settled = nowMs - goodSinceMs >= VOLTAGE_SETTLES_MS;
  return { lowVoltage: !settled, voltageGoodSinceMs: settled ? null : goodSinceMs };
}
