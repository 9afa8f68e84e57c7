import type { Clock, Logger } from "@pi-controller/runtime";
import { applyBoardFaults, type BoardFault, boardFaults, parseBoardFaults } from "./board-faults.ts";
import type { SimulatedControl } from "./simulated-machine.ts";
import { WatchedFile } from "./watched-file.ts";

export interface FaultFileComponents {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly control: SimulatedControl;
}

export interface FaultFileOptions {
  /** Path of the file; it need not exist. */
  readonly file: string;
}

const LOOK_INTERVAL_MS = 500;
/** It holds a few words. */
const MAX_BYTES = 1_024;

/**
 * Lets somebody outside the process tell a simulated board to overheat or to brown out: by writing the faults
 * into a file. Without the file, or with an empty one, the board is well.
 */
export function faultFile(
  { clock, logger, control }: FaultFileComponents,
  { file }: FaultFileOptions,
): WatchedFile {
  return new WatchedFile(
    { clock, logger },
    {
      name: "simulated-faults",
      file,
      intervalMs: LOOK_INTERVAL_MS,
      maxBytes: MAX_BYTES,
      onText(text) {
        const { faults, unknown } = parseBoardFaults(text);
        if (unknown.length > 0) {
          logger.warn(
            { file, unknown },
            `There are no such faults of a simulated board; there are ${boardFaults.join(" and ")}`,
          );
        }
        applyBoardFaults(control, faults);
        logger.info({ faults: [...faults] }, told(faults));
      },
    },
  );
}

function told(faults: ReadonlySet<BoardFault>): string {
  return faults.size === 0 ? "The simulated board is well" : "The simulated board was given faults";
}
