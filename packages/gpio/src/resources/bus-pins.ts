import type { Header } from "@pi-controller/hardware";
import { type Board, MeshError } from "@pi-controller/schema";

/** Which pins the buses and UARTs of a board take, by name (`i2c-1`, `spi-0`, `uart-0`). */
export interface BusPinsOfBoard {
  /** The bus or UART that is on and uses this pin. */
  using(gpio: number): string | undefined;
  /**
   * Pins that all devices of a bus use. None where it is not known which buses are led to a header.
   *
   * @throws MeshError FAILED_PRECONDITION for a bus that is not led to the header, or is kept for something on the
   *   board: on a Pi 5, `spi-10` carries the firmware, and `i2c-13` a display
   */
  sharedPins(bus: string): readonly number[];
  chipSelect(bus: string, index: number): number | undefined;
}

/** @param board which of the buses and chip selects of the header are on */
export function busPins(
  header: Header,
  board: Pick<Board, "i2cBuses" | "spiDevices" | "uarts">,
): BusPinsOfBoard {
  const inUse = new Map<number, string>();
  for (const { uart, pins } of header.uarts) {
    if (board.uarts?.includes(uart) === true) for (const gpio of pins) inUse.set(gpio, uart);
  }
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
      if (header.buses.length === 0) return [];
      const shared = find(bus)?.shared;
      if (shared === undefined) throw notThere(`${bus} is not on the header: something on the board uses it`);
      const keepers = shared.map(
        (pin) => header.places.find(({ gpio }) => gpio === pin)?.reservedFor ?? null,
      );
      // One that was moved onto such a pin by an overlay (SPI3 of a Pi 4) is there because somebody wants it there.
      if (keepers.every((keeper) => keeper !== null)) throw notThere(`${bus} is kept for ${keepers[0]}`);
      return shared;
    },
    chipSelect: (bus, index) => find(bus)?.chipSelects[index],
  };
}

/**
 * What makes a bus or UART give back its pins, and what turns a bus on. Source: Linux for Raspberry Pi,
 * arch/arm/boot/dts/overlays/README; Raspberry Pi documentation, "Configure UARTs".
 */
export function turnOff(bus: string): string {
  if (bus.startsWith("uart-")) return `${turnOffUart(bus)}, and restart`;
  const parameter = parameters[bus];
  const change = parameter === undefined ? "take out its dtoverlay" : `set dtparam=${parameter}=off`;
  return `${change} in ${CONFIG} and restart`;
}

/** What turned the first two on depends on the model: their own default, `enable_uart`, or an overlay. */
function turnOffUart(uart: string): string {
  const name = uart.replace("-", "");
  if (name !== "uart0" && name !== "uart1") return `take out its dtoverlay in ${CONFIG}`;
  return (
    `set enable_uart=0 and dtparam=${name}=off in ${CONFIG}, take out a dtoverlay=${name}-pi5 there ` +
    "and console=serial0,115200 in cmdline.txt beside it"
  );
}

/** @param chipSelects how many an SPI bus should have */
export function turnOn({ buses }: Pick<Header, "buses">, bus: string, chipSelects = 1): string {
  const parameter = parameters[bus];
  const suffix = buses.find((one) => one.bus === bus)?.overlaySuffix ?? "";
  const name = bus.replace("-", "");
  const overlay = `${bus.startsWith("spi-") ? `${name}-${chipSelects}cs` : name}${suffix}`;
  const change =
    parameter === undefined ? `add its overlay, as dtoverlay=${overlay},` : `set dtparam=${parameter}=on`;
  return `To turn it on, ${change} in ${CONFIG} and restart`;
}

const CONFIG = "/boot/firmware/config.txt";
const parameters: Readonly<Record<string, string>> = { "i2c-1": "i2c_arm", "spi-0": "spi" };

function notThere(message: string): MeshError {
  return new MeshError("FAILED_PRECONDITION", message, { fields: [{ field: "resource", message }] });
}
