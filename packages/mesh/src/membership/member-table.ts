import type { MembershipState, NodeId } from "@pi-controller/schema";
import {
  compareVersions,
  type Member,
  type MemberChange,
  type MemberUpdate,
  type Version,
} from "./member.ts";
import { ViewDigest } from "./view-digest.ts";

/** More members than any mesh has; what is beyond is not taken in. */
const MAX_MEMBERS = 5_000;
/** So many removals are remembered. */
const MAX_FORGOTTEN = 1_000;

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

/** Everyone this peer knows of except itself, and those it was told to forget. */
export class MemberTable {
  readonly #members = new Map<NodeId, Mutable<Member>>();
  readonly #connected = new Set<NodeId>();
  readonly #forgotten = new Map<NodeId, Version>();
  /** Of all that is believed of them. */
  readonly digest = new ViewDigest();
  #roster: ReadonlySet<NodeId> = new Set();
  #present = 0;

  get all(): ReadonlyMap<NodeId, Member> {
    return this.#members;
  }

  get connected(): ReadonlySet<NodeId> {
    return this.#connected;
  }

  /** How many are alive or suspect. */
  get present(): number {
    return this.#present;
  }

  get(id: NodeId): Member | undefined {
    return this.#members.get(id);
  }

  isPresent(id: NodeId): boolean {
    return isPresent(this.#members.get(id)?.state);
  }

  /** Whether `admit` would make someone known for this reason. */
  wouldAdmit(id: NodeId, update: MemberUpdate | null): boolean {
    if (this.#members.has(id)) return true;
    if (update !== null) {
      const forgotten = this.#forgotten.get(id);
      const stale = forgotten !== undefined && compareVersions(update, forgotten) <= 0;
      if (update.state !== "alive" || stale) return false;
    }
    return this.#members.size < MAX_MEMBERS;
  }

  /**
   * Makes someone known. What was forgotten stays so for anything but a newer life sign than the one that
   * was known when it was removed.
   *
   * @param update the reason to know them: null when they connected or spoke themselves
   * @returns undefined when they are to stay unknown, or the table is full
   */
  admit(id: NodeId, update: MemberUpdate | null, nowMs: number): Member | undefined {
    const known = this.#members.get(id);
    if (known !== undefined) return known;
    if (!this.wouldAdmit(id, update)) return undefined;
    this.#forgotten.delete(id);
    const member: Member = {
      id,
      state: "unknown",
      bootEpoch: 0,
      incarnation: 0,
      signature: undefined,
      sinceMs: nowMs,
      lastHeardMs: null,
      connected: this.#connected.has(id),
    };
    this.#members.set(id, member);
    return member;
  }

  /** @returns what is to be told to listeners, if anything */
  change(
    id: NodeId,
    state: MembershipState,
    version: Version & Pick<Member, "signature">,
    reason: string,
    nowMs: number,
  ): MemberChange | undefined {
    const member = this.#members.get(id);
    if (member === undefined) return undefined;
    const previous = member.state;
    const restarted = previous !== "unknown" && version.bootEpoch > member.bootEpoch;
    this.#present += Number(isPresent(state)) - Number(isPresent(previous));
    member.bootEpoch = version.bootEpoch;
    member.incarnation = version.incarnation;
    member.signature = version.signature;
    member.state = state;
    this.digest.set(member);
    if (state === previous && !restarted) return undefined;
    member.sinceMs = nowMs;
    return { previous, member: { ...member }, reason };
  }

  heard(id: NodeId, nowMs: number): void {
    const member = this.#members.get(id);
    if (member !== undefined) member.lastHeardMs = nowMs;
  }

  setConnected(id: NodeId, connected: boolean): void {
    if (connected) this.#connected.add(id);
    else this.#connected.delete(id);
    const member = this.#members.get(id);
    if (member === undefined) return;
    member.connected = connected;
    // Someone who connected, said nothing and went is nobody.
    if (!connected && member.state === "unknown" && !this.#roster.has(id)) this.#members.delete(id);
  }

  /** @returns who is no longer in the roster and was forgotten */
  setRoster(ids: ReadonlySet<NodeId>, self: NodeId, nowMs: number): NodeId[] {
    const removed = [...this.#roster].filter((id) => !ids.has(id));
    this.#roster = ids;
    for (const id of ids) {
      if (id !== self) this.admit(id, null, nowMs);
    }
    for (const id of removed) this.forget(id);
    return removed;
  }

  forget(id: NodeId): void {
    const member = this.#members.get(id);
    if (member === undefined) return;
    this.#members.delete(id);
    this.digest.delete(id);
    this.#present -= Number(isPresent(member.state));
    this.#forgotten.delete(id);
    this.#forgotten.set(id, { bootEpoch: member.bootEpoch, incarnation: member.incarnation });
    if (this.#forgotten.size > MAX_FORGOTTEN) {
      const [oldest] = this.#forgotten.keys();
      if (oldest !== undefined) this.#forgotten.delete(oldest);
    }
  }
}

/** Whether a member in this state takes part in the mesh as far as is known. */
export function isPresent(state: MembershipState | undefined): boolean {
  return state === "alive" || state === "suspect";
}
