import type { Connection } from "@libp2p/interface";
import { type Clock, type Logger, sleep } from "@pi-controller/runtime";
import type { NodeId } from "@pi-controller/schema";
import { Doorway, INTRODUCTION_METHOD, notAllowed } from "../gate/doorway.ts";
import type { Introduction, PeerGate } from "../gate/gate.ts";
import { ByteBudget } from "./byte-budget.ts";
import { preferredLink } from "./duplicate-links.ts";
import { closeConnection, PeerLink } from "./peer-link.ts";

/** Bytes of requests and answers being received: from one peer, and from all of them. */
const PEER_BUDGET_BYTES = 32 * 1024 * 1024;
const TOTAL_BUDGET_BYTES = 96 * 1024 * 1024;
/** How long the kept one of two connections may take to prove that it works. */
const PROOF_TIMEOUT_MS = 2_000;
const PROOF_POLL_MS = 100;
/** How long requests on the other one may take to end. */
const RETIRE_TIMEOUT_MS = 10_000;

interface Components {
  readonly clock: Clock;
  readonly gate: PeerGate;
  readonly introduction?: Introduction | undefined;
  readonly logger: Logger;
}

interface Listeners {
  /** A connection has been introduced; its peer may have others. */
  onReady(link: PeerLink): void;
  /** A peer has its first connection that is ready. */
  onConnected(link: PeerLink): void;
  onDisconnected(peer: NodeId): void;
  /** One of several connections to a peer is about to be closed; this one stays. */
  onDuplicateClosed(kept: PeerLink): void;
}

/** The connections that this peer has, by peer. One is what a peer should have; for a moment it may be more. */
export class PeerLinks {
  readonly #components: Components;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #listeners: Listeners;
  readonly #self: NodeId;
  readonly #protocol: string;
  readonly #ready = new Map<NodeId, PeerLink[]>();
  readonly #openings = new Map<Connection, Promise<PeerLink>>();
  readonly #budget = new ByteBudget(TOTAL_BUDGET_BYTES);
  readonly #budgets = new WeakMap<Connection, ByteBudget>();
  readonly #doorways = new WeakMap<Connection, Doorway>();
  readonly #stopped = new AbortController();

  constructor(components: Components, self: NodeId, protocol: string, listeners: Listeners) {
    this.#components = components;
    this.#clock = components.clock;
    this.#logger = components.logger;
    this.#self = self;
    this.#protocol = protocol;
    this.#listeners = listeners;
  }

  /** The connection to use for a peer: the newest, which is the likeliest to work while there are two. */
  of(peer: NodeId): PeerLink | undefined {
    return this.#ready.get(peer)?.findLast((link) => link.open);
  }

  all(): PeerLink[] {
    return [...this.#ready.values()].flat();
  }

  /** What a connection may hold in memory of requests and answers that arrive. */
  budgetOf(connection: Connection): ByteBudget {
    const known = this.#budgets.get(connection);
    if (known !== undefined) return known;
    const budget = new ByteBudget(PEER_BUDGET_BYTES, this.#budget);
    this.#budgets.set(connection, budget);
    return budget;
  }

  /** What a connection may carry to this side: nothing but its introduction until that has ended. */
  doorwayOf(connection: Connection): Doorway {
    const known = this.#doorways.get(connection);
    if (known !== undefined) return known;
    const doorway = new Doorway(this.#components, connection.remotePeer.toString());
    this.#doorways.set(connection, doorway);
    return doorway;
  }

  /**
   * Takes a new connection. It counts once the peer at its other end speaks the protocol of this mesh and this
   * side's introduction has ended well.
   *
   * @throws MeshError PERMISSION_DENIED when the gate does not let the peer in, or what went wrong otherwise; the
   *   connection is closed then
   */
  open(connection: Connection): Promise<PeerLink> {
    const known = this.#openings.get(connection);
    if (known !== undefined) return known;
    const opening = this.#open(connection);
    this.#openings.set(connection, opening);
    // Who waits for it hears of the failure; nobody has to.
    opening.catch(() => undefined);
    return opening;
  }

  async #open(connection: Connection): Promise<PeerLink> {
    const link = new PeerLink(
      { connection, budget: this.budgetOf(connection), clock: this.#clock, logger: this.#logger },
      this.#protocol,
    );
    connection.addEventListener("close", () => this.#onClose(link), { once: true });
    try {
      await this.#introduce(link);
      // Nothing may come between this and the moment when it counts: what closes before that is not noticed.
      if (!link.open) throw new Error("the connection was closed at once");
    } catch (error) {
      this.#openings.delete(connection);
      this.doorwayOf(connection).close();
      link.abort("the connection is of no use");
      throw this.#components.gate.allows(link.peer) ? error : notAllowed(link.peer);
    }
    const others = this.#ready.get(link.peer) ?? [];
    this.#ready.set(link.peer, [...others, link]);
    this.#listeners.onReady(link);
    if (others.length === 0) this.#listeners.onConnected(link);
    else void this.#settleDuplicates(link.peer);
    return link;
  }

  async #introduce(link: PeerLink): Promise<void> {
    if (!this.#components.gate.allows(link.peer)) throw notAllowed(link.peer);
    const caller = await link.caller();
    await this.doorwayOf(link.connection).pass((payload, timeoutMs) =>
      caller.request(INTRODUCTION_METHOD, payload, { timeoutMs }),
    );
  }

  /** To be called at every keep-alive interval. */
  tick(): void {
    for (const link of this.all()) {
      if (link.tick() === "alive") this.#reopen(link);
      else {
        this.#logger.info(
          { peer: link.peer, address: link.address },
          "A connection is silent and is given up",
        );
        link.abort("the peer is silent");
      }
    }
  }

  stop(): void {
    this.#stopped.abort(new Error("stopped"));
  }

  #reopen(link: PeerLink): void {
    link.caller().catch((error: unknown) => {
      this.#logger.debug(
        { peer: link.peer, error },
        "A peer no longer takes requests; its connection is closed",
      );
      link.abort("the peer no longer takes requests");
    });
  }

  #onClose(link: PeerLink): void {
    this.#openings.delete(link.connection);
    this.doorwayOf(link.connection).close();
    const links = this.#ready.get(link.peer);
    if (links?.includes(link) !== true) return;
    const rest = links.filter((other) => other !== link);
    if (rest.length > 0) {
      this.#ready.set(link.peer, rest);
      return;
    }
    this.#ready.delete(link.peer);
    this.#listeners.onDisconnected(link.peer);
  }

  /**
   * Both sides dialled at once, or one side's old connection is dead and it does not know yet: keeps the
   * preferred one when it works, the others when it does not.
   */
  async #settleDuplicates(peer: NodeId): Promise<void> {
    const links = (this.#ready.get(peer) ?? []).map((link) => ({
      link,
      openedAtMs: link.openedAtMs,
      dialler: link.connection.direction === "outbound" ? this.#self : peer,
    }));
    const kept = preferredLink(links)?.link;
    if (kept === undefined) return;
    try {
      if (await this.#works(kept)) {
        for (const { link } of links) if (link !== kept) await this.#retire(link, kept);
      } else kept.abort("a newer connection works and this one does not");
    } catch (error) {
      this.#logger.debug({ peer, error }, "The second connection to a peer was not closed");
    }
  }

  async #works(link: PeerLink): Promise<boolean> {
    const askedMs = this.#clock.monotonic();
    link.ping();
    return this.#poll(PROOF_TIMEOUT_MS, () => link.heardMs > askedMs);
  }

  async #retire(link: PeerLink, kept: PeerLink): Promise<void> {
    const links = this.#ready.get(link.peer) ?? [];
    // Not when the other side was faster: a connection that is gone must not come back to life here.
    if (links.includes(link)) {
      // Moved to the front, so that new requests no longer use it.
      this.#ready.set(link.peer, [link, ...links.filter((other) => other !== link)]);
      await this.#poll(RETIRE_TIMEOUT_MS, () => link.pendingRequests === 0);
      await closeConnection(link.connection);
    }
    if (kept.open) this.#listeners.onDuplicateClosed(kept);
  }

  async #poll(timeoutMs: number, condition: () => boolean): Promise<boolean> {
    const endMs = this.#clock.monotonic() + timeoutMs;
    while (!condition() && this.#clock.monotonic() < endMs) {
      await sleep(this.#clock, PROOF_POLL_MS, this.#stopped.signal);
    }
    return condition();
  }
}
