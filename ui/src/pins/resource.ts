import { gpioResourceTextSchema } from "@pi-controller/schema";

/** What a reservation is about. */
export type ResourceKind = "pin" | "i2c" | "spi";

/** Tells pins and devices on buses apart by how they are written. */
export function kindOf(resource: string): ResourceKind {
  if (/^i2c-/i.test(resource)) return "i2c";
  return /^spi-/i.test(resource) ? "spi" : "pin";
}

/** As `GPIO18`. */
export function pinResource(gpio: number): string {
  return `GPIO${gpio}`;
}

/** As `i2c-1:0x48`. */
export function i2cResource(bus: number, address: number): string {
  return `i2c-${bus}:${hexByte(address)}`;
}

/** Of the devices of a node as it tells them: `0.0` is `spi-0.0`. */
export function spiResource(device: string): string {
  return `spi-${device}`;
}

/** A byte as `0x0a`. */
export function hexByte(byte: number): string {
  return `0x${byte.toString(16).padStart(2, "0")}`;
}

/** Reads a resource out of an address bar; null when it is none. */
export function parseResource(text: string | null): string | null {
  const parsed = gpioResourceTextSchema.safeParse(text);
  return parsed.success ? parsed.data : null;
}
