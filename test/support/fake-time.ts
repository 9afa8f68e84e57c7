import { existsSync } from "node:fs";

const LIBRARIES = ["x86_64-linux-gnu", "aarch64-linux-gnu"].map(
  (machine) => `/usr/lib/${machine}/faketime/libfaketimeMT.so.1`,
);

/** Where libfaketime is, which gives a process another clock than the machine's. */
export const fakeTimeLibrary = LIBRARIES.find((path) => existsSync(path));

/**
 * Environment of a process that lives at another time.
 *
 * @param time as libfaketime has it: `+31d` is a month ahead, `+0 x4` four times as fast
 * @returns the machine's own time where there is no libfaketime
 */
export function atTime(time: string): Readonly<Record<string, string>> {
  return fakeTimeLibrary === undefined ? {} : { LD_PRELOAD: fakeTimeLibrary, FAKETIME: time };
}
