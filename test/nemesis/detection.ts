import type { LinkConditions } from "@pi-controller/mesh/simulated";
import { pick } from "@pi-controller/runtime";
import type { NodeId } from "@pi-controller/schema";
import { SimulatedMesh, stateOf } from "../../packages/mesh/src/membership/simulated-mesh.ts";
import type { Host } from "../support/namespaces.ts";
import { allConnected, allSee, type PeerProcess } from "../support/peer-process.ts";
import { readChange } from "../support/sightings.ts";
import { median } from "../support/statistics.ts";
import { waitFor } from "../support/wait.ts";
import type { Waits } from "./lateness.ts";

/** `stop`: its process stands still. `cut`: nothing comes from its machine any more, as without power. */
export type Loss = "stop" | "cut";

/** After how many ms one observer suspected who was lost, and held it dead. */
export interface Detection {
  readonly suspectMs: number;
  readonly deadMs: number;
}

export interface RealMember {
  readonly peer: PeerProcess;
  readonly host: Host;
  readonly id: NodeId;
}

const DETECT_WITHIN_MS = 20_000;
const BACK_WITHIN_MS = 30_000;
/** Probes go on at their own times: a loss comes at none of them. */
const PHASE_MS = 1_000;
/** Until the members of a simulated mesh know how long round trips take. */
const SETTLE_MS = 5_000;
const POLL_MS = 500;
const LATE_FACTOR = 3;

/**
 * Loses one real peer, waits until all others hold it dead, and takes it back.
 *
 * @param delayMs 0 to `PHASE_MS`, so that the loss comes at any time
 * @returns one an observer, by the times in their logs
 */
export async function detectReal(
  members: readonly RealMember[],
  victim: RealMember,
  loss: Loss,
  delayShare: number,
): Promise<Detection[]> {
  await new Promise((wake) => setTimeout(wake, delayShare * PHASE_MS));
  const observers = members.filter((member) => member !== victim);
  const logged = observers.map(({ peer }) => peer.log.length);
  const lostAtMs = Date.now();
  if (loss === "stop") victim.peer.signal("SIGSTOP");
  else victim.host.cut();
  const detections = await waitFor(
    `all know that ${victim.peer.name} is lost`,
    () => {
      const all = observers.map(({ peer }, index) =>
        detectionIn(peer.log.slice(logged[index] ?? 0), victim.id, lostAtMs),
      );
      return all.every((detection) => detection !== undefined) ? all : undefined;
    },
    { withinMs: DETECT_WITHIN_MS, everyMs: 100 },
  );
  if (loss === "stop") victim.peer.signal("SIGCONT");
  else victim.host.plug();
  const peers = members.map(({ peer }) => peer);
  await allSee(
    peers,
    peers.map(({ name }) => name),
    "alive",
    BACK_WITHIN_MS,
  );
  await allConnected(peers);
  return detections;
}

function detectionIn(log: string, id: NodeId, lostAtMs: number): Detection | undefined {
  const changes = log.split("\n").flatMap((line) => readChange(line) ?? []);
  const after = (state: string) => {
    const change = changes.find((each) => each.node === id && each.state === state);
    return change === undefined ? undefined : change.atMs - lostAtMs;
  };
  const [suspectMs, deadMs] = [after("suspect"), after("dead")];
  // Who is told of the death first has suspected nothing.
  return deadMs === undefined ? undefined : { suspectMs: suspectMs ?? deadMs, deadMs };
}

/**
 * Round trips that the peers measure themselves, in ms, while nothing is lost: each connection's is measured anew every
 * few seconds.
 */
export async function roundTripsOf(members: readonly RealMember[], durationMs: number): Promise<number[]> {
  const roundTripsMs: number[] = [];
  const known = new Map<string, number | null>();
  const endMs = performance.now() + durationMs;
  while (performance.now() < endMs) {
    for (const { peer } of members) {
      for (const { node, address, roundTripMs } of (await peer.mesh()).connections) {
        const connection = `${peer.name} ${node} ${address}`;
        const before = known.get(connection);
        known.set(connection, roundTripMs);
        // What was there at first may be of the time when all were starting.
        if (before !== undefined && before !== roundTripMs && roundTripMs !== null)
          roundTripsMs.push(roundTripMs);
      }
    }
    await new Promise((wake) => setTimeout(wake, POLL_MS));
  }
  return roundTripsMs;
}

/** A link on which round trips take as long as those. */
export function linkOf(roundTripsMs: readonly number[]): Partial<LinkConditions> {
  const medianMs = median(roundTripsMs);
  // What takes much longer than most waits for a processor, not for the wire.
  const late = roundTripsMs.filter((roundTripMs) => roundTripMs > LATE_FACTOR * medianMs);
  const excessMs = late.map((roundTripMs) => roundTripMs - medianMs);
  const meanExcessMs = excessMs.reduce((sum, ms) => sum + ms, 0) / Math.max(1, late.length);
  return {
    latencyMs: medianMs / 2,
    latencySpreadMs: medianMs / 2,
    // Either of the two messages of a round trip may be the late one.
    reorderFraction: late.length / roundTripsMs.length / 2,
    // Evenly from nothing to this.
    reorderDelayMs: 2 * meanExcessMs,
  };
}

export interface SimulationOptions {
  readonly members: number;
  readonly seed: number;
  readonly link: Partial<LinkConditions>;
  /** What each process waits for a processor. */
  readonly waits: Waits;
}

/** Loses one member of a simulated mesh. @returns one an observer */
export async function detectSimulated(options: SimulationOptions, loss: Loss): Promise<Detection[]> {
  const mesh = await SimulatedMesh.of(options.members, options.seed, options.link);
  const victim = mesh.get(0);
  let isLost = false;
  for (const { id } of mesh.all) haveWait(mesh, id, options.waits, () => isLost && id === victim.id);
  await mesh.clock.advance(SETTLE_MS + PHASE_MS * mesh.random.next());
  isLost = true;
  const observers = mesh.others(victim.id);
  const lostAtMs = mesh.clock.monotonic();
  if (loss === "stop") mesh.hub.pause(victim.id);
  else mesh.hub.powerOff(victim.id);
  await mesh.until(
    () => observers.every((observer) => stateOf(observer, victim.id) === "dead"),
    DETECT_WITHIN_MS,
  );
  return observers.map(({ changes }) => {
    const after = (state: string) =>
      changes.find(({ id, member, atMs }) => id === victim.id && member.state === state && atMs >= lostAtMs);
    const deadMs = (after("dead")?.atMs ?? Number.NaN) - lostAtMs;
    const suspectedMs = after("suspect")?.atMs;
    return { suspectMs: suspectedMs === undefined ? deadMs : suspectedMs - lostAtMs, deadMs };
  });
}

/** Has a simulated process stand still as often, and for as long, as a real one waits for a processor. */
function haveWait(
  mesh: SimulatedMesh,
  id: NodeId,
  { lateMs, durationMs }: Waits,
  isOver: () => boolean,
): void {
  if (lateMs.length === 0) return;
  // At random moments: times between them are exponentially distributed.
  const untilNextMs = () => (-Math.log(1 - mesh.random.next()) * durationMs) / lateMs.length;
  const wait = () => {
    if (isOver()) return;
    mesh.hub.pause(id);
    mesh.clock.setTimer(() => {
      if (isOver()) return;
      mesh.hub.resume(id);
      mesh.clock.setTimer(wait, untilNextMs());
    }, pick(mesh.random, lateMs) ?? 0);
  };
  mesh.clock.setTimer(wait, untilNextMs());
}
