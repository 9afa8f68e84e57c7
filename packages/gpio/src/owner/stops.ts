import type { WritableDocument } from "@pi-controller/document";
import type { Unsubscribe } from "@pi-controller/runtime";
import { type EmergencyStop, MeshError } from "@pi-controller/schema";
import { stopsCollection, stopsIn } from "../collections.ts";
import type { Sealed } from "./sealing.ts";
import type { StoredAtStart } from "./stored-at-start.ts";

/** Stops that were cleared are remembered, this many: nobody brings one back that he kept. */
const MAX_CLEARED = 1_024;

export interface StopsComponents {
  readonly own: WritableDocument;
  readonly mesh: WritableDocument;
  readonly sealed: Sealed<EmergencyStop>;
  readonly stored: StoredAtStart;
}

/** Whose outputs a stop is for: it is kept in the mesh document, or in this node's own. */
export type StopScope = "mesh" | "node";

/**
 * The emergency stops that stand for this node: its own, those of all nodes, and those that are on their way to the
 * disk. Whoever writes asks here each time, so the answer is kept ready. The node's own end here alone: that one is not
 * in the own document any more, or something in there that this node did not write, means nothing.
 */
export class Stops {
  readonly #components: StopsComponents;
  /** Stand although they are not on the disk yet, or could not be written there. */
  readonly #latched = new Map<string, { readonly stop: EmergencyStop; readonly scope: StopScope }>();
  /** Of this node, in its document as far as it knows. */
  readonly #own = new Map<string, EmergencyStop>();
  /** MACs of those of this node that were cleared, or are about to be. */
  readonly #cleared = new Set<string>();
  #storing: Promise<void> = Promise.resolve();
  #removing = 0;
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
    const stored = scope === "mesh" ? stopsIn(this.#components.mesh) : [...this.#own.values()];
    const latched = [...this.#latched.values()].filter((each) => each.scope === scope);
    const unstored = latched.filter((each) => !stored.some(({ id }) => id === each.stop.id));
    return [...stored, ...unstored.map(({ stop }) => stop)];
  }

  all(): readonly EmergencyStop[] {
    return [...this.of("mesh"), ...this.of("node")];
  }

  /** Those that this node can end: its own, and those of all nodes that no document here has. */
  clearable(): readonly EmergencyStop[] {
    const stored = stopsIn(this.#components.mesh);
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

  /** Takes those of this node from its disk. */
  open(): void {
    const { stored } = this.#components;
    stored.read();
    for (const { record } of stored.stops.values()) this.#own.set(record.id, record);
    this.look();
  }

  /** @returns whether there is one that was not there at the last look */
  look(): boolean {
    const { own, sealed } = this.#components;
    for (const [id, { record, mac }] of sealed.in(own)) {
      const isKnown = this.#latched.has(id) || this.#own.has(id);
      if (!isKnown && !this.#cleared.has(mac)) this.#own.set(id, record);
    }
    const stops = this.all();
    const isNew = stops.some(({ id }) => !this.#known.has(id));
    this.#known = new Set(stops.map(({ id }) => id));
    this.#current = [...stops].sort((one, other) => (one.since < other.since ? -1 : 1))[0];
    return isNew;
  }

  /** Stands from now on. */
  latch(stop: EmergencyStop, scope: StopScope): void {
    if (scope === "node") this.#cleared.delete(this.#components.sealed.close(stop).mac);
    this.#latched.set(stop.id, { stop, scope });
    this.look();
  }

  /** Stands after a restart, too. @throws as `WritableDocument.transact`: then it stands until a restart */
  async store(stop: EmergencyStop, scope: StopScope): Promise<void> {
    const { own, mesh, sealed } = this.#components;
    if (scope === "mesh") {
      await mesh.collection(stopsCollection).put(stop.id, stop);
    } else {
      const envelope = sealed.close(stop);
      await own.collection(sealed.collection).put(stop.id, envelope);
      // It may have been cleared while it was stored.
      if (this.#latched.has(stop.id)) this.#own.set(stop.id, stop);
    }
    this.#latched.delete(stop.id);
    // It may have been cleared by others while it was stored.
    this.look();
  }

  /**
   * Writes down what stands in memory alone, since the disk did not take it before.
   *
   * @throws as `WritableDocument.transact`, and MeshError UNAVAILABLE while some are being ended: then try again
   */
  async storeLatched(): Promise<void> {
    for (const { stop, scope } of [...this.#latched.values()]) {
      if (this.#removing > 0) throw new MeshError("UNAVAILABLE", "Stops are being ended");
      if (!this.#latched.has(stop.id)) continue;
      this.#storing = this.store(stop, scope);
      await this.#storing;
    }
  }

  /** Ends stops of this node. @throws as `WritableDocument.transact`: then they stand */
  async remove(ids: readonly string[]): Promise<void> {
    const { own, sealed } = this.#components;
    this.#removing++;
    const macs = this.of("node").flatMap((stop) => (ids.includes(stop.id) ? [sealed.close(stop).mac] : []));
    for (const mac of macs) this.#cleared.add(mac);
    try {
      // Else it would come after this, and stand again.
      await this.#storing.catch(() => undefined);
      await own.transact((transaction) => {
        for (const id of ids) transaction.delete(sealed.collection, id);
      });
    } catch (error) {
      for (const mac of macs) this.#cleared.delete(mac);
      throw error;
    } finally {
      this.#removing--;
    }
    for (const id of ids) {
      this.#latched.delete(id);
      this.#own.delete(id);
    }
    this.#forgetCleared();
    this.look();
  }

  /** Whether the own document says something else than this node does. */
  get isDocumentChanged(): boolean {
    const { own, sealed } = this.#components;
    const stored = sealed.in(own);
    const ids = sealed.ids(own);
    return (
      this.#lost((id) => stored.get(id)?.mac).length > 0 ||
      ids.some((id) => this.#isForeign(stored.get(id)?.mac))
    );
  }

  /** Undoes what others did to the own document. @throws as `WritableDocument.transact` */
  async repair(): Promise<void> {
    const { own, sealed } = this.#components;
    await own.transact((transaction) => {
      const macOf = (id: string) => {
        const envelope = transaction.get(sealed.collection, id);
        return envelope === undefined ? undefined : sealed.open(id, envelope)?.mac;
      };
      for (const id of sealed.ids(own)) {
        if (this.#isForeign(macOf(id)) && !this.#latched.has(id)) transaction.delete(sealed.collection, id);
      }
      for (const stop of this.#lost(macOf)) transaction.put(sealed.collection, stop.id, sealed.close(stop));
    });
  }

  /** @param macOf of what the document has */
  #lost(macOf: (id: string) => string | undefined): readonly EmergencyStop[] {
    return [...this.#own.values()].filter((stop) => {
      const { mac } = this.#components.sealed.close(stop);
      return macOf(stop.id) !== mac && !this.#cleared.has(mac);
    });
  }

  #isForeign(mac: string | undefined): boolean {
    return mac === undefined || this.#cleared.has(mac);
  }

  #forgetCleared(): void {
    for (const oldest of this.#cleared) {
      if (this.#cleared.size <= MAX_CLEARED) return;
      this.#cleared.delete(oldest);
    }
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
}
