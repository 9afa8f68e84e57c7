import type { Board } from "@pi-controller/schema";
import type { Header } from "../header/header.ts";

/** Those of a board's buses that are on its header: others serve displays, cameras and what is soldered on. */
export function headerBuses(
  { i2cBuses, spiDevices }: Pick<Board, "i2cBuses" | "spiDevices">,
  { buses }: Pick<Header, "buses">,
): { readonly i2cBuses: readonly number[]; readonly spiDevices: readonly string[] } {
  const onHeader = (bus: string) => buses.some((candidate) => candidate.bus === bus);
  return {
    i2cBuses: i2cBuses.filter((bus) => onHeader(`i2c-${bus}`)),
    spiDevices: spiDevices.filter((device) => onHeader(`spi-${device.split(".")[0]}`)),
  };
}

/** BCM numbers of the lines that anybody may have. */
export function freeLines({ places }: Pick<Header, "places">): readonly number[] {
  return places.flatMap(({ gpio, reservedFor }) => (gpio === null || reservedFor !== null ? [] : [gpio]));
}
