import { constants } from "node:fs";
import { access, readFile, writeFile } from "node:fs/promises";
import { type Clock, sleep } from "@pi-controller/runtime";
import { MeshError } from "@pi-controller/schema";
import { type SysfsPwmState, writesBetween } from "./sysfs-plan.ts";

export interface SysfsChannelComponents {
  readonly clock: Clock;
}

export interface SysfsChannelOptions {
  /** Folder of the controller, as `/sys/class/pwm/pwmchip0`. */
  readonly chip: string;
  readonly number: number;
}

/** udev makes the files of a channel writable for its group some time after they have appeared. */
const WRITABLE_DEADLINE_MS = 2_000;
const LOOK_INTERVAL_MS = 20;

const PERMISSION_HINT =
  "the user of this process must be in the group gpio, and a udev rule must give that group the files of PWM (see firmware-notes)";

/** One channel of a PWM controller in sysfs. Its calls must not overlap. */
export class SysfsChannel {
  readonly #clock: Clock;
  readonly #options: SysfsChannelOptions;
  readonly #folder: string;

  constructor({ clock }: SysfsChannelComponents, options: SysfsChannelOptions) {
    this.#clock = clock;
    this.#options = options;
    this.#folder = `${options.chip}/pwm${options.number}`;
  }

  /**
   * Makes the kernel show the channel's files. One that is shown already is taken over: sysfs knows no owners, and it
   * may be what a process of ours left when it was killed.
   *
   * @throws MeshError FAILED_PRECONDITION when a driver of the kernel uses the channel, or files may not be written
   */
  async open(): Promise<void> {
    if (!(await this.#exists())) {
      try {
        await this.#write(`${this.#options.chip}/export`, String(this.#options.number));
      } catch (error) {
        // Between the look and the write somebody else may have done it.
        if (!(await this.#exists())) throw error;
      }
    }
    await this.#writable();
  }

  /** @returns what the kernel says that it has become */
  async apply(wanted: SysfsPwmState): Promise<SysfsPwmState> {
    for (const { file, value } of writesBetween(await this.read(), wanted)) {
      await this.#write(`${this.#folder}/${file}`, value);
    }
    return this.read();
  }

  /** Ends the signal, with the pin off, and gives the channel back. Not open: nothing happens. */
  async close(): Promise<void> {
    if (!(await this.#exists())) return;
    const state = await this.read();
    // A controller that is stopped within a period may leave the pin as it was at that moment.
    if (state.dutyNs !== 0) await this.#write(`${this.#folder}/duty_cycle`, "0");
    if (state.enabled) await this.#write(`${this.#folder}/enable`, "0");
    await this.#write(`${this.#options.chip}/unexport`, String(this.#options.number));
  }

  async read(): Promise<SysfsPwmState> {
    const [period, duty, polarity, enable] = await Promise.all(
      ["period", "duty_cycle", "polarity", "enable"].map((file) => this.#text(`${this.#folder}/${file}`)),
    );
    return {
      periodNs: Number(period),
      dutyNs: Number(duty),
      inverted: polarity === "inversed",
      enabled: enable === "1",
    };
  }

  async #exists(): Promise<boolean> {
    return this.#may(this.#folder, constants.F_OK);
  }

  async #writable(): Promise<void> {
    const deadlineMs = this.#clock.monotonic() + WRITABLE_DEADLINE_MS;
    const files = ["period", "duty_cycle", "polarity", "enable"].map((file) => `${this.#folder}/${file}`);
    for (;;) {
      const each = await Promise.all(files.map((file) => this.#may(file, constants.R_OK | constants.W_OK)));
      if (each.every((may) => may)) return;
      if (this.#clock.monotonic() >= deadlineMs) {
        throw new MeshError(
          "FAILED_PRECONDITION",
          `The files in ${this.#folder} may not be written: ${PERMISSION_HINT}`,
        );
      }
      await sleep(this.#clock, LOOK_INTERVAL_MS);
    }
  }

  async #may(path: string, mode: number): Promise<boolean> {
    return access(path, mode).then(
      () => true,
      () => false,
    );
  }

  async #text(path: string): Promise<string> {
    try {
      return (await readFile(path, "utf8")).trim();
    } catch (error) {
      throw sysfsError(error, path);
    }
  }

  async #write(path: string, value: string): Promise<void> {
    try {
      // Neither created, since one that is missing is a channel that is gone, nor read: `export` cannot be.
      await writeFile(path, value, { flag: constants.O_WRONLY });
    } catch (error) {
      throw sysfsError(error, path, value);
    }
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}

/** @returns what an error of the kernel means to who asked for a signal */
function sysfsError(error: unknown, path: string, value?: string): MeshError {
  const options = { cause: error };
  switch (codeOf(error)) {
    case "EACCES":
    case "EPERM":
      return new MeshError("FAILED_PRECONDITION", `${path} may not be used: ${PERMISSION_HINT}`, {}, options);
    case "EBUSY":
      return new MeshError(
        "FAILED_PRECONDITION",
        `The kernel says that the PWM channel of ${path} is in use: by one of its drivers, such as that of a fan or of audio, or by another process`,
        {},
        options,
      );
    case "EINVAL":
    case "ERANGE":
    case "EOPNOTSUPP":
      return new MeshError(
        "OUT_OF_RANGE",
        `The PWM hardware does not take ${value ?? "that"} for ${path}`,
        {},
        options,
      );
    default:
      return new MeshError("UNAVAILABLE", `PWM fails at ${path}: ${codeOf(error) || "unknown"}`, {}, options);
  }
}
