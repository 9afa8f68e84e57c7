import { pick, type Random, randomInteger } from "@pi-controller/runtime";
import { type NodeId, type ReservationRequest, reservationRequestSchema } from "@pi-controller/schema";

/** Few, so that there are several for each. The last one has PWM by hardware. */
const OUTPUTS = [17, 27];
const SIGNALS = [18];
const TTLS_MS = [500, 1_000, 2_000, 5_000, 10_000, 20_000] as const;
/** Whatever the frequency is: one in which all signals are exact. */
const FREQUENCY_HZ = 1_000;
const STEPS = 50_000;

/** Nobody waits in line for longer. */
export const MAX_WAIT_MS = 16_000;
/** Longest time for which anything stands that is neither renewed nor kept. */
export const LONGEST_TTL_MS = 20_000;

/** A claim on one of few pins, with terms of all kinds. */
export function somePinRequest(
  random: Random,
  node: NodeId,
): { readonly line: number; readonly request: ReservationRequest } {
  const line = pick(random, [...OUTPUTS, ...SIGNALS]) ?? 17;
  const chance = (share: number) => random.next() < share;
  const isSignal = SIGNALS.includes(line);
  const request = reservationRequestSchema.parse({
    node,
    resource: `GPIO${line}`,
    mode: isSignal
      ? { kind: "pwm", frequencyHz: FREQUENCY_HZ }
      : { kind: "output", initial: chance(0.3) ? "high" : "low" },
    ttlMs: chance(0.08) ? null : pick(random, TTLS_MS),
    onExpire: pick(random, ["input", "low", "high", "hold"] as const),
    ...(chance(0.1) ? { watchdogMs: 1_000 + randomInteger(random, 9_000) } : {}),
    ...(chance(0.3) ? { keep: chance(0.7) } : {}),
    ...(chance(0.2) ? { preemptible: true, priority: -10 } : {}),
    ...(chance(0.15) ? { preempt: true, priority: 10 } : {}),
    ...(chance(0.4) ? { waitMs: 1_000 + randomInteger(random, MAX_WAIT_MS - 1_000) } : {}),
  });
  return { line, request };
}

/** Duty cycle of the signal of this number; none of them stands still. */
export function signalOf(number: number): number {
  return number / STEPS;
}

/** Number of a signal; 0 and the last one are those that stand still. */
export function numberOf(dutyCycle: number): number | undefined {
  const number = Math.round(dutyCycle * STEPS);
  return number === 0 || number === STEPS ? undefined : number;
}

/** The number of the next signal, of which there were so many. */
export function signalNumber(before: number): number {
  return 1 + (before % (STEPS - 1));
}
