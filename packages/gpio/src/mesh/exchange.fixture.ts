import { AddressBook, encodeJson, type RequestHandler } from "@pi-controller/mesh";
import { SimulatedNetwork } from "@pi-controller/mesh/simulated";
import { seededRandom, silentLogger, VirtualClock } from "@pi-controller/runtime";
import { type MembershipState, MeshError, type NodeId, type ReservationRecord } from "@pi-controller/schema";
import type { OwnerAsking } from "../asking.ts";
import { recordOf as recordOfLedger } from "../ledger/ledger.fixture.ts";
import { ChangeRing } from "../owner/change-ring.ts";
import type { OwnedReservation, OwnGpio, PinOwner } from "../owner/pin-owner.ts";
import { reservationIdOf } from "../reservation-id.ts";
import { serveGpio } from "./gpio-exchange.ts";
import { CALL_METHOD } from "./owner-calls.ts";
import type { GpioNodes } from "./ports.ts";
import { evidence } from "./test-users.ts";

const ASKER = "node-asker-0001";
export const OWNER = "node-owner-0001";
export const ULID = "01ARZ3NDEKTSV4RRFFQ69G5FAV";

/** A granted output of a node, with what is given instead. */
export function recordOf(node: NodeId, given: Partial<ReservationRecord> = {}): ReservationRecord {
  return recordOfLedger(1, {
    id: reservationIdOf(node, ULID),
    ttlMs: 60_000,
    holder: { userName: "ada", userId: "user-ada0000000000000" },
    state: "granted",
    requestedAt: "2026-01-01T00:00:00.000Z",
    grantedAt: "2026-01-01T00:00:00.000Z",
    expiresAt: "2026-01-01T00:01:00.000Z",
    ...given,
  });
}

export const observed = {
  level: "low",
  dutyCycle: null,
  frequencyHz: null,
  stopped: false,
  fault: null,
} as const;

/** As its owner tells it. */
export function ownedOf(node: NodeId, given: Partial<ReservationRecord> = {}): OwnedReservation {
  return {
    record: recordOf(node, given),
    gpio: 18,
    position: null,
    remainingMs: 59_000,
    observed,
    asOf: "2026-01-01T00:00:01.000Z",
  };
}

const description: OwnGpio = {
  asOf: "2026-01-01T00:00:00.000Z",
  driver: "simulated",
  problem: null,
  header: [],
  pwm: [],
  i2cBuses: [1],
  spiDevices: [],
  limits: { pinMilliamperes: 16, totalMilliamperes: 50, boardMilliwatts: 165, source: "a document" },
  stops: [],
};

/** An owner that says yes to everything and remembers what it was asked. */
export class RecordingOwner implements PinOwner {
  readonly asked: { readonly operation: string; readonly given: unknown; readonly asking?: OwnerAsking }[] =
    [];
  /** Awaited before each answer. */
  before: () => Promise<void> = async () => undefined;

  describe() {
    return this.#answer("describe", undefined, undefined, description);
  }
  list(ids: readonly string[] | undefined, asking: OwnerAsking) {
    return this.#answer("list", { ids }, asking, [ownedOf(OWNER)]);
  }
  reserve(request: unknown, asking: OwnerAsking) {
    return this.#answer("reserve", { request }, asking, ownedOf(OWNER));
  }
  renew(id: string, renewal: unknown, asking: OwnerAsking) {
    return this.#answer("renew", { id, renewal }, asking, { id, token: "1.1", remainingMs: 60_000 });
  }
  transfer(id: string, transfer: unknown, asking: OwnerAsking) {
    return this.#answer("transfer", { id, transfer }, asking, ownedOf(OWNER));
  }
  release(id: string, options: unknown, asking: OwnerAsking) {
    return this.#answer("release", { id, options }, asking, undefined);
  }
  write(writes: Parameters<PinOwner["write"]>[0], asking: OwnerAsking) {
    const results = writes.map(({ id }) => ({ id, observed }));
    return this.#answer("write", { writes }, asking, results);
  }
  i2c(id: string, transaction: unknown, asking: OwnerAsking) {
    return this.#answer("i2c", { id, transaction }, asking, { results: [[1]] });
  }
  spi(id: string, transaction: unknown, asking: OwnerAsking) {
    return this.#answer("spi", { id, transaction }, asking, { results: [[1]] });
  }
  scan(bus: number, asking: OwnerAsking) {
    return this.#answer("scan", { bus }, asking, [0x48]);
  }
  stop(request: unknown, asking: OwnerAsking, ofMesh?: unknown) {
    return this.#answer("stop", { request, ofMesh }, asking, []);
  }
  clear(ids: readonly string[] | undefined, asking: OwnerAsking) {
    return this.#answer("clear", { ids }, asking, []);
  }

  async #answer<T>(
    operation: string,
    given: unknown,
    asking: OwnerAsking | undefined,
    answer: T,
  ): Promise<T> {
    this.asked.push({ operation, given, ...(asking === undefined ? {} : { asking }) });
    await this.before();
    return answer;
  }
}

/** Two connected peers, of which one has pins. */
export async function exchangeFixture() {
  const clock = new VirtualClock();
  const hub = new SimulatedNetwork({ clock, random: seededRandom(1) });
  const start = async (id: NodeId) => {
    const process = hub.createPeer(id, { addressBook: new AddressBook(), logger: silentLogger });
    await process.network.start(new AbortController().signal);
    return process;
  };
  const asker = await start(ASKER);
  const there = await start(OWNER);
  let believed: MembershipState = "alive";
  const listeners = new Set<(node: NodeId) => void>();
  const nodes: Pick<GpioNodes, "nameOf" | "observe" | "stateOf"> = {
    nameOf: (node) => node,
    stateOf: () => believed,
    observe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
  const owner = new RecordingOwner();
  const feed = new ChangeRing("1");
  const finish = async <T>(work: Promise<T>): Promise<T> => {
    let isSettled = false;
    const done = work.finally(() => {
      isSettled = true;
    });
    done.catch(() => undefined);
    for (let round = 0; round < 10_000 && !isSettled; round++) await clock.advance(10);
    return done;
  };
  await finish(asker.network.dial({ addresses: [hub.addressOf(OWNER)] }, 1_000));
  return {
    clock,
    hub,
    network: asker.network,
    nodes,
    /** The asker comes to believe so of the other one. */
    believe: (state: MembershipState) => {
      believed = state;
      for (const listener of listeners) listener(OWNER);
    },
    owner,
    feed,
    finish,
    serve: () => serveGpio({ network: there.network, owner, feed, evidence, clock: there.clock }),
    /** Has the other side answer as it likes. */
    answerWith: (answer: unknown, method = CALL_METHOD) => {
      const handler: RequestHandler = async () =>
        answer instanceof Uint8Array ? answer : encodeJson(answer);
      there.network.handle(method, handler);
    },
  };
}

/** Code and message of what was thrown; `done` when nothing was. */
export function refusalOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => "done",
    (error: unknown) => (error instanceof MeshError ? `${error.code} ${error.message}` : String(error)),
  );
}
