import { MeshError } from "@pi-controller/schema";
import { errorCode } from "../native-part.ts";
import { addressText } from "./i2c-address.ts";

/** What a transfer fails with when nobody acknowledges: which one depends on the controller. */
const NO_ANSWER = new Set(["ENXIO", "EREMOTEIO", "ENODEV"]);

/** Whether an error means only that nobody is at an address. */
export function isNoAnswer(error: unknown): boolean {
  return NO_ANSWER.has(errorCode(error)) && !isOfOpening(error);
}

/** Whether an error means that the whole bus cannot be used. */
export function isNoBus(error: unknown): boolean {
  return isOfOpening(error);
}

function isOfOpening(error: unknown): boolean {
  return error instanceof Error && "syscall" in error && error.syscall === "open";
}

/** Of a bus that is none of the header's. */
export function noSuchBus(bus: number): MeshError {
  return new MeshError("NOT_FOUND", `There is no I2C bus ${bus}`);
}

/**
 * @param at where it happened; left out for what concerns the whole bus
 * @returns what an error of the kernel means to who used the bus
 *   (Linux, Documentation/i2c/fault-codes.rst)
 */
export function i2cError(
  error: unknown,
  bus: number,
  at?: { readonly address: number; readonly operation: number },
): MeshError {
  if (error instanceof MeshError) return error;
  const options = { cause: error };
  const address = at === undefined ? "" : addressText(at.address);
  const where = at === undefined ? `on I2C bus ${bus}` : `on I2C bus ${bus} at operation ${at.operation}`;
  const code = errorCode(error);
  if (isNoAnswer(error)) {
    return new MeshError("UNAVAILABLE", `No answer from ${address} ${where}`, {}, options);
  }
  switch (code) {
    case "ENOENT":
    case "ENODEV":
    case "ENXIO":
      return new MeshError(
        "NOT_FOUND",
        `There is no I2C bus ${bus}: /dev/i2c-${bus} is missing; dtparam=i2c_arm=on in config.txt turns bus 1 on (see firmware-notes)`,
        {},
        options,
      );
    case "EACCES":
    case "EPERM":
      return new MeshError(
        "PERMISSION_DENIED",
        `This process may not use /dev/i2c-${bus}: its user must be in the group i2c (sudo usermod -aG i2c USER)`,
        {},
        options,
      );
    case "EBUSY":
      return new MeshError(
        "FAILED_PRECONDITION",
        `A driver of the kernel uses ${address} on I2C bus ${bus}: it has to be unloaded first`,
        {},
        options,
      );
    case "EOPNOTSUPP":
    case "ENOTSUP":
      return new MeshError(
        "UNIMPLEMENTED",
        `The controller cannot do that ${where}: some know the register transfers of SMBus alone`,
        {},
        options,
      );
    case "ETIMEDOUT":
      return new MeshError(
        "UNAVAILABLE",
        `Time ran out ${where}: a device may hold the lines down`,
        {},
        options,
      );
    default:
      return new MeshError("UNAVAILABLE", `A transfer failed ${where}: ${code || "unknown"}`, {}, options);
  }
}
