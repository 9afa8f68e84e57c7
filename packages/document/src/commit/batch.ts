import { Draft } from "../content/draft.ts";
import type { Touched } from "../content/shared-document.ts";
import type { Write } from "../content/update-encoder.ts";
import type { LogChange } from "../store/store.ts";
import type { Replica } from "./replica.ts";

/** What happened to one document when a batch was committed. */
export interface Applied {
  readonly replica: Replica;
  readonly touched: Touched;
  /** This peer's own part of it. */
  readonly local: { readonly update: Uint8Array; readonly writes: readonly Write[] } | undefined;
}

/** What this peer is about to write into one document. */
export interface Local {
  readonly replica: Replica;
  readonly update: Uint8Array;
  readonly writes: readonly Write[];
}

interface Staged {
  draft: Draft | undefined;
  readonly remote: Uint8Array[];
  readonly clocks: Map<number, number>;
}

interface Encoded {
  readonly replica: Replica;
  readonly updates: readonly Uint8Array[];
  readonly local: Applied["local"];
}

/** Changes that go to the disk in one write, and show when that has succeeded. */
export class Batch {
  readonly #staged = new Map<Replica, Staged>();
  readonly #changes: LogChange[] = [];
  readonly #effects: (() => void)[] = [];
  readonly #claimed = new Set<string>();
  #encoded: readonly Encoded[] = [];
  #isClosed = false;

  /** True when nothing may join any more. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  get isEmpty(): boolean {
    return this.#changes.length === 0 && [...this.#staged.values()].every(isIdle);
  }

  /** Where this peer's own writes go, or undefined when they have to wait for updates staged before them. */
  draft(replica: Replica, client: number): Draft | undefined {
    const staged = this.#of(replica);
    // The draft is encoded against the document as it is, which those updates are about to change.
    if (staged.remote.length > 0) return undefined;
    staged.draft ??= new Draft(replica.document, client);
    return staged.draft;
  }

  /** Clocks that the staged updates of others will reach. */
  stagedClocks(replica: Replica): ReadonlyMap<number, number> {
    return this.#of(replica).clocks;
  }

  /** Stages another peer's update, found fit. */
  update(replica: Replica, update: Uint8Array, clocks: ReadonlyMap<number, number>): void {
    const staged = this.#of(replica);
    staged.remote.push(update);
    for (const [client, clock] of clocks) {
      staged.clocks.set(client, Math.max(clock, staged.clocks.get(client) ?? 0));
    }
  }

  /** Any other change of the store, and what to do when it has succeeded. */
  change(changes: readonly LogChange[], effect: () => void): void {
    this.#changes.push(...changes);
    this.#effects.push(effect);
  }

  /**
   * Takes logs for a replacement of their document: nothing else of this batch goes there.
   *
   * @returns false, and takes none, when something does already
   */
  claim(logs: readonly string[]): boolean {
    const used = [...this.#staged].filter(([, staged]) => !isIdle(staged)).map(([replica]) => replica.log);
    if (logs.some((log) => this.#claimed.has(log) || used.includes(log))) return false;
    for (const log of logs) this.#claimed.add(log);
    return true;
  }

  isClaimed(log: string): boolean {
    return this.#claimed.has(log);
  }

  /** Nothing else joins this batch. */
  close(): void {
    this.#isClosed = true;
  }

  /** What to write. Call once. */
  encode(): readonly LogChange[] {
    this.#encoded = [...this.#staged].map(([replica, { draft, remote }]) => {
      const writes = draft?.changes() ?? [];
      const update = writes.length > 0 ? draft?.encode() : undefined;
      const local = update === undefined ? undefined : { update, writes };
      return { replica, updates: local === undefined ? remote : [local.update, ...remote], local };
    });
    const appends = this.#encoded.flatMap(({ replica, updates }) =>
      updates.map((entry): LogChange => ({ kind: "append", log: replica.log, entry })),
    );
    return [...this.#changes, ...appends];
  }

  /** This peer's own part of what `encode` has told. */
  locals(): readonly Local[] {
    return this.#encoded.flatMap(({ replica, local }) =>
      local === undefined ? [] : [{ replica, ...local }],
    );
  }

  /** Makes everything visible, after it was written. */
  apply(): readonly Applied[] {
    for (const effect of this.#effects) effect();
    return this.#encoded
      .filter(({ updates }) => updates.length > 0)
      .map(({ replica, updates, local }) => ({ replica, touched: replica.apply(updates), local }));
  }

  #of(replica: Replica): Staged {
    let staged = this.#staged.get(replica);
    if (staged === undefined) {
      staged = { draft: undefined, remote: [], clocks: new Map() };
      this.#staged.set(replica, staged);
    }
    return staged;
  }
}

function isIdle({ draft, remote }: Staged): boolean {
  return remote.length === 0 && (draft?.changes().length ?? 0) === 0;
}
