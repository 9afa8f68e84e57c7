import type { NodeId } from "@pi-controller/schema";
import { countersCollection, type Machine, type Peer } from "./machine.ts";

/** Counters that each machine keeps in each of the two kinds of document that it may write. */
const COUNTERS = 3;

type Kind = "mesh" | "own";

interface Counter {
  readonly machine: NodeId;
  readonly kind: Kind;
  readonly id: string;
  /** The highest number that was ever tried to write. */
  attempted: number;
  /** The highest number whose write was acknowledged. */
  acknowledged: number;
}

/** Remembers what was written and acknowledged, so that it can be told in the end what was lost. */
export class Writes {
  readonly #counters = new Map<string, Counter>();

  /** Counts on in one counter of a machine; what comes of it shows later. */
  begin(machine: Machine, kind: Kind, number: number): void {
    const { peer } = machine;
    if (peer === undefined) return;
    const id = `${machine.id}-${number % COUNTERS}`;
    const key = `${kind}/${id}`;
    const counter = this.#counters.get(key) ?? {
      machine: machine.id,
      kind,
      id,
      attempted: 0,
      acknowledged: 0,
    };
    this.#counters.set(key, counter);
    const count = ++counter.attempted;
    peer.documents[kind]
      .collection(countersCollection)
      .put(id, { id, count })
      .then(
        () => {
          counter.acknowledged = Math.max(counter.acknowledged, count);
        },
        () => {
          // Refused, as by a process that stops: nothing was promised.
        },
      );
  }

  get acknowledgedCount(): number {
    return [...this.#counters.values()].reduce((sum, { acknowledged }) => sum + acknowledged, 0);
  }

  /** Acknowledged writes that a peer does not know of, as sentences. */
  missingAt(peer: Peer): string[] {
    return [...this.#counters.values()].flatMap(({ machine, kind, id, acknowledged }) => {
      const document = kind === "mesh" ? peer.documents.mesh : peer.documents.node(machine);
      const count = document.collection(countersCollection).get(id)?.count ?? 0;
      return count >= acknowledged
        ? []
        : [`${peer.id} has ${kind} ${id} at ${count}, of which ${acknowledged} were acknowledged`];
    });
  }
}
