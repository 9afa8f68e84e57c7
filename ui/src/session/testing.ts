import type { MeshEvent, MeshView, NodeView } from "@pi-controller/schema";
import { nodeOf } from "../test-samples.ts";
import type { PageClock } from "../time/page-clock.ts";

/** A clock that stands still until it is told to go on. */
export class ManualClock implements PageClock {
  #now = 0;
  #timers: { readonly dueAt: number; readonly callback: () => void }[] = [];

  now(): number {
    return this.#now;
  }

  monotonic(): number {
    return this.#now;
  }

  setTimer(callback: () => void, delayMs: number): { cancel(): void } {
    const timer = { dueAt: this.#now + delayMs, callback };
    this.#timers.push(timer);
    return { cancel: () => this.#remove(timer) };
  }

  /** Lets time pass: timers fire in their order, and what they started goes on as far as it can. */
  async advance(durationMs: number): Promise<void> {
    const until = this.#now + durationMs;
    await settle();
    for (;;) {
      const next = this.#timers.toSorted((left, right) => left.dueAt - right.dueAt)[0];
      if (next === undefined || next.dueAt > until) break;
      this.#remove(next);
      this.#now = next.dueAt;
      next.callback();
      await settle();
    }
    this.#now = until;
  }

  #remove(timer: { readonly dueAt: number }): void {
    this.#timers = this.#timers.filter((other) => other !== timer);
  }
}

/** Promises that are settled call back in microtasks, and reading a Response takes a few turns. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 8; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** A peer's side of the wire: answers requests, and accepts event streams. */
export class FakePeer {
  listCalls = 0;
  #nodes: readonly NodeView[] = [nodeOf({})];
  #status = 200;
  #retryAfterSeconds = 0;
  #away = false;
  readonly #sockets = new Set<FakeSocket>();
  #sequence = 0;

  readonly fetch = ((url: URL) => Promise.resolve().then(() => this.#answer(url))) as unknown as typeof fetch;
  readonly WebSocket = this.#socketClass();

  /** How many event streams are open. */
  get sockets(): number {
    return this.#sockets.size;
  }

  send(event: MeshEvent): void {
    this.#sequence += 1;
    for (const socket of this.#sockets) socket.receive({ kind: "event", sequence: this.#sequence, event });
  }

  goAway(): void {
    this.#away = true;
    for (const socket of this.#sockets) socket.break();
    this.#sockets.clear();
  }

  comeBack(nodes: readonly NodeView[]): void {
    this.#away = false;
    this.#nodes = nodes;
  }

  /** Answers all requests with this status, and asks to come back after so many seconds. */
  refuseWith(status: number, retryAfterSeconds: number): void {
    this.#status = status;
    this.#retryAfterSeconds = retryAfterSeconds;
  }

  #answer(url: URL): Response {
    const list = url.pathname === "/api/v1/nodes";
    if (list) this.listCalls += 1;
    if (this.#away) throw new TypeError("connection refused");
    if (this.#status !== 200) {
      const headers = { "retry-after": String(this.#retryAfterSeconds) };
      return new Response("", { status: this.#status, headers });
    }
    const page = { items: this.#nodes, total: this.#nodes.length, nextCursor: null };
    return Response.json(list ? page : meshView);
  }

  #accept(socket: FakeSocket): void {
    if (this.#away) {
      socket.break();
      return;
    }
    this.#sockets.add(socket);
    socket.receive({ kind: "hello", node: meshView.node, log: "log", sequence: this.#sequence, gap: false });
  }

  #socketClass(): typeof WebSocket {
    const accept = (socket: FakeSocket) => this.#accept(socket);
    return class extends FakeSocket {
      constructor() {
        super();
        queueMicrotask(() => accept(this));
      }
    } as unknown as typeof WebSocket;
  }
}

class FakeSocket extends EventTarget {
  receive(message: object): void {
    this.dispatchEvent(new MessageEvent("message", { data: JSON.stringify(message) }));
  }

  break(): void {
    this.dispatchEvent(Object.assign(new Event("close"), { code: 1006, reason: "" }));
  }

  close(): void {
    // The client has let go of it: nobody listens any more.
  }
}

const meshView: MeshView = {
  node: "12D3KooWtest0001",
  name: "pi-a",
  version: "0.1.0",
  bootEpoch: 1,
  startedAt: "2026-11-21T05:00:00.000Z",
  asOf: "2026-11-21T05:00:00.000Z",
  addresses: [],
  counts: { alive: 1, suspect: 0, dead: 0, left: 0, unknown: 0 },
  partition: null,
  connections: [],
  discovery: [],
  document: { meshBytes: 0, nodeBytes: 0, documents: 1, synced: true, refusal: null },
  localHealth: 0,
};
