import { parseInput, type ReservationRequest, reservationRequestSchema } from "@pi-controller/schema";
import { kindOf } from "./resource.ts";

/** What is in the form of a reservation: numbers are text until they are sent. */
export interface ReservationDraft {
  readonly kind: "input" | "output" | "pwm";
  readonly name: string;
  readonly purpose: string;
  readonly namespace: string;
  readonly isLease: boolean;
  readonly ttlMs: string;
  readonly onExpire: string;
  readonly watchdogMs: string;
  readonly pull: string;
  readonly edges: string;
  readonly debounceMs: string;
  readonly activeLow: boolean;
  readonly drive: string;
  readonly initial: string;
  readonly method: string;
  readonly frequencyHz: string;
  readonly dutyPercent: string;
  readonly inverted: boolean;
  readonly priority: string;
  readonly preemptible: boolean;
  readonly preempt: boolean;
  readonly waitSeconds: string;
  readonly powerMilliwatts: string;
  readonly keep: "auto" | "yes" | "no";
}

export const emptyDraft: ReservationDraft = {
  kind: "output",
  name: "",
  purpose: "",
  namespace: "default",
  isLease: true,
  ttlMs: "60000",
  onExpire: "input",
  watchdogMs: "",
  pull: "none",
  edges: "both",
  debounceMs: "0",
  activeLow: false,
  drive: "push-pull",
  initial: "low",
  method: "auto",
  frequencyHz: "1000",
  dutyPercent: "0",
  inverted: false,
  priority: "0",
  preemptible: false,
  preempt: false,
  waitSeconds: "0",
  powerMilliwatts: "0",
  keep: "auto",
};

/** Fields beside which the form shows what is wrong with them; the rest is said above it. */
export const shownFields = [
  "name",
  "purpose",
  "namespace",
  "mode",
  "ttlMs",
  "onExpire",
  "watchdogMs",
  "priority",
  "waitMs",
  "powerMilliwatts",
  "keep",
] as const;

/**
 * The request that a form stands for.
 *
 * @throws MeshError INVALID_ARGUMENT that names the fields that are wrong
 */
export function requestOf(
  draft: ReservationDraft,
  place: { readonly node: string; readonly resource: string },
): ReservationRequest {
  const isPin = kindOf(place.resource) === "pin";
  const isDriven = isPin && draft.kind !== "input";
  const waitSeconds = numberIn(draft.waitSeconds);
  const body = {
    ...place,
    mode: isPin ? modeOf(draft) : { kind: kindOf(place.resource) },
    namespace: draft.namespace.trim(),
    ...(draft.name.trim() === "" ? {} : { name: draft.name.trim() }),
    purpose: draft.purpose.trim(),
    ttlMs: draft.isLease ? numberIn(draft.ttlMs) : null,
    onExpire: isDriven ? draft.onExpire : "input",
    watchdogMs: isDriven && draft.watchdogMs.trim() !== "" ? numberIn(draft.watchdogMs) : null,
    priority: numberIn(draft.priority),
    preemptible: draft.preemptible,
    preempt: draft.preempt,
    waitMs: typeof waitSeconds === "number" ? Math.round(waitSeconds * 1_000) : waitSeconds,
    powerMilliwatts: numberIn(draft.powerMilliwatts),
    ...(draft.keep === "auto" || !isDriven ? {} : { keep: draft.keep === "yes" }),
  };
  return parseInput(reservationRequestSchema, body, "reservation");
}

function modeOf(draft: ReservationDraft): object {
  if (draft.kind === "input") {
    const { pull, edges, activeLow } = draft;
    return { kind: "input", pull, edges, activeLow, debounceMs: numberIn(draft.debounceMs) };
  }
  if (draft.kind === "output") {
    const { drive, initial, activeLow } = draft;
    return { kind: "output", drive, initial, activeLow };
  }
  const percent = numberIn(draft.dutyPercent);
  return {
    kind: "pwm",
    method: draft.method,
    frequencyHz: numberIn(draft.frequencyHz),
    dutyCycle: typeof percent === "number" ? percent / 100 : percent,
    inverted: draft.inverted,
  };
}

/** What is no number stays text, so that it is refused as what it is. */
function numberIn(text: string): number | string {
  const number = Number(text);
  return text.trim() === "" || Number.isNaN(number) ? text : number;
}
