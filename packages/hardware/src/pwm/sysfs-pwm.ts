import { join } from "node:path";
import type { Clock } from "@pi-controller/runtime";
import { MeshError } from "@pi-controller/schema";
import type { PwmPin } from "../header/header.ts";
import { FileTree } from "../linux/file-tree.ts";
import { SerialQueue } from "../serial-queue.ts";
import { channelNumber, findHeaderPwmChip } from "./header-chip.ts";
import { PwmClaims } from "./pwm-claims.ts";
import type { PwmDriver, PwmOutput, PwmSetting } from "./pwm-driver.ts";
import { allEnded, pwmNotStarted } from "./pwm-errors.ts";
import { SysfsChannel } from "./sysfs-channel.ts";
import { settingOf, stateOf } from "./sysfs-plan.ts";

export interface SysfsPwmComponents {
  readonly clock: Clock;
}

export interface SysfsPwmOptions {
  /** The pins of the header that have PWM. */
  readonly pins: readonly PwmPin[];
  /** Name of the controller on a machine that is no Raspberry Pi, as `pwmchip0`; left out: that of the header. */
  readonly chip?: string;
  /** Where the files of the machine begin; `/` unless a test says otherwise. */
  readonly root?: string;
}

/**
 * The range that is told. Both kinds of controller divide a clock by 32 bits: that of the RP1 has 50 MHz (rp1.dtsi),
 * that of the BCM2835 what the overlay sets, 100 MHz by itself; at 5 MHz ten steps of a duty cycle are left.
 */
const MIN_FREQUENCY_HZ = 0.1;
const MAX_FREQUENCY_HZ = 5_000_000;
const MAX_WAITING = 256;

/** PWM by the hardware of the board, through the kernel's sysfs interface. */
export function sysfsPwm(components: SysfsPwmComponents, options: SysfsPwmOptions): PwmDriver {
  return new SysfsPwm(components, options);
}

class SysfsPwm implements PwmDriver {
  readonly name = "sysfs-pwm";
  readonly #components: SysfsPwmComponents;
  readonly #options: SysfsPwmOptions;
  readonly #queue = new SerialQueue(MAX_WAITING);
  readonly #channels = new Map<number, SysfsChannel>();
  #outputs: readonly PwmOutput[] = [];
  #folder = "";
  /** Undefined while it is stopped, or there is nothing to drive. */
  #claims: PwmClaims | undefined;
  /** Whether it was started, and found no controller. */
  #isOff = false;

  constructor(components: SysfsPwmComponents, options: SysfsPwmOptions) {
    this.#components = components;
    this.#options = options;
  }

  /** Finds the controller. One that is off is no error: there are no outputs then, and `set` says how to turn it on. */
  async start(): Promise<void> {
    const { pins, chip: wanted = "", root = "/" } = this.#options;
    const chip = await findHeaderPwmChip(new FileTree(root), wanted);
    if (chip === undefined) {
      this.#isOff = true;
      this.#outputs = [];
      this.#claims = undefined;
      return;
    }
    this.#folder = join(root, "sys/class/pwm", chip.name);
    this.#outputs = pins
      .filter((pin) => channelNumber(pin) < chip.channels && (chip.connected?.has(pin.gpio) ?? true))
      .map(({ gpio, channel }) => ({
        line: gpio,
        method: "hardware",
        channel,
        minFrequencyHz: MIN_FREQUENCY_HZ,
        maxFrequencyHz: MAX_FREQUENCY_HZ,
        fixedFunction: true,
      }));
    this.#claims = new PwmClaims(this.#outputs);
  }

  /** Ends all signals. */
  async stop(): Promise<void> {
    await this.#queue.run(async () => {
      const claims = this.#claims;
      this.#claims = undefined;
      this.#isOff = false;
      const lines = claims?.allHeld().map(({ line }) => line) ?? [];
      await allEnded(lines.map((line) => this.#close(line)));
    });
  }

  outputs(): readonly PwmOutput[] {
    return this.#outputs;
  }

  async set(line: number, method: PwmOutput["method"], setting: PwmSetting): Promise<PwmSetting> {
    return this.#queue.run(async () => {
      const claims = this.#started();
      const output = claims.check(line, method, setting);
      const held = this.#channels.get(line);
      if (held !== undefined) return settingOf(await held.apply(stateOf(setting)));
      const channel = this.#channelOf(output);
      await channel.open();
      try {
        const became = await channel.apply(stateOf(setting));
        this.#channels.set(line, channel);
        claims.hold(output);
        return settingOf(became);
      } catch (error) {
        // What never began has nothing to end: it must not keep the channel from others.
        await channel.close();
        throw error;
      }
    });
  }

  async end(line: number, leave: "off" | "as-is" = "off"): Promise<void> {
    await this.#queue.run(async () => {
      const claims = this.#started();
      if (claims.held(line) === undefined) return;
      // What is not closed goes on in the kernel, until somebody sets the channel again.
      if (leave === "as-is") this.#channels.delete(line);
      else await this.#close(line);
      claims.release(line);
    });
  }

  async #close(line: number): Promise<void> {
    await this.#channels.get(line)?.close();
    this.#channels.delete(line);
  }

  #channelOf(output: PwmOutput): SysfsChannel {
    return new SysfsChannel(this.#components, { chip: this.#folder, number: channelNumber(output) });
  }

  #started(): PwmClaims {
    if (this.#claims === undefined) throw this.#isOff ? pwmOff() : pwmNotStarted();
    return this.#claims;
  }
}

function pwmOff(): MeshError {
  return new MeshError(
    "FAILED_PRECONDITION",
    "The PWM of the header is off: put dtoverlay=pwm-2chan into config.txt and restart (see firmware-notes)",
  );
}
