import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { inspect } from "node:util";
import { seededRandom } from "@pi-controller/runtime";
import type { GpioView } from "@pi-controller/schema";
import { afterEach, describe, expect, it } from "vitest";
import { capabilities, skipWithout } from "../capabilities.ts";
import { differences, sharedViewOf } from "../nemesis/agreement.ts";
import { DocumentWork, listOf } from "../nemesis/document-work.ts";
import { contradictions } from "../nemesis/history.ts";
import type { Machine } from "../nemesis/machine.ts";
import { peersOf, startMachines } from "../nemesis/mesh.ts";
import { Nemesis } from "../nemesis/nemesis.ts";
import { PinWork } from "../nemesis/pin-work.ts";
import { drawPlan } from "../nemesis/plan.ts";
import { Watch } from "../nemesis/watch.ts";
import { allSee, Cleanup } from "../support/peer-process.ts";
import { codeOf, drive, reserveOutput } from "../support/pins.ts";
import { waitFor } from "../support/wait.ts";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const SECONDS = Number(process.env.NEMESIS_SECONDS ?? 40);
const SEED = Number(process.env.NEMESIS_SEED ?? 1);
/** Start and end, on a busy machine. */
const REST_MS = 300_000;
const HEALED_WITHIN_MS = 30_000;
/** One for each machine at each machine; nobody fights for them. */
const PINS = ["GPIO5", "GPIO6", "GPIO12", "GPIO13", "GPIO16"];
const STANDING_PIN = "GPIO26";
const names = ["pi-a", "pi-b", "pi-c", "pi-d", "pi-e"];

const isSkipped =
  skipWithout(capabilities.namespaces) ||
  skipWithout(capabilities.loopDisks) ||
  skipWithout(capabilities.fakeTime);

describe.skipIf(isSkipped)("five peers that everything happens to", () => {
  it("lose nothing that they acknowledged, and give a pin to one at a time", {
    timeout: SECONDS * 1_000 + REST_MS,
  }, async () => {
    const startMs = performance.now();
    const told: string[] = [];
    const log = (text: string) => {
      told.push(`${((performance.now() - startMs) / 1_000).toFixed(1)} ${text}`);
    };
    console.log(`Seed ${SEED}, ${SECONDS} s: NEMESIS_SEED and NEMESIS_SECONDS set them.`);
    const random = seededRandom(SEED);
    const plan = drawPlan(random, { machines: names.length, durationMs: SECONDS * 1_000, nowMs: Date.now() });
    let watch: Watch | undefined;
    const machines = await startMachines(cleanup, names, (machine, call) => watch?.onCall(machine, call));
    watch = new Watch(machines);
    const documents = new DocumentWork({ machines, random: seededRandom(SEED + 1) });
    const pins = new PinWork({ machines, random: seededRandom(SEED + 2) });
    const nemesis = new Nemesis({
      machines,
      log,
      onViolation: (text) => watch?.violations.add(text),
      onTorn: async (machine) => {
        pins.torn(machine);
        await documents.torn(machine);
      },
    });
    const fail = (violations: readonly string[]) => {
      if (violations.length === 0) return;
      keepLogs(machines, told);
      throw new Error(`Seed ${SEED}:\n${violations.join("\n")}\n\nWhat happened:\n${told.join("\n")}`);
    };
    /** Waits for what must come true once all is well again. */
    const becomes = async (what: string, condition: () => Promise<boolean>) => {
      try {
        await waitFor(what, condition, { withinMs: HEALED_WITHIN_MS, everyMs: 500 });
      } catch (error) {
        watch.violations.add(inspect(error));
      }
    };

    // Whatever happens, what was granted until it is given back stands.
    const standing = await Promise.all(
      machines.map(({ client, id }) => reserveOutput(client, id, STANDING_PIN, { ttlMs: null })),
    );
    for (const each of [watch, documents, pins]) each.begin();
    await nemesis.carryOut(plan);
    log("all is well again");
    const healedMs = performance.now();
    await Promise.all([documents.end(), pins.end()]);
    fail([...watch.violations, ...contradictions(pins)]);

    const leftMs = HEALED_WITHIN_MS - (performance.now() - healedMs);
    await allSee(peersOf(machines), names, "alive", leftMs).catch((error: unknown) => fail([String(error)]));
    log("all see all alive");
    // Everybody can use everybody's pins again.
    const pairs = machines.flatMap((through, index) => machines.map((owner) => ({ through, owner, index })));
    await Promise.all(
      pairs.map(({ through, owner, index }) =>
        becomes(`${through.name} has a pin of ${owner.name}`, async () => {
          const reserving = reserveOutput(through.client, owner.id, PINS[index] ?? "", { ttlMs: null });
          const code = await codeOf(reserving);
          // Then the one before it was granted, though its answer was lost.
          if (code !== undefined && code !== "ALREADY_EXISTS") throw new Error(code);
          return true;
        }),
      ),
    );
    log("all have pins of all");
    await Promise.all(
      machines.map((through, index) =>
        becomes(`${through.name} drives what was granted before everything`, async () => {
          // At the next machine, over the mesh.
          const held = standing[(index + 1) % standing.length] as GpioView;
          await drive(through.client, held, "high");
          return true;
        }),
      ),
    );
    await becomes("all peers say the same", async () => {
      const views = await Promise.all(machines.map((machine) => sharedViewOf(machine)));
      const [first = [], ...others] = views;
      const unlike = others.map((view) => differences(first, view)).find(({ length }) => length > 0);
      if (unlike !== undefined) throw new Error(unlike.join("\n"));
      return true;
    });
    for (const machine of machines) {
      const missing = documents.missingIn(await listOf(machine));
      for (const text of missing) watch.violations.add(`at ${machine.name}: ${text}`);
    }
    await watch.end();
    fail([...watch.violations, ...contradictions(pins)]);
    const refused = [...pins.refused].map(([code, count]) => `${count} ${code}`).join(", ");
    console.log(`${plan.length} faults; ${documents.summary}.`);
    console.log(`${pins.grants.length} grants, ${pins.writes.length} writes to pins; ${refused}.`);
    console.log(`${watch.summary}.`);
    // Otherwise nothing was put to the test.
    expect(pins.grants.length).toBeGreaterThan(SECONDS / 4);
    expect(pins.writes.length).toBeGreaterThan(SECONDS / 4);
  });
});

/** Where NEMESIS_LOGS says, for whoever looks for the cause. */
function keepLogs(machines: readonly Machine[], told: readonly string[]): void {
  const directory = process.env.NEMESIS_LOGS;
  if (directory === undefined) return;
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, "faults.log"), told.join("\n"));
  for (const machine of machines) writeFileSync(join(directory, `${machine.name}.log`), machine.logs());
}
