/**
 * A peer's document in a process of its own, for the tests to kill: prints its state, then writes without end
 * and prints each write that was acknowledged. Argument: the data directory.
 */
import { flushCompileCache } from "node:module";
import { AddressBook } from "@pi-controller/mesh";
import { SimulatedNetwork } from "@pi-controller/mesh/simulated";
import { silentLogger, systemClock, systemRandom, unsyncedPageFile } from "@pi-controller/runtime";
import * as z from "zod";
import { defineCollection } from "./collection.ts";
import { Documents } from "./documents.ts";
import { levelStore } from "./store/level-store.ts";

const WRITERS = 8;
const counters = defineCollection({
  name: "counters",
  schema: z.object({ id: z.string(), n: z.number() }),
});

// Otherwise written at the end of the process, which never comes.
flushCompileCache();
/** On Linux a pipe is written at once: what was said was acknowledged, and is heard whatever happens then. */
const say = (line: string) => void process.stdout.write(`${line}\n`);
const components = { clock: systemClock(), random: systemRandom(), logger: silentLogger };
const { network, gossip } = new SimulatedNetwork(components).createPeer("node-durability", {
  addressBook: new AddressBook(),
  logger: silentLogger,
});
const directory = process.argv[2] as string;
const documents = new Documents(
  {
    ...components,
    network,
    gossip,
    store: levelStore({ directory }),
    clockPage: unsyncedPageFile({ path: `${directory}-clocks` }),
    reachablePeers: () => [],
  },
  { overheadBytes: 500 },
);
try {
  await documents.start(new AbortController().signal);
} catch (error) {
  say(`failed ${JSON.stringify(error)}`);
  process.exit(1);
}
const stored = [documents.mesh, documents.own].map((document) => document.collection(counters).all());
say(`state ${JSON.stringify(stored)}`);

for (const [kind, document] of [documents.mesh, documents.own].entries()) {
  for (let writer = 0; writer < WRITERS; writer++) void writeForEver(kind, document, `c${writer}`);
}
// Timers of the system clock alone do not keep a process alive.
setInterval(() => undefined, 1000);

async function writeForEver(kind: number, document: Documents["mesh"], id: string): Promise<void> {
  const collection = document.collection(counters);
  for (let n = (collection.get(id)?.n ?? 0) + 1; ; n++) {
    await collection.put(id, { id, n });
    say(`${kind} ${id} ${n}`);
  }
}
