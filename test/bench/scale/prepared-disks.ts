import { Documents } from "@pi-controller/document";
import { type DiskSnapshot, SimulatedFile, SimulatedStore } from "@pi-controller/document/simulated";
import { simulatedMachine } from "@pi-controller/hardware";
import { AddressBook, discoveryTag } from "@pi-controller/mesh";
import { SelfRegistration } from "@pi-controller/nodes";
import { silentLogger } from "@pi-controller/runtime";
import { MeshSecrets, SecretRollover, Trust, TrustCarrier } from "@pi-controller/security";
import { mergeUpdates } from "yjs";
import type { SimulatedMachine } from "../../simulation/world/simulated-machine.ts";
import type { World } from "../../simulation/world/world.ts";

type Content = DiskSnapshot["content"];

/** The log of the mesh document, and that of what a store knows of itself. */
const MESH = "mesh";
const STORAGE = "storage";
/** The file that simulated machines have beside their store. */
const CLOCKS = "document-clocks";

/** What the trust of one of them says is what that of all others says. */
interface Common {
  readonly trust: Trust;
  readonly secrets: MeshSecrets;
}

/**
 * Writes to the disks of machines what they would hold if all of them had run and met: each, alone, registers itself and
 * says which mesh secret it has, the first one enters who belongs to the mesh, and then all get what all wrote.
 *
 * @returns bytes of the mesh document and of all others
 */
export async function prepareDisks(
  world: World,
  machines: readonly SimulatedMachine[],
): Promise<{ readonly meshBytes: number; readonly nodeBytes: number }> {
  const [first] = machines;
  if (first === undefined) throw new RangeError("A mesh has a machine at least");
  const common = await commonOf(world, first);
  for (const machine of machines) await register(world, machine, common);
  await common.secrets.stop();
  common.trust.close();
  const own = machines.map(({ disk }) => disk.logs);
  const mesh = mergeUpdates(own.flatMap((logs) => [...(logs.get(MESH) ?? [])]));
  const nodes = own.flatMap((logs) => [...logs].filter(([log]) => log !== MESH && log !== STORAGE));
  for (const { disk } of machines) {
    const storage = disk.logs.get(STORAGE)?.at(-1);
    if (storage === undefined) throw new Error("A store that was opened has an epoch");
    const snapshot = disk.snapshot();
    const { content } = snapshot;
    content.apply([{ kind: "replace", log: MESH, entry: mesh }]);
    for (const [log, entries] of nodes) replace(content, log, entries);
    disk.restore({ ...snapshot, content });
  }
  const nodeBytes = nodes.reduce((sum, [, entries]) => sum + bytesOf(entries), 0);
  return { meshBytes: mesh.length, nodeBytes };
}

function replace(content: Content, log: string, [first, ...rest]: readonly Uint8Array[]): void {
  if (first === undefined) return;
  content.apply([
    { kind: "replace", log, entry: first },
    ...rest.map((entry) => ({ kind: "append" as const, log, entry })),
  ]);
}

function bytesOf(entries: readonly Uint8Array[]): number {
  return entries.reduce((sum, { length }) => sum + length, 0);
}

async function commonOf(world: World, { node, trustDisk }: SimulatedMachine): Promise<Common> {
  const { clock } = world;
  const store = trustDisk.open();
  if (store === undefined) throw new Error("Each machine belongs to the mesh");
  const trust = Trust.load({ clock, logger: silentLogger, store }, { buildDateMs: 0 });
  const secrets = new MeshSecrets(
    { logger: silentLogger, trust, node: node.key, store },
    { tagOf: discoveryTag },
  );
  await secrets.start();
  return { trust, secrets };
}

/** As a machine does that starts for the first time, under a name of its own. */
async function register(world: World, machine: SimulatedMachine, { secrets, trust }: Common): Promise<void> {
  const { clock } = world;
  const random = world.random(`registration ${machine.index}`);
  const common = { clock, random, logger: silentLogger };
  const { network, gossip } = world.hub.createPeer(machine.id, { ...common, addressBook: new AddressBook() });
  const store = new SimulatedStore({ disk: machine.disk });
  const clockPage = new SimulatedFile({ disk: machine.disk }, { name: CLOCKS });
  const documents = new Documents({ ...common, network, gossip, store, clockPage, reachablePeers: () => [] });
  const done = Promise.withResolvers<void>();
  const registration = new SelfRegistration(
    {
      ...common,
      network,
      documents,
      // The last that it does is to tell that it has started.
      events: { emit: (type: string) => type === "cluster.node.started" && done.resolve() } as never,
      board: () => simulatedMachine(common, { board: "pi-4", hostname: "raspberrypi" }).detect(),
    },
    {
      name: `raspberrypi-${machine.index}`,
      version: "1.0.0",
      bootEpoch: machine.nextBootEpoch(),
      isAlone: () => true,
      apiUrls: () => [world.apis.originOf(machine)],
    },
  );
  const trusted = { ...common, trust, document: documents.mesh };
  const rollover = new SecretRollover({ ...trusted, secrets, node: machine.node.key });
  const carrier = new TrustCarrier(trusted);
  const { signal } = new AbortController();
  for (const service of [documents, network, registration]) await service.start(signal);
  await done.promise;
  await rollover.start();
  // It enters all that is missing, though it waits a little before it does.
  if (machine.index === 0) await carrier.start();
  if (machine.index === 0) await clock.advance(60_000);
  for (const service of [rollover, registration]) await service.stop();
  if (machine.index === 0) await carrier.stop();
  await documents.stop();
  world.hub.kill(machine.id);
}
