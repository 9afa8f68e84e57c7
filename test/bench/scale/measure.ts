// Simulates one mesh and prints what it measured as one line of JSON: `measure.ts PEERS`, with --expose-gc.
import { announcementsCollection } from "@pi-controller/nodes";
import type { NodeId } from "@pi-controller/schema";
import { beDeterministic } from "../../simulation/world/determinism.ts";
import type { SimulatedMachine } from "../../simulation/world/simulated-machine.ts";
import { World } from "../../simulation/world/world.ts";
import { countSignatures } from "./count-signatures.ts";
import { type Measurements, plans } from "./measurements.ts";
import { measureMulticast } from "./multicast.ts";
import { trustMb } from "./own-trust.ts";
import { prepareDisks } from "./prepared-disks.ts";
import { trafficOf } from "./traffic.ts";

const SEED = 1;
const STEP_MS = 100;
const PATIENCE_MS = 120_000;

const peers = Number(process.argv[2]);
const plan = plans.get(peers);
if (plan === undefined) throw new Error(`Not measured: ${process.argv[2]}`);
const determinism = beDeterministic();
const signatures = countSignatures();
// One more, which is off at first, and has nothing.
const conditions = { latencyMs: 1, latencySpreadMs: 1 };
const world = await World.create({ seed: SEED, members: peers + 1, strangers: 0, conditions }, determinism);
const machines = world.machines.slice(0, peers);
const newcomer = world.machines[peers] as SimulatedMachine;
const documents = await determinism.work.finish(prepareDisks(world, machines));
say(`disks are prepared: the mesh document has ${documents.meshBytes} bytes`);

// Until nothing waits for anything that made the disks.
await world.clock.advance(120_000);
const ownTrustMb = trustMb(world, heapMb);
const emptyMb = heapMb();
const startCpu = cpuSeconds();
const silenced = machines.map((machine, index) => start(machine, index));
await Promise.resolve();
const startMs = await timeUntil("all know all", () => machines.every((one) => knowsAll(one, peers)));
for (const restore of silenced) restore();
await world.clock.advance(plan.settleMs);
const startCpuSeconds = cpuSeconds() - startCpu;
say(`started; connections ${connections().slice(0, 5).join(" ")}`);
const memoryMb = ownTrustMb + (heapMb() - emptyMb) / peers;
say(`memory a peer ${memoryMb.toFixed(2)} MB`);

const before = trafficOf(world, machines);
const beforeCpu = cpuSeconds();
const beforeAsked = signatures.asked;
await world.clock.advance(plan.steadyMs);
const steadyCpu = cpuSeconds() - beforeCpu;
const nodeSeconds = (peers * plan.steadyMs) / 1_000;
const traffic = trafficOf(world, machines).since(before, nodeSeconds);
const open = connections();
say(`steady: ${JSON.stringify(traffic)}`);

const change = await timeChange();
say(`change: ${change} ms`);
const victim = machines[Math.floor(peers / 2)] as SimulatedMachine;
const killed = await timeDeath(victim, () => victim.kill());
say(`killed: ${killed} ms`);
const unplugged = machines[Math.floor(peers / 3)] as SimulatedMachine;
const poweredOff = await timeDeath(unplugged, () => unplugged.powerOff());
say(`powered off: ${poweredOff} ms`);
const restarted = await timeBirth(victim, peers - 1);
say(`restarted: ${restarted} ms`);
const joined = await timeBirth(newcomer, peers);
say(`joined: ${joined} ms`);

const result: Measurements = {
  peers,
  ...documents,
  steadySeconds: plan.steadyMs / 1_000,
  startMs,
  startCpuSeconds,
  memoryMb,
  trustMb: ownTrustMb,
  multicast: await measureMulticast(peers),
  connectionsMean: open.reduce((sum, count) => sum + count, 0) / open.length,
  connectionsMax: Math.max(...open),
  ...traffic,
  cpuMsPerNodeSecond: (1_000 * steadyCpu) / nodeSeconds,
  signaturesPerNodeSecond: (signatures.asked - beforeAsked) / nodeSeconds,
  changeMs: change,
  killedMs: killed,
  poweredOffMs: poweredOff,
  restartedMs: restarted,
  joinedMs: joined,
};
console.log(JSON.stringify(result));
process.exit(0);

/**
 * Begins at its own moment within 3 s. As everybody knew everybody before, nobody hears of its start: a thousand that
 * are switched on at once are no steady state.
 *
 * @returns lets it tell others again
 */
function start(machine: SimulatedMachine, index: number): () => void {
  let restore = () => {};
  world.clock.setTimer(
    () => {
      machine.start();
      const gossip = machine.peer?.gossip;
      if (gossip === undefined) throw new Error(`${machine.name} does not start`);
      const publish = gossip.publish.bind(gossip);
      gossip.publish = async (topic, payload) => {
        if (topic !== "events") await publish(topic, payload);
      };
      restore = () => {
        gossip.publish = publish;
      };
    },
    (3_000 * index) / peers,
  );
  return () => restore();
}

function membersSeenBy({ peer }: SimulatedMachine): (id: NodeId) => string | undefined {
  return (id) => peer?.core.membership.member(id)?.state;
}

function knowsAll(machine: SimulatedMachine, count: number): boolean {
  if (machine.state !== "running") return false;
  const stateOf = membersSeenBy(machine);
  for (let index = 0; index < count; index++) {
    if (machines[index]?.state === "running" && stateOf((machines[index] as SimulatedMachine).id) !== "alive")
      return false;
  }
  return true;
}

async function timeUntil(what: string, isSo: () => boolean): Promise<number> {
  const beganMs = world.clock.monotonic();
  do {
    await world.clock.advance(STEP_MS);
    if (world.clock.monotonic() % 1_000 < STEP_MS) say(`until ${what}; ${running().length} run`);
    if (world.clock.monotonic() - beganMs > PATIENCE_MS) {
      say(`it was waited in vain until ${what}`);
      return Number.NaN;
    }
  } while (!isSo());
  return world.clock.monotonic() - beganMs;
}

function running(): SimulatedMachine[] {
  return world.machines.filter((machine) => machine.isRunning);
}

async function timeDeath(victim: SimulatedMachine, end: () => void): Promise<number> {
  end();
  return timeUntil(`${victim.name} is dead to all`, () =>
    running().every((machine) => membersSeenBy(machine)(victim.id) === "dead"),
  );
}

/** Until all take it for alive, and it has all documents and takes all for alive. */
async function timeBirth(machine: SimulatedMachine, others: number): Promise<number> {
  machine.start();
  return timeUntil(`${machine.name} is one of all`, () => {
    const held = machine.peer?.core.documents.status().documents ?? 0;
    return (
      machine.isRunning &&
      held > others &&
      knowsAll(machine, peers) &&
      running().every((one) => one === machine || membersSeenBy(one)(machine.id) === "alive")
    );
  });
}

/** What one peer writes in the mesh document, until all have it; looked at each 10 ms. */
async function timeChange(): Promise<number> {
  const writer = machines[0]?.peer?.core.documents;
  const id = (machines[0] as SimulatedMachine).id;
  const collection = writer?.mesh.collection(announcementsCollection);
  const old = collection?.get(id);
  if (collection === undefined || old === undefined) throw new Error("The first machine is announced");
  const version = "1.0.1";
  const beganMs = world.clock.monotonic();
  await determinism.work.finish(collection.put(id, { ...old, version }));
  const hasIt = ({ peer }: SimulatedMachine) =>
    peer?.core.documents.mesh.collection(announcementsCollection).get(id)?.version === version;
  while (!running().every(hasIt)) {
    await world.clock.advance(10);
    if (world.clock.monotonic() - beganMs > PATIENCE_MS) return Number.NaN;
  }
  return world.clock.monotonic() - beganMs;
}

function connections(): number[] {
  return running().map(({ peer }) => peer?.network.status().connections.length ?? 0);
}

function heapMb(): number {
  globalThis.gc?.();
  globalThis.gc?.();
  const { external, heapUsed } = process.memoryUsage();
  return (heapUsed + external) / 1e6;
}

function cpuSeconds(): number {
  const { system, user } = process.cpuUsage();
  return (system + user) / 1e6;
}

function say(text: string): void {
  const rss = (process.memoryUsage().rss / 1e6).toFixed(0);
  console.error(
    `${peers} peers, ${(world.clock.monotonic() / 1_000).toFixed(1)} s, CPU ${cpuSeconds().toFixed(0)} s, ${rss} MB: ${text}`,
  );
}
