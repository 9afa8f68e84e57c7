import { announcementsCollection, boardsCollection, nodesCollection } from "@pi-controller/nodes";
import type { NodeId } from "@pi-controller/schema";
import { countersCollection, type DocumentWrites } from "../workload/document-writes.ts";
import type { RunningPeer } from "../world/compose-peer.ts";
import type { World } from "../world/world.ts";
import type { Invariant } from "./invariant.ts";

/** No acknowledged write is lost, and all peers come to hold the same. */
export class DocumentsAgree implements Invariant {
  readonly name = "documents";
  readonly #writes: DocumentWrites;

  constructor(components: { readonly writes: DocumentWrites }) {
    this.#writes = components.writes;
  }

  *settled(world: World): Iterable<string> {
    const peers = world.machines.flatMap(({ peer, gone, name }) =>
      peer === undefined || gone !== undefined ? [] : [{ peer, name }],
    );
    const ids = peers.map(({ peer }) => peer.id);
    for (const { peer, name } of peers) {
      yield* badRoster(peer, name, ids);
      yield* this.#missingAt(world, peer, name);
    }
    const [first, ...others] = peers.map(({ peer, name }) => ({ name, content: contentOf(peer, ids) }));
    for (const { name, content } of others) {
      for (const document of Object.keys(content)) {
        if (content[document] !== first?.content[document]) {
          yield `${name} and ${first?.name} differ in the document ${world.machine(document)?.name ?? document}`;
        }
      }
    }
  }

  *#missingAt(world: World, { core }: RunningPeer, name: string): Iterable<string> {
    for (const { machine, kind, id, acknowledged } of this.#writes.counters.values()) {
      if (world.forgetful.has(machine) || machine.gone !== undefined) continue;
      const document = kind === "mesh" ? core.documents.mesh : core.documents.node(machine.id);
      const count = document.collection(countersCollection).get(id)?.count ?? 0;
      if (count < acknowledged) {
        yield `${name} has ${kind} ${machine.name}-${id.at(-1)} at ${count}, of which ${acknowledged} were acknowledged`;
      }
    }
  }
}

function* badRoster({ core }: RunningPeer, name: string, ids: readonly NodeId[]): Iterable<string> {
  const nodes = core.documents.mesh.collection(nodesCollection).all();
  const names = new Set(nodes.map((node) => node.name));
  const known = new Set(nodes.map(({ id }) => id));
  for (const id of ids) if (!known.has(id)) yield `${id} is not in the roster of ${name}`;
  if (names.size !== nodes.length) yield `${name} has ${nodes.length} nodes and ${names.size} names`;
}

function contentOf({ core }: RunningPeer, ids: readonly NodeId[]): Record<string, string> {
  const { documents } = core;
  const mesh = [nodesCollection, announcementsCollection, countersCollection].map((definition) =>
    documents.mesh.collection<object>(definition as never).all(),
  );
  const content: Record<string, string> = { mesh: JSON.stringify(mesh) };
  for (const id of ids) {
    const own = documents.node(id);
    content[id] = JSON.stringify([
      own.collection(boardsCollection).all(),
      own.collection(countersCollection).all(),
    ]);
  }
  return content;
}
