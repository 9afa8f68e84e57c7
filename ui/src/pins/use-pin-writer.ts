import { type GpioValue, type GpioView, MeshError } from "@pi-controller/schema";
import { useRef, useState } from "preact/hooks";
import { fieldsOf } from "../forms/submission.ts";
import { useSession } from "../session/session-context.ts";
import { LatestWrite } from "./latest-write.ts";

export interface PinWriter {
  /** What was asked for and is not yet answered; null when nothing is. */
  readonly wanted: GpioValue | null;
  readonly error: MeshError | null;
  /** What is wrong with a field of the value. */
  readonly problemOf: (field: string) => string | undefined;
  readonly write: (value: GpioValue) => void;
}

/**
 * Writes to a pin that the user holds, the newest value last.
 *
 * @param applyWithinMs for how long a value is kept for an owner that is away; null while it is there
 */
export function usePinWriter(view: GpioView, applyWithinMs: number | null, onChanged: () => void): PinWriter {
  const { client } = useSession();
  const [wanted, setWanted] = useState<GpioValue | null>(null);
  const [error, setError] = useState<MeshError | null>(null);
  // The writer outlives a render; what it writes with is that of the newest one.
  const now = useRef({ view, applyWithinMs, onChanged });
  now.current = { view, applyWithinMs, onChanged };
  const writer = useRef<LatestWrite<GpioValue>>(null);
  writer.current ??= new LatestWrite(async (value: GpioValue) => {
    const { view: held, applyWithinMs: keptMs, onChanged: tell } = now.current;
    const within = keptMs === null ? {} : { applyWithinMs: keptMs };
    try {
      await client.gpio.write(held.id, { token: held.token ?? "", value, ...within });
      setError(null);
      tell();
    } catch (caught) {
      if (!(caught instanceof MeshError)) throw caught;
      setError(caught);
    }
  });
  const latest = writer.current;
  return {
    wanted,
    error,
    problemOf: (field) =>
      fieldsOf(error).find((problem) => problem.field === field || problem.field === `value.${field}`)
        ?.message,
    write(value) {
      setWanted(value);
      void latest.want(value).then(() => setWanted(null));
    },
  };
}
