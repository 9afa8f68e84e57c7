import { constants } from "node:os";
import { getSystemErrorName } from "node:util";
import { MeshError } from "@pi-controller/schema";

/**
 * What an error number of the kernel means to whoever asked.
 *
 * @param what was tried, as `set up GPIO18`
 */
export function gpiodError(errno: number, what: string): MeshError {
  const { EACCES, EBUSY, EINVAL, ENODEV, ENOTTY, EOPNOTSUPP, EPERM } = constants.errno;
  switch (errno) {
    case EACCES:
    case EPERM:
      return new MeshError("FAILED_PRECONDITION", `May not ${what}: ${HOW_TO_BE_ALLOWED}`);
    case EBUSY:
      return new MeshError("FAILED_PRECONDITION", `Cannot ${what}: another program has it`);
    case ENODEV:
      return new MeshError("UNAVAILABLE", `Cannot ${what}: the GPIO chip has gone`);
    case ENOTTY:
      return new MeshError(
        "FAILED_PRECONDITION",
        `Cannot ${what}: this kernel lacks version 2 of the GPIO interface, which came with Linux 5.10`,
      );
    case EINVAL:
    case EOPNOTSUPP:
      return new MeshError("UNIMPLEMENTED", `Cannot ${what}: the GPIO chip does not support that`);
    default:
      return new MeshError("UNAVAILABLE", `Cannot ${what}: the kernel says ${getSystemErrorName(-errno)}`);
  }
}

const HOW_TO_BE_ALLOWED =
  "add the user that runs this to the group gpio, and see firmware-notes for the rule that gives the group the device";
