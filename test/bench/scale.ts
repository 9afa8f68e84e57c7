// What a peer costs in meshes of 10, 100 and 1,000: `npm run bench -- scale [--peers 10,100,500] [--heap-mb 7500]`.
// 500 peers take 6.5 GB of memory and 11 minutes of a core's time; 1,000 more than twice and four times as much.
//
// Whole peers run in one process on a virtual clock; what is below them, sockets and disks, is simulated (see
// test/simulation). Each mesh is a process of its own. It begins with disks on which everybody has everything: a thousand
// machines that meet for the first time are no steady state. Bytes are those of messages, with what libp2p was measured
// to add. CPU time is of this machine, and without the verification of signatures, which are counted instead.
//
// Writes what it measured into test/bench/scale/results.md and results.svg.
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { arch, cpus } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Measurements } from "./scale/measurements.ts";
import { plotOf } from "./scale/plot.ts";
import { bytesOf, tableOf } from "./scale/table.ts";

const directory = join(import.meta.dirname, "scale");
/** Peers allocate much that is soon garbage. */
const YOUNG_MB = 64;

const { values: flags } = parseArgs({
  options: {
    peers: { type: "string", default: "10,100,1000" },
    "heap-mb": { type: "string", default: "18000" },
  },
});
const measured = flags.peers.split(",").map((peers) => measure(peers));
const table = tableOf(measured);
console.log(table);
writeFileSync(join(directory, "results.md"), resultsOf(measured));
writeFileSync(join(directory, "results.svg"), plotOf(measured, lines()));
const [small, large] = [measured.at(-2), measured.at(-1)];
if (small === undefined || large === undefined) throw new RangeError("Growth is of two meshes at least");
const growth = large.rates.membership.bytes / small.rates.membership.bytes;
const ratio = growth / (Math.log(large.peers) / Math.log(small.peers));
const { peers } = large;
console.log(
  `scale membership_ratio=${ratio.toFixed(3)} metrics_kbps_${peers}=${(large.rates.metrics.bytes / 1_000).toFixed(2)} memory_mb_${peers}=${large.memoryMb.toFixed(2)}`,
);

function measure(size: string): Measurements {
  const options = [
    "--expose-gc",
    `--max-old-space-size=${flags["heap-mb"]}`,
    `--max-semi-space-size=${YOUNG_MB}`,
  ];
  const child = spawnSync(process.execPath, [...options, join(directory, "measure.ts"), size], {
    stdio: ["ignore", "pipe", "inherit"],
    encoding: "utf8",
  });
  if (child.status !== 0)
    throw new Error(`Measuring ${size} peers ended with ${child.status ?? child.signal}`);
  return JSON.parse(child.stdout) as Measurements;
}

function lines() {
  const kb = (valueOf: (one: Measurements) => number) => (one: Measurements) => valueOf(one) / 1_000;
  return [
    { name: "all traffic, kB/s a peer", colour: "#111111", valueOf: kb(bytesOf) },
    {
      name: "membership, kB/s",
      colour: "#1b6ca8",
      valueOf: kb(({ rates }: Measurements) => rates.membership.bytes),
    },
    {
      name: "metrics, kB/s",
      colour: "#c2571a",
      valueOf: kb(({ rates }: Measurements) => rates.metrics.bytes),
    },
    {
      name: "documents, kB/s",
      colour: "#2e7d32",
      valueOf: kb(({ rates }: Measurements) => rates.documents.bytes),
    },
    { name: "connections a peer", colour: "#7b3fa0", valueOf: (one: Measurements) => one.connectionsMean },
    { name: "memory, MB a peer", colour: "#b0203a", valueOf: (one: Measurements) => one.memoryMb },
    { name: "mDNS, packets/s", colour: "#00838f", valueOf: (one: Measurements) => one.multicast.mean },
  ];
}

function resultsOf(all: readonly Measurements[]): string {
  const model = cpus()[0]?.model ?? "unknown";
  return `# What a peer costs in meshes of different sizes

Written by \`npm run bench -- scale\`: whole peers on a virtual clock, links of 1 to 2 ms, watched for ${all.map(({ steadySeconds }) => steadySeconds).join(", ")} simulated seconds in a
steady state. Bytes are sent and received together, with what libp2p adds. CPU time is of one core of a ${model.trim()} (${arch()}), Node
${process.version}, without the verification of signatures.

![Growth with the number of peers](results.svg)

The dashed line is what grows as the number of peers does.

${tableOf(all)}
`;
}
