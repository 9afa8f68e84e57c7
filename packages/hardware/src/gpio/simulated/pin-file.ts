import type { Clock, Logger } from "@pi-controller/runtime";
import { WatchedFile } from "../../simulated/watched-file.ts";
import { applyPinScene } from "./apply-pin-scene.ts";
import { calmScene, parsePinScene, pinSceneForms } from "./pin-scene.ts";
import type { SimulatedPins } from "./simulated-pins.ts";

export interface PinFileComponents {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly pins: SimulatedPins;
}

export interface PinFileOptions {
  /** Path of the file; it need not exist. */
  readonly file: string;
}

const LOOK_INTERVAL_MS = 200;
const MAX_BYTES = 8_192;

/**
 * Lets somebody outside the process move the wires of a simulated header, by writing what is the matter there into a
 * file. What the file says holds for as long as it says so; without it, or with an empty one, all wires float.
 */
export function pinFile({ clock, logger, pins }: PinFileComponents, { file }: PinFileOptions): WatchedFile {
  let before = calmScene;
  return new WatchedFile(
    { clock, logger },
    {
      name: "simulated-pins",
      file,
      intervalMs: LOOK_INTERVAL_MS,
      maxBytes: MAX_BYTES,
      onText(text) {
        const { scene, unknown } = parsePinScene(text, pins.lines);
        if (unknown.length > 0) {
          logger.warn(
            { file, unknown },
            `These lines say nothing about simulated pins; expected lines such as ${pinSceneForms.join(", ")}`,
          );
        }
        applyPinScene(pins, before, scene);
        before = scene;
      },
    },
  );
}
