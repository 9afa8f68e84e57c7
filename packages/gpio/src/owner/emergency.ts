import type { ReadonlyDocument } from "@pi-controller/document";
import type { Clock, Unsubscribe } from "@pi-controller/runtime";
import {
  type Access,
  type EmergencyStop,
  MeshError,
  type NodeId,
  type StopRequest,
} from "@pi-controller/schema";
import type { OwnerAsking, Requester } from "../asking.ts";
import { policyCollection } from "../collections.ts";
import type { AlarmKind, GpioEvents } from "./components.ts";
import type { Records } from "./records.ts";
import type { Registry } from "./registry.ts";
import type { Safety } from "./safety.ts";
import type { StopScope, Stops } from "./stops.ts";
import { policyOf } from "./tenant-limits.ts";

/** Outputs are off already: more records of it would only fill the document. */
const MAX_STOPS = 32;
/** Who stops outputs when nobody does: the agreed policy. */
const BY_POLICY = "policy";

export interface EmergencyComponents {
  readonly stops: Stops;
  readonly registry: Registry;
  readonly records: Records;
  readonly safety: Safety;
  readonly mesh: ReadonlyDocument;
  readonly events: GpioEvents;
  readonly clock: Clock;
  readonly newId: () => string;
  /** A pin is not safe, or a stop not on the disk: is to be tried again. */
  readonly onUnfinished: () => void;
  /** Nothing stands any more. */
  readonly onCleared: () => void;
  /** Something in the background failed. */
  readonly onError: (error: unknown, what: string) => void;
}

/** Emergency stops: outputs are safe first, then it is written down, then answered. */
export class Emergency {
  readonly #components: EmergencyComponents;
  readonly #node: NodeId;
  readonly #alarms = new Set<AlarmKind>();
  #isRepairing = false;
  #unsubscribe: Unsubscribe | undefined;
  /** The last one of making outputs safe: nobody may drive them again before it has ended. */
  #halting: Promise<void> = Promise.resolve();

  constructor(components: EmergencyComponents, options: { readonly node: NodeId }) {
    this.#components = components;
    this.#node = options.node;
  }

  /** From here on what the documents say of stops and policy is followed. */
  start(): void {
    const { stops, mesh } = this.#components;
    const ofStops = stops.observe(() => this.#onDocuments());
    const ofPolicy = mesh.collection(policyCollection).observe(() => {
      for (const kind of this.#alarms) this.#onAlarmIsOn(kind);
    });
    this.#unsubscribe = () => {
      ofStops();
      ofPolicy();
    };
    // What has come since the pins were restored.
    this.#onDocuments();
  }

  stop(): void {
    this.#unsubscribe?.();
  }

  /**
   * @param ofMesh as in `PinOwner.stop`
   * @throws MeshError PERMISSION_DENIED, INVALID_ARGUMENT; UNAVAILABLE when it could not be written down, though outputs
   *   are off
   */
  async set(request: StopRequest, asking: OwnerAsking, ofMesh?: EmergencyStop): Promise<void> {
    const { requester, correlationId } = asking;
    const { stops, newId, events } = this.#components;
    if (ofMesh !== undefined) {
      demand(requester, { verb: "create", resource: "gpio-stops" });
      const { by, cause, reason } = checked(ofMesh, stops.of("mesh"), requester);
      await this.#set(ofMesh, "mesh", () => {
        events.emit("gpio.stop.set", { scope: "mesh", cause, by, reason }, correlationId);
      });
      return;
    }
    demand(requester, { verb: "create", resource: "gpio-stops", name: this.#node });
    const { userName: by } = requester;
    const { reason } = request;
    await this.#set({ id: newId(), cause: "user", by, reason, since: this.#now() }, "node", () => {
      events.emit("gpio.stop.set", { scope: "node", cause: "user", by, reason }, correlationId);
    });
  }

  /** @param ids those that whoever clears has seen; undefined: all that there are */
  async clear(ids: readonly string[] | undefined, { requester, correlationId }: OwnerAsking): Promise<void> {
    demand(requester, { verb: "delete", resource: "gpio-stops", name: this.#node });
    const { stops } = this.#components;
    const present = stops.clearable().map(({ id }) => id);
    await this.#clear(
      present.filter((id) => ids === undefined || ids.includes(id)),
      requester.userName,
      correlationId,
    );
  }

  /** What the machine measures has become bad, or good again. */
  onAlarm(kind: AlarmKind, on: boolean): void {
    if (on) {
      this.#alarms.add(kind);
      this.#onAlarmIsOn(kind);
      return;
    }
    this.#alarms.delete(kind);
    const { stops, mesh, onError } = this.#components;
    if (policyOf(mesh).clear !== "with-the-alarm") return;
    const ids = stops.of("node").flatMap(({ id, cause }) => (cause === kind ? [id] : []));
    if (ids.length === 0) return;
    this.#clear(ids, BY_POLICY, undefined).catch((error: unknown) =>
      onError(error, "Could not clear the stop of an alarm that is over"),
    );
  }

  #onAlarmIsOn(kind: AlarmKind): void {
    const { mesh, stops, events, onError } = this.#components;
    const policy = policyOf(mesh);
    const wanted = kind === "under-voltage" ? policy.onUnderVoltage : policy.onOverTemperature;
    if (wanted !== "stop" || stops.of("node").some(({ cause }) => cause === kind)) return;
    // One for each cause, whatever an alarm does that comes and goes.
    const stop = { id: `policy-${kind}`, cause: kind, by: BY_POLICY, reason: "", since: this.#now() };
    this.#set(stop, "node", () => {
      events.emit("gpio.stop.set", { scope: "node", cause: kind, by: BY_POLICY, reason: "" }, undefined);
    }).catch((error: unknown) => onError(error, "Could not write down the stop of an alarm"));
  }

  /** @param tell what happened, once outputs are safe and if it was not known before */
  async #set(stop: EmergencyStop, scope: StopScope, tell: () => void = () => {}): Promise<void> {
    const { stops, onUnfinished } = this.#components;
    const present = stops.of(scope);
    const isOneMore = present.length < MAX_STOPS && !present.some(({ id }) => id === stop.id);
    if (isOneMore) stops.latch(stop, scope);
    this.#halt();
    await this.#halting;
    if (!isOneMore) return;
    tell();
    try {
      await stops.store(stop, scope);
    } catch (error) {
      onUnfinished();
      throw error;
    }
  }

  async #clear(ids: readonly string[], by: string, correlationId: string | undefined): Promise<void> {
    const { stops, events, onCleared } = this.#components;
    if (ids.length === 0) return;
    await this.#halting;
    await stops.remove(ids);
    events.emit("gpio.stop.cleared", { scope: "node", by }, correlationId);
    if (stops.current === undefined) onCleared();
  }

  #onDocuments(): void {
    const { stops, onCleared, onError } = this.#components;
    const before = stops.current;
    if (stops.look()) this.#halt();
    if (before !== undefined && stops.current === undefined) onCleared();
    if (this.#isRepairing || !stops.isDocumentChanged) return;
    this.#isRepairing = true;
    const repaired = stops.repair().finally(() => {
      this.#isRepairing = false;
    });
    repaired.then(
      () => this.#onDocuments(),
      (error: unknown) =>
        onError(error, "Could not undo what others did to the stops of this node's own document"),
    );
  }

  /** The calls that make plain outputs safe are made before this returns. */
  #halt(): void {
    const { registry, safety, onUnfinished, onError } = this.#components;
    const driven = registry.driven();
    for (const reservation of driven) reservation.kept = null;
    const halted = safety.makeSafe(driven, "stopped").then((unsafe) => {
      if (unsafe.length > 0) onUnfinished();
    });
    this.#halting = Promise.all([this.#halting, halted]).then(() => undefined);
    this.#forgetDesired().catch((error: unknown) =>
      onError(error, "Could not write down that stopped outputs have no wanted value any more"),
    );
  }

  /** Nothing springs back to what it was before the stop. */
  async #forgetDesired(): Promise<void> {
    const { registry, records } = this.#components;
    // All of them, since a value may be on its way to the disk, and since a restart would begin with `initial`.
    const driven = registry.driven();
    if (driven.length === 0) return;
    await records.change(driven, (record) => ({ ...record, desired: null, stopped: true }));
  }

  #now(): string {
    return new Date(this.#components.clock.now()).toISOString();
  }
}

function demand(requester: Requester, access: Access): void {
  const refusal = requester.refusal(access);
  if (refusal !== undefined) throw new MeshError("PERMISSION_DENIED", refusal);
}

/** A stop of all nodes as another peer made it: nobody stops them in somebody else's name. */
function checked(
  stop: EmergencyStop,
  known: readonly EmergencyStop[],
  { userName }: Requester,
): EmergencyStop {
  const isKnown = known.some(({ id }) => id === stop.id);
  if (isKnown || (stop.by === userName && stop.cause === "user")) return stop;
  const message = `expected a stop by ${userName}`;
  throw new MeshError("INVALID_ARGUMENT", `Invalid stop: ofMesh.by: ${message}`, {
    fields: [{ field: "ofMesh.by", message }],
  });
}
