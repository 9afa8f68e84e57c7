import { mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const CONFIGURATION = "/sys/kernel/config/gpio-sim";
const DEVICES = "/sys/devices/platform";

/** Labels that kernels give to the chip of the header: up to the Pi 4, and the Pi 5. */
export const HEADER_LABELS = { pi4: "pinctrl-bcm2711", pi5: "pinctrl-rp1" } as const;

export interface ChipOptions {
  /** Of its directory in configfs; no two chips share one. */
  readonly name: string;
  /** What programs see: they find the chip by it. */
  readonly label: string;
  readonly lines: number;
  /** Names of the first lines, in their order. */
  readonly lineNames: readonly string[];
}

/**
 * A GPIO chip of the kernel's gpio-sim driver, and the far ends of its wires. Only in the guest of the kernel tests.
 *
 * @see https://www.kernel.org/doc/html/latest/admin-guide/gpio/gpio-sim.html
 */
export class SimulatedChip {
  readonly #name: string;
  readonly #attributes: string;
  /** Of its character device. */
  readonly path: string;

  private constructor(name: string) {
    const chip = readText(join(CONFIGURATION, name, "bank", "chip_name"));
    this.#name = name;
    this.#attributes = join(DEVICES, readText(join(CONFIGURATION, name, "dev_name")), chip);
    this.path = `/dev/${chip}`;
  }

  /** Makes a chip, which is there once this returns. */
  static create({ name, label, lines, lineNames }: ChipOptions): SimulatedChip {
    const bank = join(CONFIGURATION, name, "bank");
    mkdirSync(bank, { recursive: true });
    writeFileSync(join(bank, "num_lines"), String(lines));
    writeFileSync(join(bank, "label"), label);
    lineNames.forEach((lineName, line) => {
      mkdirSync(join(bank, `line${line}`));
      writeFileSync(join(bank, `line${line}`, "name"), lineName);
    });
    writeFileSync(join(CONFIGURATION, name, "live"), "1");
    return new SimulatedChip(name);
  }

  /**
   * The chip that was made with a label.
   *
   * @throws Error when there is none, for instance outside the guest
   */
  static withLabel(label: string): SimulatedChip {
    const name = readdirSync(CONFIGURATION).find(
      (candidate) => readText(join(CONFIGURATION, candidate, "bank", "label")) === label,
    );
    if (name === undefined) throw new Error(`There is no simulated GPIO chip labelled ${label}`);
    return new SimulatedChip(name);
  }

  /** Moves the wire of an input: what pulls it from outside. Without effect on what an output drives. */
  setPull(line: number, pull: "pull-up" | "pull-down"): void {
    writeFileSync(this.#attribute(line, "pull"), pull);
  }

  /** The level of the wire: of an output what it drives, of an input what pulls it. */
  readValue(line: number): 0 | 1 {
    return readText(this.#attribute(line, "value")) === "1" ? 1 : 0;
  }

  /** Takes the chip away, as unplugging one does. Programs that hold a line get ENODEV from then on. */
  remove(): void {
    const directory = join(CONFIGURATION, this.#name);
    writeFileSync(join(directory, "live"), "0");
    const bank = join(directory, "bank");
    for (const entry of readdirSync(bank)) {
      if (entry.startsWith("line")) rmdirSync(join(bank, entry));
    }
    rmdirSync(bank);
    rmdirSync(directory);
  }

  #attribute(line: number, name: "pull" | "value"): string {
    return join(this.#attributes, `sim_gpio${line}`, name);
  }
}

function readText(path: string): string {
  return readFileSync(path, "utf8").trim();
}
