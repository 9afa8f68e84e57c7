import { type Marks, marksCollection } from "../workload/marks.ts";
import type { World } from "../world/world.ts";
import type { Invariant } from "./invariant.ts";

/** What was put or taken out last stands, with all peers. */
export class MarksStand implements Invariant {
  readonly name = "marks";
  readonly #workload: Marks;

  constructor(components: { readonly workload: Marks }) {
    this.#workload = components.workload;
  }

  *settled(world: World): Iterable<string> {
    const peers = world.machines.filter(({ gone, peer }) => peer !== undefined && gone === undefined);
    for (const { machine, kind, id, stands } of this.#workload.marks.values()) {
      if (machine.gone !== undefined) continue;
      const found = new Map<string, string | null>();
      for (const { name, peer } of peers) {
        if (peer === undefined) continue;
        const document = kind === "mesh" ? peer.core.documents.mesh : peer.core.documents.node(machine.id);
        found.set(name, document.collection(marksCollection).get(id)?.text ?? null);
      }
      const mark = `${kind} ${machine.name}-${id.at(-1)}`;
      if (new Set(found.values()).size > 1) yield `the mark ${mark} differs: ${told(found)}`;
      else if (stands !== undefined && !world.forgetful.has(machine)) {
        const [shown] = found.values();
        if (shown !== stands) yield `the mark ${mark} is ${short(shown)} in place of ${short(stands)}`;
      }
    }
  }
}

function told(found: ReadonlyMap<string, string | null>): string {
  return [...found].map(([name, text]) => `${name} ${short(text)}`).join(", ");
}

function short(text: string | null | undefined): string {
  return text?.split(" ")[0] ?? "none";
}
