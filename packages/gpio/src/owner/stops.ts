import type { WritableDocument } from "@pi-controller/document";
import type { Unsubscribe } from "@pi-controller/runtime";
import { type EmergencyStop, MeshError } from "@pi-controller/schema";
import { stopsCollection, stopsIn } from "../collections.ts";

export interface StopsComponents {
  readonly own: WritableDocument;
  readonly mesh: WritableDocument;
}

/** Whose outputs a stop is for: it is kept in the mesh document, or in this node's own. */
export type StopScope = "mesh" | "node";

/**
 * The emergency stops that stand for this node: its own, those of all nodes, and those that are on their way to the
 * disk. Whoever writes asks here each time, so the answer is kept ready.
 */
export class Stops {
  readonly #components: StopsComponents;
  /** Stand although they are not on the disk yet, or could not be written there. */
  readonly #latched = new Map<string, { readonly stop: EmergencyStop; readonly scope: StopScope }>();
  #current: EmergencyStop | undefined;
  #known: ReadonlySet<string> = new Set();

  constructor(components: StopsComponents) {
    this.#components = components;
  }

  /** The oldest that stands; undefined: outputs may be driven. */
  get current(): EmergencyStop | undefined {
    return this.#current;
  }

  /** Those of this node alone, or of all nodes. */
  of(scope: StopScope): readonly EmergencyStop[] {
    const stored = stopsIn(this.#document(scope));
    const latched = [...this.#latched.values()].filter((each) => each.scope === scope);
    const unstored = latched.filter((each) => !stored.some(({ id }) => id === each.stop.id));
    return [...stored, ...unstored.map(({ stop }) => stop)];
  }

  all(): readonly EmergencyStop[] {
    return [...this.of("mesh"), ...this.of("node")];
  }

  /** Those that this node can end: its own, and those of all nodes that no document here has. */
  clearable(): readonly EmergencyStop[] {
    const stored = stopsIn(this.#document("mesh"));
    return this.all().filter((stop) => !stored.some(({ id }) => id === stop.id));
  }

  /** Calls back after each change in the documents. */
  observe(listener: () => void): Unsubscribe {
    const unsubscribes = [this.#components.own, this.#components.mesh].map((document) =>
      document.collection(stopsCollection).observe(listener),
    );
    return () => {
      for (const unsubscribe of unsubscribes) unsubscribe();
    };
  }

  /** @returns whether there is one that was not there at the last look */
  look(): boolean {
    const stops = this.all();
    const isNew = stops.some(({ id }) => !this.#known.has(id));
    this.#known = new Set(stops.map(({ id }) => id));
    this.#current = [...stops].sort((one, other) => (one.since < other.since ? -1 : 1))[0];
    return isNew;
  }

  /** Stands from now on. */
  latch(stop: EmergencyStop, scope: StopScope): void {
    this.#latched.set(stop.id, { stop, scope });
    this.look();
  }

  /** Stands after a restart, too. @throws as `WritableDocument.transact`: then it stands until a restart */
  async store(stop: EmergencyStop, scope: StopScope): Promise<void> {
    await this.#document(scope).collection(stopsCollection).put(stop.id, stop);
    this.#latched.delete(stop.id);
    // It may have been cleared by others while it was stored.
    this.look();
  }

  /** Ends stops of this node. @throws as `WritableDocument.transact`: then they stand */
  async remove(ids: readonly string[]): Promise<void> {
    await this.#components.own.transact((transaction) => {
      for (const id of ids) transaction.delete(stopsCollection, id);
    });
    for (const id of ids) this.#latched.delete(id);
    this.look();
  }

  /** Why nothing is driven. */
  refusal(): MeshError | undefined {
    const stop = this.#current;
    if (stop === undefined) return undefined;
    const reason = stop.reason === "" ? "" : `: ${stop.reason}`;
    return new MeshError(
      "FAILED_PRECONDITION",
      `An emergency stop by ${stop.by} stands since ${stop.since}${reason}`,
    );
  }

  #document(scope: StopScope): WritableDocument {
    return this.#components[scope === "mesh" ? "mesh" : "own"];
  }
}
