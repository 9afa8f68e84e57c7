import type { Clock, Logger, Service } from "@pi-controller/runtime";
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
export class PinFile implements Service {
  readonly name = "simulated-pins";
  readonly #components: PinFileComponents;
  readonly #options: PinFileOptions;
  readonly #watched: WatchedFile;
  #scene = calmScene;

  constructor(components: PinFileComponents, options: PinFileOptions) {
    this.#components = components;
    this.#options = options;
    this.#watched = new WatchedFile(components, {
      file: options.file,
      intervalMs: LOOK_INTERVAL_MS,
      maxBytes: MAX_BYTES,
      onText: (text) => this.#apply(text),
    });
  }

  async start(): Promise<void> {
    await this.#watched.start();
  }

  /** Wires stay as the file left them. */
  async stop(): Promise<void> {
    this.#watched.stop();
  }

  /** Reads the file and does what it says, when that has changed. Never throws. */
  async look(): Promise<void> {
    await this.#watched.look();
  }

  #apply(text: string): void {
    const { pins, logger } = this.#components;
    const { scene, unknown } = parsePinScene(text, pins.lines);
    if (unknown.length > 0) {
      logger.warn(
        { file: this.#options.file, unknown },
        `These lines say nothing about simulated pins; expected lines such as ${pinSceneForms.join(", ")}`,
      );
    }
    applyPinScene(pins, this.#scene, scene);
    this.#scene = scene;
  }
}
