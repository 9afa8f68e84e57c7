import { setTimeout as sleep } from "node:timers/promises";
import { pick, type Random } from "@pi-controller/runtime";
import { waitFor } from "../../support/wait.ts";
import type { Cluster } from "./cluster.ts";
import type { MemberProcess } from "./member-process.ts";

const DETECT_WITHIN_MS = 60_000;
const STALL_SECONDS = 2;
/** A verdict that comes later than this after a stall does not come because of it. */
const AFTER_STALL_MS = 3_000;

/** SIGKILL until all others know. @returns ms; the member runs again afterwards */
export async function timeKill(cluster: Cluster, random: Random): Promise<number> {
  const victim = pickVictim(cluster, random);
  const tookMs = await timeSignal(cluster, victim, "SIGKILL", random);
  await cluster.restart(victim);
  await cluster.converged();
  return tookMs;
}

/** SIGSTOP until all others hold it dead. @returns ms; the member goes on afterwards */
export async function timeStop(cluster: Cluster, random: Random): Promise<number> {
  const victim = pickVictim(cluster, random);
  const tookMs = await timeSignal(cluster, victim, "SIGSTOP", random);
  victim.signal("SIGCONT");
  await cluster.converged();
  return tookMs;
}

/** Stops a process for two seconds. @returns how many verdicts of death there were anywhere, all of them false */
export async function countFalseDeaths(cluster: Cluster, random: Random): Promise<number> {
  const victim = pickVictim(cluster, random);
  const startMs = performance.now();
  await victim.stall(STALL_SECONDS);
  await sleep(AFTER_STALL_MS);
  const deaths = [...cluster.members.values()].flatMap(({ sightings }) =>
    sightings.filter(({ state, atMs }) => state === "dead" && atMs >= startMs),
  );
  await cluster.converged();
  return deaths.length;
}

async function timeSignal(
  cluster: Cluster,
  victim: MemberProcess,
  signal: NodeJS.Signals,
  random: Random,
): Promise<number> {
  // Probes go on at their own times: start at none of them.
  await sleep(random.next() * 1_000);
  const others = cluster.othersThan(victim);
  const startMs = performance.now();
  victim.signal(signal);
  const times = () => others.map((other) => other.sawDeadAtMs(victim, startMs));
  await waitFor(
    `all of ${cluster.name} know that ${victim.name} is gone`,
    () => times().every((atMs) => atMs !== undefined),
    { withinMs: DETECT_WITHIN_MS, everyMs: 20 },
  );
  return Math.max(...times().map((atMs) => (atMs ?? Number.NaN) - startMs));
}

function pickVictim(cluster: Cluster, random: Random): MemberProcess {
  const victim = pick(random, [...cluster.members.values()]);
  if (victim === undefined) throw new Error(`${cluster.name} has no members`);
  return victim;
}
