import { createRequire } from "node:module";
import { MeshError } from "@pi-controller/schema";
import type * as Koffi from "koffi";

/** What is needed of the kernel beyond files. */
export interface GpioKernel {
  /**
   * ioctl(2).
   *
   * @param argument a structure that the kernel reads, fills or both
   * @returns 0, or the error's number
   */
  call(descriptor: number, request: number, argument: Uint8Array): number;
  /** close(2). Node's own warns of a descriptor that it did not open. */
  close(descriptor: number): void;
  /** Calls back whenever there is something to read, or an error; a wait for it keeps no process alive. */
  watch(descriptor: number, onReadable: () => void): { close(): void };
}

const load = createRequire(import.meta.url);

/**
 * Loads the native part, which takes about 6 ms and 9 MB: not before GPIO is used. At once and not by a promise, so
 * that calls of a driver keep their order.
 *
 * @throws MeshError FAILED_PRECONDITION when it is missing
 */
export function loadGpioKernel(): GpioKernel {
  const koffi = loadKoffi();
  const library = koffi.load(null);
  const ioctl = library.func("int ioctl(int descriptor, unsigned long request, uint8_t *argument)");
  const close = library.func("int close(int descriptor)");
  return {
    call(descriptor, request, argument) {
      const result: unknown = ioctl(descriptor, request, argument);
      return typeof result === "number" && result >= 0 ? 0 : koffi.errno();
    },
    close: (descriptor) => void close(descriptor),
    watch(descriptor, onReadable) {
      let scheduled = false;
      const handle = koffi.node.poll(descriptor, () => {
        // Called in the middle of the event loop, where no promise goes on and nobody catches an error: only taken
        // note of. Immediates come right after.
        if (scheduled) return;
        scheduled = true;
        setImmediate(() => {
          scheduled = false;
          onReadable();
        });
      });
      handle.unref();
      return { close: () => handle.close() };
    },
  };
}

function loadKoffi(): typeof Koffi {
  try {
    return load("koffi") as typeof Koffi;
  } catch (error) {
    throw new MeshError(
      "FAILED_PRECONDITION",
      `GPIO needs the npm package @koromix/koffi-${process.platform}-${process.arch}, which is not there: ` +
        "install the program again with its optional dependencies",
      {},
      { cause: error },
    );
  }
}
