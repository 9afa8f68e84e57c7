import type { Header } from "@pi-controller/hardware";
import { type Board, MeshError } from "@pi-controller/schema";

/** Which pins the buses of a board take, by bus (`i2c-1`, `spi-0`). */
export interface BusPinsOfBoard {
  /** The bus that is on and uses this pin. */
  using(gpio: number): string | undefined;
  /**
   * Pins that all devices of a bus use. None for a bus of a machine whose header is not known.
   *
   * @throws MeshError FAILED_PRECONDITION for a bus that is not led to the header, or is kept for something on the
   *   board: on a Pi 5, `spi-10` carries the firmware, and `i2c-13` a display
   */
  sharedPins(bus: string): readonly number[];
  chipSelect(bus: string, index: number): number | undefined;
}

export function busPins(header: Header, board: Pick<Board, "i2cBuses" | "spiDevices">): BusPinsOfBoard {
  const inUse = new Map<number, string>();
  for (const { bus, shared, chipSelects } of header.buses) {
    const selects = chipSelects.filter((_gpio, index) =>
      board.spiDevices.includes(`${bus.slice("spi-".length)}.${index}`),
    );
    const isOn = bus.startsWith("i2c-")
      ? board.i2cBuses.includes(Number(bus.slice("i2c-".length)))
      : selects.length > 0;
    if (isOn) for (const gpio of [...shared, ...selects]) inUse.set(gpio, bus);
  }
  const find = (bus: string) => header.buses.find((one) => one.bus === bus);
  return {
    using: (gpio) => inUse.get(gpio),
    sharedPins(bus) {
      if (header.places.length === 0) return [];
      const shared = find(bus)?.shared;
      if (shared === undefined) throw notThere(`${bus} is not on the header: something on the board uses it`);
      const kept = header.places.find(
        ({ gpio, reservedFor }) => gpio !== null && shared.includes(gpio) && reservedFor !== null,
      );
      if (kept !== undefined) throw notThere(`${bus} is kept for ${kept.reservedFor}`);
      return shared;
    },
    chipSelect: (bus, index) => find(bus)?.chipSelects[index],
  };
}

/** What makes a bus give back its pins. Source: /boot/firmware/overlays/README of the Raspberry Pi firmware. */
export function turnOff(bus: string): string {
  return `${lineOf(bus, "off")} in /boot/firmware/config.txt and restart`;
}

/** What turns a bus on. */
export function turnOn(bus: string): string {
  return `To turn it on, ${lineOf(bus, "on")} in /boot/firmware/config.txt and restart`;
}

function lineOf(bus: string, state: "on" | "off"): string {
  const parameter = { "i2c-1": "i2c_arm", "spi-0": "spi" }[bus];
  if (parameter !== undefined) return `set dtparam=${parameter}=${state}`;
  const overlay = bus.startsWith("spi-") ? `spi${bus.slice("spi-".length)}-1cs` : bus.replace("-", "");
  return state === "on" ? `add dtoverlay=${overlay}` : `take out its dtoverlay (as ${overlay})`;
}

function notThere(message: string): MeshError {
  return new MeshError("FAILED_PRECONDITION", message, { fields: [{ field: "resource", message }] });
}
