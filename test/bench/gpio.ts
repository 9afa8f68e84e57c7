// What fencing costs at the driver, what a request to a pin takes here and on another node, and whether edges get
// lost on their way to a WebSocket: `npm run bench -- gpio`.
//
// Three things take turns in one process: the driver's call alone (unguarded); the guard and then the driver's call
// (guarded); and the owner's whole write, with its answer and the change in the feed. The last line compares the first
// two, on Linux' GPIO character device under the kernel of the tests (`npm run kernel`). That kernel traps each read of
// a clock, which a Pi's answers without a system call: so the guest's owner reads clocks from shared memory, and what
// the guard's one read takes on this machine is added to the guarded figure. Without that kernel the figures are of
// the simulated driver, whose call costs next to nothing, so that the ratio says nothing.
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import type { GpioChange } from "@pi-controller/schema";
import { bearer } from "../../scripts/mesh-setup.ts";
import { capabilities } from "../capabilities.ts";
import { nodeOf } from "../support/acts.ts";
import { runInKernel } from "../support/kernel.ts";
import { allSee, Cleanup, type PeerProcess, startMesh } from "../support/peer-process.ts";
import { clientOf, reserveInput, reserveOutput, simulate, tokenOf } from "../support/pins.ts";
import { waitFor } from "../support/wait.ts";
import { countEdges } from "./gpio/edge-count.ts";
import { clockReadUs, type GuardCost, guardCost } from "./gpio/guard-cost.ts";
import { httpTimes } from "./gpio/http-times.ts";

const { values: flags } = parseArgs({
  options: {
    requests: { type: "string", default: "1500" },
    seconds: { type: "string", default: "20" },
  },
});
/** Below what one user may ask in a second. */
const PAUSE_MS = 12;
const EDGE_PINS = [4, 5, 6, 16, 17, 22, 23, 24];
const EDGES_PER_SECOND = 1_000;

const cleanup = new Cleanup();
try {
  const guard = await guardCosts();
  const [first, second] = await startMesh(cleanup, 2, { meshName: "bench" });
  if (first === undefined || second === undefined) throw new Error("Two were started");
  await allSee([first, second], [first.name, second.name], "alive", 20_000);
  const near = await writeTimes(second, second);
  console.log(
    `same node: p50 ${near.p50.toFixed(3)} ms, p99 ${near.p99.toFixed(3)} ms of ${near.count} writes`,
  );
  const far = await writeTimes(first, second);
  console.log(
    `another node: p50 ${far.p50.toFixed(3)} ms, p99 ${far.p99.toFixed(3)} ms of ${far.count} writes`,
  );
  const edges = await edgesOf(second);
  console.log(`edges: ${edges.received} received, ${edges.missing} missing, ${edges.coalesced} coalesced`);
  console.log(
    `gpio guard_us=${(guard.guardedUs - guard.unguardedUs).toFixed(2)} ` +
      `ratio=${(guard.unguardedUs / guard.guardedUs).toFixed(3)} rest_p50_ms=${near.p50.toFixed(3)} ` +
      `remote_p99_ms=${far.p99.toFixed(3)} edges_lost=${edges.missing + edges.coalesced}`,
  );
} finally {
  await cleanup.run();
}
process.exit(0);

async function guardCosts(): Promise<GuardCost> {
  const simulated = await guardCost("simulated");
  describeGuard(simulated, "simulated driver");
  if (capabilities.kernel.missing !== undefined) return simulated;
  const { exitCode, output } = await runInKernel({
    script: fileURLToPath(new URL("gpio/guard-in-kernel.ts", import.meta.url)),
    withinMs: 120_000,
  });
  const result = /^guard-cost (\{.*\})$/m.exec(output)?.[1];
  if (exitCode !== 0 || result === undefined) throw new Error(`The guest ended with ${exitCode}:\n${output}`);
  const inKernel = JSON.parse(result) as GuardCost;
  const clockUs = clockReadUs();
  const cost = { ...inKernel, guardedUs: inKernel.guardedUs + clockUs, ownerUs: inKernel.ownerUs + clockUs };
  describeGuard(cost, `gpiod in the guest, ${clockUs.toFixed(2)} us for a read of the clock added`);
  return cost;
}

function describeGuard({ unguardedUs, guardedUs, ownerUs }: GuardCost, where: string): void {
  const figures = { unguarded: unguardedUs, guarded: guardedUs, "whole write of the owner": ownerUs };
  const texts = Object.entries(figures).map(([name, us]) => `${name} ${us.toFixed(2)} us`);
  console.log(`${where}: ${texts.join(", ")}`);
}

/** Writes to a pin of a lease, whose last value is not kept over a restart and so needs no disk. */
async function writeTimes(asked: PeerProcess, owner: PeerProcess) {
  const client = clientOf(asked);
  const held = await reserveOutput(client, await nodeOf(owner), "GPIO18", { ttlMs: 600_000 });
  const bodies = (["high", "low"] as const).map((level) =>
    JSON.stringify({ token: tokenOf(held), value: { level } }),
  );
  const times = await httpTimes({
    url: `${asked.url}/api/v1/gpio/${held.id}`,
    method: "PUT",
    headers: { ...bearer(asked.access), "content-type": "application/json" },
    bodies,
    count: Number(flags.requests),
    pauseMs: PAUSE_MS,
  });
  await client.gpio.release(held.id, { token: tokenOf(held) });
  return times;
}

async function edgesOf(peer: PeerProcess) {
  const client = clientOf(peer);
  const node = await nodeOf(peer);
  for (const pin of EDGE_PINS) await reserveInput(client, node, `GPIO${pin}`);
  const frequencyHz = EDGES_PER_SECOND / EDGE_PINS.length / 2;
  const changes: GpioChange[] = [];
  let coalesced = 0;
  const stream = client.gpio.follow(
    { node },
    {
      onChanges(some, leftOut) {
        changes.push(...some);
        coalesced += leftOut;
      },
    },
  );
  await waitFor("the stream is there", () => stream.status.state === "live", { withinMs: 5_000 });
  simulate(
    peer,
    EDGE_PINS.map((pin) => `square GPIO${pin} ${frequencyHz}Hz`),
  );
  const wanted = Number(flags.seconds) * EDGES_PER_SECOND;
  await waitFor(`${wanted} edges came`, () => changes.length + coalesced >= wanted, {
    withinMs: (Number(flags.seconds) + 20) * 1_000,
  });
  simulate(peer, []);
  stream.close();
  return { ...countEdges(changes, 500 / frequencyHz), coalesced };
}
