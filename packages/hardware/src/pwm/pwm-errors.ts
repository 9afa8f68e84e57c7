import { MeshError } from "@pi-controller/schema";
import type { PwmOutput } from "./pwm-driver.ts";

/** What the adapters of `PwmDriver` say in the same words. */

export function pwmNotStarted(): MeshError {
  return new MeshError("FAILED_PRECONDITION", "PWM is not started");
}

export function otherMethod(line: number, held: PwmOutput["method"], wanted: PwmOutput["method"]): MeshError {
  return new MeshError(
    "FAILED_PRECONDITION",
    `GPIO${line} has a PWM signal by ${held}: that has to end before one by ${wanted} can begin`,
  );
}

/** Waits for all signals that are being ended. @throws AggregateError of those that could not be */
export async function allEnded(endings: readonly Promise<void>[]): Promise<void> {
  const results = await Promise.allSettled(endings);
  const failed = results.flatMap((result) =>
    result.status === "rejected" ? [result.reason as unknown] : [],
  );
  if (failed.length > 0) throw new AggregateError(failed, "Not every PWM signal could be ended");
}
