import { join } from "node:path";
import { faultFile, linuxMachine, type Machine, simulatedMachine } from "@pi-controller/hardware";
import type { Clock, Logger, Random, Service } from "@pi-controller/runtime";
import type { Config } from "./config/config.ts";

const SIMULATED_BOARD = /^simulated-(.+)$/;
/** In the data directory of a peer with a simulated board: what that board is to suffer from. */
const FAULT_FILE = "board-faults";

/**
 * The machine that this peer measures: the one it runs on, or the simulated one that was asked for.
 *
 * @returns with it, what else has to run for it
 */
export function createMachine(
  components: { readonly clock: Clock; readonly random: Random; readonly logger: Logger },
  config: Pick<Config, "board" | "name" | "dataDir">,
): { readonly machine: Machine; readonly services: readonly Service[] } {
  const [, board] = SIMULATED_BOARD.exec(config.board) ?? [];
  if (board === undefined) return { machine: linuxMachine(components), services: [] };
  const machine = simulatedMachine(components, { board: board as SimulatedBoard, hostname: config.name });
  const faults = faultFile(
    { ...components, control: machine.control },
    { file: join(config.dataDir, FAULT_FILE) },
  );
  return { machine, services: [faults] };
}

type SimulatedBoard = Parameters<typeof simulatedMachine>[1]["board"];
