import { pick, seededRandom } from "@pi-controller/runtime";
import { afterEach, describe, expect, it } from "vitest";
import { capabilities, skipWithout } from "../capabilities.ts";
import {
  type Detection,
  detectReal,
  detectSimulated,
  type Loss,
  linkOf,
  type RealMember,
  roundTripsOf,
} from "../nemesis/detection.ts";
import { LatenessProbe } from "../nemesis/lateness.ts";
import { nodeOf } from "../support/acts.ts";
import { startMeshOn } from "../support/hosts.ts";
import { Ethernet, type Host } from "../support/namespaces.ts";
import { Cleanup } from "../support/peer-process.ts";
import { median, quantile } from "../support/statistics.ts";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const SEED = Number(process.env.NEMESIS_SEED ?? 1);
const ROUNDS = Number(process.env.NEMESIS_ROUNDS ?? 4);
const MEMBERS = 8;
const SIMULATIONS = 60;
const ROUND_TRIPS_MS = 6_000;
const MOST_DIFFERENCE = 0.1;
/** So many standard errors are hardly ever exceeded. */
const CHANCES = 3;
/** The standard error of a median is larger than that of a mean by this (of a normal distribution: sqrt(pi / 2)). */
const MEDIAN_ERROR = 1.2533;
const losses: readonly Loss[] = ["stop", "cut"];

describe.skipIf(skipWithout(capabilities.namespaces))("the simulated network", () => {
  it("predicts how soon real peers notice that one is lost", { timeout: 240_000 }, async () => {
    console.log(`Seed ${SEED}: NEMESIS_SEED sets it.`);
    const random = seededRandom(SEED);
    const ethernet = new Ethernet();
    cleanup.add(() => ethernet.remove());
    const names = Array.from({ length: MEMBERS }, (_, index) => `pi-${index}`);
    const hosts = new Map(names.map((name) => [name, ethernet.addHost(name)]));
    const peers = await startMeshOn(cleanup, hosts, { meshName: "detection" });
    const members: RealMember[] = [];
    for (const peer of peers) {
      members.push({ peer, host: hosts.get(peer.name) as Host, id: await nodeOf(peer) });
    }
    const real = new Map<Loss, Detection[][]>(losses.map((loss) => [loss, []]));
    const roundTripsMs = await roundTripsOf(members, ROUND_TRIPS_MS);
    const probe = new LatenessProbe();
    cleanup.add(() => probe.stop());
    for (let round = 0; round < ROUNDS; round++) {
      for (const loss of losses) {
        const victim = pick(random, members) as RealMember;
        real.get(loss)?.push(await detectReal(members, victim, loss, random.next()));
      }
    }
    const { waits } = probe;
    await cleanup.run();

    const link = linkOf(roundTripsMs);
    console.log(`Round trip ${figures(roundTripsMs)}: ${JSON.stringify(link)}.`);
    const perSecond = (1_000 * waits.lateMs.length) / waits.durationMs;
    console.log(`Late ${figures(waits.lateMs)}, ${perSecond.toFixed(1)} times a second.`);
    for (const loss of losses) {
      const simulated: Detection[][] = [];
      for (let seed = SEED; seed < SEED + SIMULATIONS; seed++) {
        simulated.push(await detectSimulated({ members: MEMBERS, seed, link, waits }, loss));
      }
      for (const what of ["suspectMs", "deadMs"] as const) {
        const times = (rounds: readonly Detection[][]) => rounds.flat().map((detection) => detection[what]);
        const [measured, predicted] = [times(real.get(loss) ?? []), times(simulated)];
        const difference = Math.abs(median(predicted) - median(measured)) / median(measured);
        // Observers of one loss agree: it is the rounds that are independent, and suspicion varies much between them.
        const chance =
          what === "deadMs" ? 0 : standardError(simulated.map((round) => median(times([round]))));
        const said = [
          `Seed ${SEED}, ${loss}, ${what}: real ${figures(measured)}, simulated ${figures(predicted)}`,
          `${(100 * difference).toFixed(1)} % apart, of which ${(100 * CHANCES * chance).toFixed(1)} % may be chance`,
        ].join("; ");
        console.log(said);
        expect.soft(difference, said).toBeLessThanOrEqual(MOST_DIFFERENCE + CHANCES * chance);
      }
    }
  });
});

/** Of the median of as many rounds as there were real ones, as a share of it, when single rounds vary as these. */
function standardError(rounds: readonly number[]): number {
  const mean = rounds.reduce((sum, ms) => sum + ms, 0) / rounds.length;
  const variance = rounds.reduce((sum, ms) => sum + (ms - mean) ** 2, 0) / rounds.length;
  return (MEDIAN_ERROR * Math.sqrt(variance / ROUNDS)) / mean;
}

function figures(values: readonly number[]): string {
  const at = (share: number) => quantile(values, share).toFixed(1);
  return `${at(0.1)}, ${at(0.5)}, ${at(0.9)} ms (p10, median, p90 of ${values.length})`;
}
