import { type FieldProblem, type GpioMode, MeshError, type ReservationRequest } from "@pi-controller/schema";

/** Modes whose pin this node drives. */
export function isDriven(mode: GpioMode): boolean {
  return mode.kind === "output" || mode.kind === "pwm";
}

/** What `keep` comes to: kept, unless said otherwise, when it is driven and stands until it is released. */
export function keepOf(request: Pick<ReservationRequest, "keep" | "mode" | "ttlMs">): boolean {
  return request.keep ?? (request.ttlMs === null && isDriven(request.mode));
}

/**
 * Rules over several fields of a request, which its schema does not say.
 *
 * @throws MeshError INVALID_ARGUMENT that names every wrong field
 */
export function validateRequest(request: Omit<ReservationRequest, "node">): void {
  const fields = problemsOf(request);
  if (fields.length === 0) return;
  const list = fields.map(({ field, message }) => `${field}: ${message}`);
  throw new MeshError("INVALID_ARGUMENT", `Invalid reservation: ${list.join("; ")}`, { fields });
}

function problemsOf({
  mode,
  onExpire,
  watchdogMs,
  keep,
}: Omit<ReservationRequest, "node">): readonly FieldProblem[] {
  const problems: FieldProblem[] = [];
  const what = mode.kind === "input" ? "an input" : mode.kind;
  if (!isDriven(mode)) {
    if (onExpire === "low" || onExpire === "high") {
      problems.push({ field: "onExpire", message: `expected input or hold: ${what} is not driven` });
    }
    if (watchdogMs !== null) {
      problems.push({
        field: "watchdogMs",
        message: `expected null: ${what} is not written, and would always expire`,
      });
    }
    if (keep === true) {
      problems.push({ field: "keep", message: `expected false: ${what} has no value that could be kept` });
    }
  }
  return problems;
}
