import { linuxMachine, type Machine, simulatedMachine } from "@pi-controller/hardware";
import type { Clock, Logger, Random } from "@pi-controller/runtime";
import type { Config } from "./config/config.ts";

const SIMULATED_BOARD = /^simulated-(.+)$/;

/** The machine that this peer measures: the one it runs on, or the simulated one that was asked for. */
export function createMachine(
  components: { readonly clock: Clock; readonly random: Random; readonly logger: Logger },
  config: Pick<Config, "board" | "name">,
): Machine {
  const [, board] = SIMULATED_BOARD.exec(config.board) ?? [];
  if (board === undefined) return linuxMachine(components);
  return simulatedMachine(components, { board: board as SimulatedBoard, hostname: config.name });
}

type SimulatedBoard = Parameters<typeof simulatedMachine>[1]["board"];
