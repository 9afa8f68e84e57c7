// How long a grant takes beside a lock of a three-member etcd, in turns in one run: `npm run bench -- lease`.
//
// They take turns by the block and not one by one: what either of them still does after its answer (etcd's third
// member goes to the disk, too; ours tells other peers) would else be counted for the other one, which waits for the
// same disk. Each block begins with some that are not counted, for the same reason.
//
// A grant is what the owner of the pin does before it answers: decide, write to the disk with a sync, set up the pin.
// The same through REST, from another process, is printed beside it: most of that is HTTP. etcd's lock is taken through
// its own lock service by a client that keeps one connection, and is on the disks of two members when it is granted.
import { parseArgs } from "node:util";
import { simulatedMachine } from "@pi-controller/hardware";
import { systemClock, systemRandom } from "@pi-controller/runtime";
import { reservationRequestSchema } from "@pi-controller/schema";
import { nodeOf } from "../support/acts.ts";
import { Cleanup, startMesh } from "../support/peer-process.ts";
import { clientOf, reserveOutput, tokenOf } from "../support/pins.ts";
import { quantile } from "../support/statistics.ts";
import { benchOwner } from "./gpio/bench-owner.ts";
import { EtcdCluster } from "./lease/etcd-lock.ts";

const { values: flags } = parseArgs({ options: { grants: { type: "string", default: "1500" } } });
const WARM_UP = 100;
/** Long enough that what is left over from the block before does not matter, short beside what else the machine does. */
const BLOCK = 20;
const UNCOUNTED = 5;
const PINS = [4, 5, 6, 12, 16, 17, 22, 23];

const cleanup = new Cleanup();
try {
  const etcd = new EtcdCluster();
  cleanup.add(() => etcd.stop());
  await etcd.start();
  const machine = simulatedMachine(
    { clock: systemClock(), random: systemRandom() },
    { board: "pi-4", hostname: "bench" },
  );
  const bench = await benchOwner(await machine.detect(), "simulated");
  cleanup.add(() => bench.stop());
  const [peer] = await startMesh(cleanup, 1, { meshName: "bench" });
  if (peer === undefined) throw new Error("One was started");
  const client = clientOf(peer);
  const node = await nodeOf(peer);

  const times = { lock: [] as number[], grant: [] as number[], rest: [] as number[] };
  for (let counted = -WARM_UP; counted < Number(flags.grants); counted += BLOCK) {
    const grants = await timeBlock(timeGrant);
    const locks = await timeBlock((resource) => etcd.lock(resource));
    // Within what one user may ask in a second.
    const rest = await timeRest("GPIO18");
    if (counted < 0) continue;
    times.grant.push(...grants);
    times.lock.push(...locks);
    times.rest.push(rest);
  }
  for (const [name, all] of Object.entries(times)) {
    console.log(
      `${name}: p50 ${quantile(all, 0.5).toFixed(3)} ms, p99 ${quantile(all, 0.99).toFixed(3)} ms of ${all.length}`,
    );
  }
  const ratio = (share: number) => (quantile(times.grant, share) / quantile(times.lock, share)).toFixed(3);
  console.log(`lease p50_ratio=${ratio(0.5)} p99_ratio=${ratio(0.99)}`);

  async function timeBlock(time: (resource: string) => Promise<number>): Promise<readonly number[]> {
    const block: number[] = [];
    for (let index = -UNCOUNTED; index < BLOCK; index++) {
      const tookMs = await time(`GPIO${PINS[(index + UNCOUNTED) % PINS.length]}`);
      if (index >= 0) block.push(tookMs);
    }
    return block;
  }

  async function timeGrant(resource: string): Promise<number> {
    const { node: _, ...request } = reservationRequestSchema.parse({
      node,
      resource,
      mode: { kind: "output" },
    });
    const startedMs = performance.now();
    const { record } = await bench.owner.reserve(request, bench.asking);
    const tookMs = performance.now() - startedMs;
    await bench.owner.release(record.id, { token: record.token ?? undefined, force: false }, bench.asking);
    return tookMs;
  }

  async function timeRest(resource: string): Promise<number> {
    const startedMs = performance.now();
    const held = await reserveOutput(client, node, resource);
    const tookMs = performance.now() - startedMs;
    await client.gpio.release(held.id, { token: tokenOf(held) });
    return tookMs;
  }
} finally {
  await cleanup.run();
}
process.exit(0);
