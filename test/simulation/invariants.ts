import { announcementsCollection, boardsCollection, nodesCollection } from "@pi-controller/nodes";
import type { NodeId } from "@pi-controller/schema";
import { countersCollection, type Machine, type Peer } from "./machine.ts";
import type { Writes } from "./writes.ts";

/** What does not hold, as sentences; to be asked when all machines run and nothing is cut. */
export function violations(machines: readonly Machine[], writes: Writes): string[] {
  const peers = machines.flatMap(({ peer }) => (peer === undefined ? [] : [peer]));
  const ids = peers.map(({ id }) => id);
  return [
    ...peers.flatMap((peer) => notAlive(peer, ids)),
    ...peers.flatMap((peer) => badRoster(peer, ids)),
    ...unequal(peers, ids),
    ...peers.flatMap((peer) => writes.missingAt(peer)),
    ...peers.flatMap((peer) =>
      peer.nodes.mesh().partition === null ? [] : [`${peer.id} still sees a partition`],
    ),
  ];
}

function notAlive({ id, membership }: Peer, ids: readonly NodeId[]): string[] {
  return ids.flatMap((other) => {
    const state = membership.member(other)?.state ?? "not there";
    return state === "alive" ? [] : [`${id} believes ${other} to be ${state}`];
  });
}

function badRoster({ id, documents }: Peer, ids: readonly NodeId[]): string[] {
  const nodes = documents.mesh.collection(nodesCollection).all();
  const names = new Set(nodes.map(({ name }) => name));
  return [
    ...ids
      .filter((other) => !nodes.some((node) => node.id === other))
      .map((other) => `${other} is not in the roster of ${id}`),
    ...(names.size === nodes.length ? [] : [`${id} has ${nodes.length} nodes and ${names.size} names`]),
  ];
}

function unequal(peers: readonly Peer[], ids: readonly NodeId[]): string[] {
  const [first, ...others] = peers.map((peer) => ({ id: peer.id, content: contentOf(peer, ids) }));
  return others.flatMap(({ id, content }) =>
    Object.keys(content).flatMap((document) =>
      content[document] === first?.content[document]
        ? []
        : [`${id} and ${first?.id} differ in the document ${document}`],
    ),
  );
}

function contentOf({ documents }: Peer, ids: readonly NodeId[]): Record<string, string> {
  const mesh = [nodesCollection, announcementsCollection, countersCollection].map((definition) =>
    documents.mesh.collection<object>(definition as never).all(),
  );
  const content: Record<string, string> = { mesh: JSON.stringify(mesh) };
  for (const node of ids) {
    const own = documents.node(node);
    content[node] = JSON.stringify([
      own.collection(boardsCollection).all(),
      own.collection(countersCollection).all(),
    ]);
  }
  return content;
}
