import { type Header, parsePin } from "@pi-controller/hardware";
import { gpioResourceTextSchema, MeshError } from "@pi-controller/schema";

/** What a resource is, from its text. */
export type ParsedResource =
  | { readonly kind: "pin"; readonly gpio: number }
  | { readonly kind: "i2c"; readonly bus: number; readonly address: number }
  /** `device` as `0.0`: bus and chip select. */
  | { readonly kind: "spi"; readonly bus: number; readonly chipSelect: number; readonly device: string };

/**
 * Addresses of devices. Those below 0x03 are general call, CBUS and other formats, those above 0x77 the first bytes of
 * 10-bit addresses and device ids: NXP UM10204 (I2C-bus specification), 3.1.12, table 4. 0x03 to 0x07 are reserved
 * there too; devices use them nevertheless, and i2cdetect looks there.
 */
const LOWEST_ADDRESS = 0x03;
const HIGHEST_ADDRESS = 0x77;

/** @throws MeshError INVALID_ARGUMENT that names the field `resource` and what was expected */
export function parseResource(text: string, header: Header): ParsedResource {
  const problem = gpioResourceTextSchema.safeParse(text).error?.issues[0];
  if (problem !== undefined) throw invalidResource(problem.message);
  const i2c = /^i2c-(\d{1,2}):0x([0-9a-f]{2})$/i.exec(text);
  if (i2c !== null) {
    const [bus, address] = [Number(i2c[1]), Number.parseInt(i2c[2] ?? "", 16)];
    if (address >= LOWEST_ADDRESS && address <= HIGHEST_ADDRESS) return { kind: "i2c", bus, address };
    throw invalidResource("expected an I2C address from 0x03 to 0x77");
  }
  const spi = /^spi-(\d{1,2})\.(\d)$/i.exec(text);
  if (spi !== null) {
    const [bus, chipSelect] = [Number(spi[1]), Number(spi[2])];
    return { kind: "spi", bus, chipSelect, device: `${bus}.${chipSelect}` };
  }
  return { kind: "pin", gpio: parsePin(text, header) };
}

/** One text for each resource. */
export function resourceText(resource: ParsedResource): string {
  switch (resource.kind) {
    case "pin":
      return `GPIO${resource.gpio}`;
    case "i2c":
      return `i2c-${resource.bus}:0x${resource.address.toString(16).padStart(2, "0")}`;
    case "spi":
      return `spi-${resource.device}`;
  }
}

function invalidResource(message: string): MeshError {
  return new MeshError("INVALID_ARGUMENT", `Invalid resource: ${message}`, {
    fields: [{ field: "resource", message }],
  });
}
