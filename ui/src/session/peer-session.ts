import type { Client, EventStream, StreamStatus } from "@pi-controller/client";
import { MeshError, type MeshEvent, type MeshView, type NodeView } from "@pi-controller/schema";
import { computed, signal } from "@preact/signals";
import { type ConnectionChange, initialConnection, nextConnection } from "../connection/connection.ts";
import type { PeerClock } from "../connection/peer-clock.ts";
import { addEvent, addGap, emptyFeed } from "../events/event-feed.ts";
import { changesNodes } from "../events/event-filter.ts";
import type { PageClock, Visibility } from "../time/page-clock.ts";
import { fetchNodes } from "./fetch-nodes.ts";

interface Components {
  readonly client: Client;
  readonly clock: PageClock;
  readonly visibility: Visibility;
  readonly random: () => number;
}

/** What the user may see of the mesh: the rest is not asked for. */
export interface Sight {
  readonly mesh: boolean;
  readonly nodes: boolean;
  readonly events: boolean;
}

/** Something the peer told, with this page's monotonic time when it did. */
export interface Heard<Value> {
  readonly value: Value;
  readonly heardAt: number;
}

const REFRESH_MS = 2000;
/** Several events about one change come close together: one refresh for all of them. */
const EVENT_DEBOUNCE_MS = 150;
const REQUEST_TIMEOUT_MS = 5000;
/** A peer with much to tell is asked at most for a fifth of the time. */
const REST_FACTOR = 4;
const TICK_MS = 1000;

/**
 * What this page knows of the mesh through one peer, kept fresh: it polls while somebody looks, refreshes at
 * once when an event tells of a change, and comes back by itself when the peer was gone. Pages read the
 * signals; what was known stays there while the peer is gone.
 */
export class PeerSession {
  readonly client: Client;
  readonly connection = signal(initialConnection);
  readonly nodes = signal<Heard<readonly NodeView[]> | null>(null);
  readonly mesh = signal<Heard<MeshView> | null>(null);
  readonly feed = signal(emptyFeed);
  readonly stream = signal<StreamStatus>({ state: "connecting", attempt: 1 });
  /** What the peer answered instead of what it was asked for; null while all is well. */
  readonly trouble = signal<string | null>(null);
  /** Monotonic time in ms, to the second: what shows an age depends on it. */
  readonly now;
  /** Grows with every refresh that succeeded, for pages that fetch more than this. */
  readonly refreshes = signal(0);
  /** Grows when events were missed, so that a page that shows the log reads it anew. */
  readonly gaps = signal(0);
  readonly names = computed(() => new Map((this.nodes.value?.value ?? []).map(({ id, name }) => [id, name])));
  readonly lost = computed(() => this.connection.value.phase === "lost");
  /** The peer's wall clock, by which all that it reports is dated. */
  readonly peerClock = computed<PeerClock | null>(() => {
    const mesh = this.mesh.value;
    return mesh === null ? null : { toldMs: Date.parse(mesh.value.asOf), heardAt: mesh.heardAt };
  });

  readonly #components: Components;
  readonly #sight: Sight;
  #stream: EventStream | undefined;
  #timer: { cancel(): void } | undefined;
  #timerDueAt = Number.POSITIVE_INFINITY;
  #tick: { cancel(): void } | undefined;
  /** How long the peer wants to be left alone, in ms, as it is asked too much. */
  #askedToWaitMs = 0;
  #refreshing = false;
  #refreshAgain = false;
  #running = false;
  #stopWatching: (() => void) | undefined;

  constructor(components: Components, sight: Sight) {
    this.#components = components;
    this.#sight = sight;
    this.client = components.client;
    this.now = signal(0);
  }

  /** Starts to ask the peer and to follow its events. */
  start(): void {
    this.#running = true;
    if (this.#sight.events) this.#stream = this.#openStream();
    this.#stopWatching = this.#components.visibility.onChange(() => this.#onVisibility());
    this.#onVisibility();
  }

  #openStream(): EventStream {
    return this.client.events.stream({
      onEvent: (event) => this.#onEvent(event),
      onGap: (gap) => {
        this.feed.value = addGap(this.feed.value, gap, this.#components.clock.now());
        this.gaps.value += 1;
      },
      onStatus: (status) => this.#onStreamStatus(status),
    });
  }

  stop(): void {
    this.#running = false;
    this.#stream?.close();
    this.#stopWatching?.();
    this.#timer?.cancel();
    this.#tick?.cancel();
  }

  /** Monotonic time in ms, to the moment: for when something was heard. */
  monotonic(): number {
    return this.#components.clock.monotonic();
  }

  /** The browser's wall clock, in ms since 1970: for what is not dated by a peer. */
  wallClock(): number {
    return this.#components.clock.now();
  }

  /** Asks the peer now, whatever it was waiting for. */
  refreshNow(): void {
    this.#stream?.retryNow();
    this.#schedule(0);
  }

  /** Takes over what the answer to a write has told, so that it shows without waiting for a refresh. */
  noteNode(node: NodeView): void {
    const known = this.nodes.value;
    if (known === null) return;
    const others = known.value.filter(({ id }) => id !== node.id);
    this.nodes.value = { value: [...others, node], heardAt: known.heardAt };
    this.#schedule(0);
  }

  #onVisibility(): void {
    this.#timer?.cancel();
    this.#timerDueAt = Number.POSITIVE_INFINITY;
    this.#tick?.cancel();
    if (!this.#components.visibility.visible()) return;
    this.#advance();
    this.#stream?.retryNow();
    this.#schedule(0);
  }

  #advance(): void {
    this.now.value = this.#components.clock.monotonic();
    this.#tick = this.#components.clock.setTimer(() => this.#advance(), TICK_MS);
  }

  #onEvent(event: MeshEvent): void {
    this.feed.value = addEvent(this.feed.value, event);
    if (changesNodes(event)) this.#schedule(EVENT_DEBOUNCE_MS);
  }

  #onStreamStatus(status: StreamStatus): void {
    const before = this.stream.value.state;
    this.stream.value = status;
    // A link that breaks, or is back, tells sooner than the next poll whether the peer is there.
    const broke = before === "live" && status.state === "waiting";
    const returned = status.state === "live" && this.lost.value;
    if (broke || returned) this.#schedule(0);
  }

  /** Refreshes after `delayMs`, or sooner when that is already planned. */
  #schedule(delayMs: number): void {
    if (!this.#running || !this.#components.visibility.visible()) return;
    if (this.#refreshing) {
      this.#refreshAgain = true;
      return;
    }
    const dueAt = this.#components.clock.monotonic() + delayMs;
    if (dueAt >= this.#timerDueAt) return;
    this.#timer?.cancel();
    this.#timerDueAt = dueAt;
    this.#timer = this.#components.clock.setTimer(() => void this.#refresh(), delayMs);
  }

  async #refresh(): Promise<void> {
    const { clock } = this.#components;
    this.#timerDueAt = Number.POSITIVE_INFINITY;
    this.#refreshing = true;
    this.#refreshAgain = false;
    this.#change({ kind: "attempted" });
    const startedAt = clock.monotonic();
    try {
      const call = { timeoutMs: REQUEST_TIMEOUT_MS };
      const { mesh: seesMesh, nodes: seesNodes } = this.#sight;
      const [mesh, nodes] = await Promise.all([
        seesMesh ? this.client.mesh.get(call) : null,
        seesNodes ? fetchNodes(this.client, REQUEST_TIMEOUT_MS) : null,
        // Whether the peer is there at all, anybody may ask.
        seesMesh || seesNodes ? null : this.client.session.status(call),
      ]);
      this.#hear(mesh, nodes);
    } catch (error) {
      this.#refuse(error);
    } finally {
      this.#refreshing = false;
    }
    this.#schedule(this.#nextDelayMs(clock.monotonic() - startedAt));
  }

  #hear(mesh: MeshView | null, nodes: readonly NodeView[] | null): void {
    const heardAt = this.#components.clock.monotonic();
    const wasLost = this.lost.value;
    this.mesh.value = mesh === null ? null : { value: mesh, heardAt };
    this.nodes.value = nodes === null ? null : { value: nodes, heardAt };
    this.now.value = heardAt;
    this.trouble.value = null;
    this.#askedToWaitMs = 0;
    this.#change({ kind: "answered", now: heardAt });
    this.refreshes.value += 1;
    if (wasLost) this.#stream?.retryNow();
  }

  #refuse(error: unknown): void {
    const now = this.#components.clock.monotonic();
    const reason = error instanceof Error ? error.message : String(error);
    const silent = error instanceof MeshError && silentCodes.has(error.code);
    if (silent) {
      this.#change({ kind: "failed", now, reason, chance: this.#components.random() });
      return;
    }
    this.trouble.value = reason;
    this.#askedToWaitMs = error instanceof MeshError ? (error.details.retryAfterMs ?? 0) : 0;
    this.#change({ kind: "answered", now });
  }

  #nextDelayMs(tookMs: number): number {
    const { phase, retryAt } = this.connection.value;
    if (phase === "lost" && retryAt !== null)
      return Math.max(0, retryAt - this.#components.clock.monotonic());
    const usualMs = this.#refreshAgain ? EVENT_DEBOUNCE_MS : Math.max(REFRESH_MS, tookMs * REST_FACTOR);
    return Math.max(usualMs, this.#askedToWaitMs);
  }

  #change(change: ConnectionChange): void {
    this.connection.value = nextConnection(this.connection.value, change);
  }
}

/** Codes of errors that mean that the peer itself did not answer, or cannot now. */
const silentCodes: ReadonlySet<string> = new Set(["UNAVAILABLE", "DEADLINE_EXCEEDED", "CANCELLED"]);
