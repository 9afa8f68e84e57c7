import { MeshError } from "@pi-controller/schema";
import type { SpiSettings } from "./spi-driver.ts";

/** @throws MeshError OUT_OF_RANGE when a transfer ends within a word */
export function checkWholeWords(settings: SpiSettings, transfers: readonly (readonly number[])[]): void {
  const bytesPerWord = settings.bitsPerWord / 8;
  const half = transfers.findIndex((bytes) => bytes.length % bytesPerWord !== 0);
  if (half === -1) return;
  throw new MeshError(
    "OUT_OF_RANGE",
    `Words of ${settings.bitsPerWord} bits are ${bytesPerWord} bytes each, and transfer ${half + 1} has ${transfers[half]?.length}`,
  );
}
