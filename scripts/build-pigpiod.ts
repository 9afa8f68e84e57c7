// `npm run pigpiod`: builds pigpio's daemon with memory in place of a Pi's registers, unless it is there.
import { copyFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import {
  PIGPIO_SOURCE_PACKAGE,
  PIGPIOD_FILES,
  pigpiodDirectory,
  pigpiodProgram,
} from "../test/support/pigpiod-build.ts";
import { buildOnce } from "./build-once.ts";
import { downloadSource } from "./debian-source.ts";

await buildOnce({
  what: "pigpiod",
  directory: pigpiodDirectory,
  result: pigpiodProgram,
  programs: { gcc: "gcc libc6-dev", patch: "patch", tar: "tar" },
  build: async (directory, succeed) => {
    const source = downloadSource(PIGPIO_SOURCE_PACKAGE, directory);
    const tree = join(directory, "pigpio");
    mkdirSync(tree);
    await succeed(tree, ["tar", "--extract", "--strip-components=1", `--file=${source}`]);
    await succeed(tree, ["patch", "--quiet", "--strip=1", `--input=${PIGPIOD_FILES.patch}`]);
    copyFileSync(PIGPIOD_FILES.registers, join(tree, "mock-registers.c"));
    const sources = ["pigpiod.c", "pigpio.c", "command.c"];
    await succeed(tree, ["gcc", "-O1", "-pthread", "-o", "pigpiod", ...sources]);
    return join(tree, "pigpiod");
  },
});
