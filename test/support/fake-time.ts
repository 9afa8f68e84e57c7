import { existsSync, renameSync, writeFileSync } from "node:fs";

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

/** A wall clock that can be set while a process lives by it. Its monotonic clock stays the machine's own. */
export class SettableClock {
  readonly #file: string;

  /** @param file where the clock's error is kept; its process needs nothing else of it */
  constructor(file: string) {
    this.#file = file;
    this.set(0);
  }

  /** Environment of the process; empty where there is no libfaketime. */
  get env(): Readonly<Record<string, string>> {
    if (fakeTimeLibrary === undefined) return {};
    return {
      LD_PRELOAD: fakeTimeLibrary,
      FAKETIME_TIMESTAMP_FILE: this.#file,
      // Its cache is kept by the clock that jumps: after a jump backwards it would be good for too long.
      FAKETIME_NO_CACHE: "1",
      FAKETIME_DONT_FAKE_MONOTONIC: "1",
    };
  }

  /** @param offsetSeconds how far it is ahead of the machine's, or behind when negative */
  set(offsetSeconds: number): void {
    const next = `${this.#file}.next`;
    writeFileSync(next, `${offsetSeconds < 0 ? "" : "+"}${offsetSeconds}\n`);
    // In one step: half a number is another time.
    renameSync(next, this.#file);
  }
}
