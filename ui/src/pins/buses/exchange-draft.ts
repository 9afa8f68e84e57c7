import { type I2cOperation, i2cOperationSchema, MeshError, parseInput } from "@pi-controller/schema";
import { parseHexBytes } from "../hex-bytes.ts";
import { hexByte } from "../resource.ts";

/** What is in the form of an I2C transaction. */
export interface I2cDraft {
  readonly op: I2cOperation["op"];
  /** Hexadecimal. */
  readonly register: string;
  readonly length: string;
  /** Hexadecimal. */
  readonly bytes: string;
}

/** @throws MeshError INVALID_ARGUMENT that names the field */
export function operationOf({ op, register, length, bytes }: I2cDraft): I2cOperation {
  const body = {
    op,
    ...(op.endsWith("-register") ? { register: registerIn(register) } : {}),
    ...(op.startsWith("read") ? { length: Number(length) } : { bytes: bytesIn(bytes) }),
  };
  return parseInput(i2cOperationSchema, body, "operation");
}

/** @throws MeshError INVALID_ARGUMENT that names the field `bytes` */
export function bytesIn(text: string): number[] {
  const bytes = parseHexBytes(text);
  if (bytes !== null && bytes.length > 0) return [...bytes];
  throw refused("bytes", "expected bytes in hexadecimal, such as 48 0a");
}

/** As `read 2 from 0x0f`. */
export function operationText(operation: I2cOperation): string {
  switch (operation.op) {
    case "read":
      return `read ${operation.length}`;
    case "write":
      return `wrote ${operation.bytes.length}`;
    case "read-register":
      return `read ${operation.length} from ${hexByte(operation.register)}`;
    case "write-register":
      return `wrote ${operation.bytes.length} to ${hexByte(operation.register)}`;
  }
}

function registerIn(text: string): number {
  const bytes = parseHexBytes(text);
  const [register] = bytes ?? [];
  if (register !== undefined && bytes?.length === 1) return register;
  throw refused("register", "expected a register in hexadecimal, such as 0f");
}

function refused(field: string, message: string): MeshError {
  return new MeshError("INVALID_ARGUMENT", `Invalid ${field}: ${message}`, { fields: [{ field, message }] });
}
