import { MeshError } from "@pi-controller/schema";

/** What the adapters of `GpioDriver` say in the same words. */

export function noSuchLine(line: number, lines: number): MeshError {
  return new MeshError(
    "OUT_OF_RANGE",
    `There is no GPIO${line} on this machine's GPIO chip, which has 0 to ${lines - 1}`,
  );
}

export function takenElsewhere(line: number, consumer: string): MeshError {
  return new MeshError(
    "FAILED_PRECONDITION",
    `GPIO${line} is in use by ${consumer === "" ? "another program that gave no name" : consumer}`,
  );
}

export function notTaken(line: number): MeshError {
  return new MeshError("FAILED_PRECONDITION", `GPIO${line} is not set up by this process`);
}

export function noOutput(line: number): MeshError {
  return new MeshError("FAILED_PRECONDITION", `GPIO${line} is set up as an input and cannot be written`);
}

export function notStarted(): MeshError {
  return new MeshError("FAILED_PRECONDITION", "The GPIO driver is not started");
}

export function unsupported(what: string): MeshError {
  return new MeshError("UNIMPLEMENTED", `This GPIO driver does not support ${what}`);
}
