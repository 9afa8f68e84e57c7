// How soon all peers know that one is gone, beside Serf: `npm run bench -- detect`.
//
// Both clusters run at the same time, on loopback, each member a process; they are tested in turns. Every
// member says on its output what it believes, and is timed when that arrives here: see MemberProcess.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { seededRandom } from "@pi-controller/runtime";
import { repositoryRoot } from "../../scripts/processes.ts";
import { median, quantile } from "../support/statistics.ts";
import type { Cluster } from "./detect/cluster.ts";
import { PeerCluster } from "./detect/peer-cluster.ts";
import { countFalseDeaths, timeKill, timeStop } from "./detect/rounds.ts";
import { SerfCluster } from "./detect/serf-cluster.ts";

const { values: flags } = parseArgs({
  options: {
    nodes: { type: "string", default: "20" },
    rounds: { type: "string", default: "10" },
    stalls: { type: "string", default: "10" },
    /** What a peer is; takes the peer's flags. */
    program: { type: "string", default: join(repositoryRoot, "peer", "src", "main.ts") },
    "without-serf": { type: "boolean", default: false },
    seed: { type: "string", default: String(Date.now() % 2 ** 31) },
  },
});
const random = seededRandom(Number(flags.seed));
const directory = mkdtempSync(join(tmpdir(), "pi-controller-detect-"));
const peers = new PeerCluster(flags.program, directory);
const serf = new SerfCluster();
const clusters: readonly Cluster[] = flags["without-serf"] ? [peers] : [peers, serf];

const kills = new Map<Cluster, number[]>(clusters.map((cluster) => [cluster, []]));
const stops = new Map<Cluster, number[]>(clusters.map((cluster) => [cluster, []]));
const falseDeaths = new Map<Cluster, number>(clusters.map((cluster) => [cluster, 0]));

try {
  console.log(`${flags.nodes} members each, seed ${flags.seed}`);
  for (const cluster of clusters) {
    const startedMs = performance.now();
    await cluster.start(Number(flags.nodes));
    console.log(`${cluster.name}: all see each other after ${Math.round(performance.now() - startedMs)} ms`);
  }
  for (let round = 1; round <= Number(flags.rounds); round++) {
    for (const cluster of clusters) {
      const killMs = await timeKill(cluster, random);
      kills.get(cluster)?.push(killMs);
      const stopMs = await timeStop(cluster, random);
      stops.get(cluster)?.push(stopMs);
      console.log(
        `round ${round}, ${cluster.name}: SIGKILL ${killMs.toFixed(0)} ms, SIGSTOP ${stopMs.toFixed(0)} ms`,
      );
    }
  }
  for (let stall = 1; stall <= Number(flags.stalls); stall++) {
    for (const cluster of clusters) {
      const deaths = await countFalseDeaths(cluster, random);
      falseDeaths.set(cluster, (falseDeaths.get(cluster) ?? 0) + deaths);
      if (deaths > 0) console.log(`stall ${stall}, ${cluster.name}: ${deaths} false verdicts`);
    }
  }
  report();
} finally {
  await Promise.all(clusters.map((cluster) => cluster.stop()));
  rmSync(directory, { recursive: true, force: true, maxRetries: 3 });
}

function report(): void {
  const figure = (times: Map<Cluster, number[]>, cluster: Cluster, share: number) =>
    quantile(times.get(cluster) ?? [], share);
  for (const cluster of clusters) {
    const line = (name: string, times: Map<Cluster, number[]>) =>
      `${name} p50 ${median(times.get(cluster) ?? []).toFixed(0)} ms, p99 ${figure(times, cluster, 0.99).toFixed(0)} ms`;
    console.log(`${cluster.name}: ${line("SIGKILL", kills)}; ${line("SIGSTOP", stops)}`);
  }
  const ratio = (share: number) => (figure(stops, peers, share) / figure(stops, serf, share)).toFixed(3);
  console.log(
    [
      "detect",
      `sigkill_p99_ms=${figure(kills, peers, 0.99).toFixed(0)}`,
      `sigkill_p50_ms=${figure(kills, peers, 0.5).toFixed(0)}`,
      `sigstop_p50_ratio=${ratio(0.5)}`,
      `sigstop_p99_ratio=${ratio(0.99)}`,
      `false=${falseDeaths.get(peers) ?? 0}`,
      `serf_false=${falseDeaths.get(serf) ?? "unmeasured"}`,
    ].join(" "),
  );
}
