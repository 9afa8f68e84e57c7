import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fakeTimeLibrary } from "./support/fake-time.ts";
import { findProgram } from "./support/find-program.ts";
import { kernelMissing } from "./support/kernel-build.ts";
import { pigpiodMissing } from "./support/pigpiod-build.ts";

/** Something that a test needs of the machine beyond Node. */
export interface Capability {
  readonly name: string;
  /** Why the machine does not have it; undefined when it does. */
  readonly missing: string | undefined;
}

/** A Chromium that playwright-core can drive, when there is one. */
export const chromiumPath = findProgram(
  "chromium",
  "chromium-browser",
  "google-chrome",
  "/snap/bin/chromium",
);

function namespacesMissing(): string | undefined {
  if (process.getuid?.() !== 0) return "needs root, to make network namespaces";
  if (findProgram("ip") === undefined) return "needs the `ip` program (Debian package iproute2)";
  try {
    execFileSync("ip", ["netns", "add", `probe-${process.pid}`], { stdio: "pipe" });
    execFileSync("ip", ["netns", "delete", `probe-${process.pid}`], { stdio: "pipe" });
    return undefined;
  } catch (error) {
    return `network namespaces cannot be made here: ${error instanceof Error ? error.message.trim() : String(error)}`;
  }
}

function mountsMissing(): string | undefined {
  if (process.getuid?.() !== 0) return "needs root, to mount a small file system that can be filled";
  return programMissing("mount", "mount");
}

function loopDisksMissing(): string | undefined {
  const missing =
    mountsMissing() ?? programMissing("mkfs.ext4", "e2fsprogs") ?? programMissing("fsfreeze", "util-linux");
  if (missing !== undefined) return missing;
  return existsSync("/dev/loop-control") ? undefined : "needs loop devices, to have disks of its own";
}

function programMissing(program: string, debianPackage: string): string | undefined {
  return findProgram(program) === undefined
    ? `needs ${program} (Debian package ${debianPackage})`
    : undefined;
}

/** What some tests need; the rest run on any machine. */
export const capabilities = {
  browser: {
    name: "browser",
    missing: chromiumPath === undefined ? "needs Chromium (Debian package chromium)" : undefined,
  },
  namespaces: { name: "namespaces", missing: namespacesMissing() },
  mounts: { name: "mounts", missing: mountsMissing() },
  loopDisks: { name: "disks of its own", missing: loopDisksMissing() },
  fakeTime: {
    name: "fake time",
    missing: fakeTimeLibrary === undefined ? "needs libfaketime (Debian package libfaketime)" : undefined,
  },
  kernel: { name: "kernel", missing: kernelMissing() },
  pigpiod: { name: "pigpiod", missing: pigpiodMissing() },
  systemd: {
    name: "systemd",
    missing: programMissing("systemd-notify", "systemd") ?? programMissing("python3", "python3"),
  },
} as const satisfies Record<string, Capability>;

/**
 * Whether a test must be skipped here. In CI nothing is: what is missing there fails.
 *
 * @throws Error in CI, when the machine lacks the capability
 */
export function skipWithout(capability: Capability): boolean {
  if (capability.missing === undefined) return false;
  if (process.env.CI === "true") throw new Error(`CI must have ${capability.name}: ${capability.missing}`);
  return true;
}
