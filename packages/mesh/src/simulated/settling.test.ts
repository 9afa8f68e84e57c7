import { MachineClock, pick, randomInteger, seededRandom } from "@pi-controller/runtime";
import { describe, expect, it } from "vitest";
import { SimulatedWire, type TestProcess, wireId } from "./simulated.fixture.ts";

const PEERS = 6;
const STEPS = 300;
const STEP_MS = 250;
const MAX_TIMEOUT_MS = 4_000;
/** Cuts, pauses and silence are over by then, and everybody knows. */
const CALM_MS = 60_000;

interface Asked {
  readonly by: TestProcess;
  readonly deadlineMs: number;
  settledMs: number | undefined;
}

/** Everything that can happen to processes and links, drawn from a seed. */
class Turmoil {
  readonly wire: SimulatedWire;
  readonly running = new Map<string, TestProcess>();
  readonly asked: Asked[] = [];
  /** When a machine last went on, on the clock of the world. */
  readonly resumedMs = new Map<string, number>();
  wrongAnswers = 0;
  readonly #random;
  readonly #paused = new Set<string>();
  #starts = 0;

  constructor(seed: number) {
    this.#random = seededRandom(seed);
    this.wire = new SimulatedWire(seed, {
      latencyMs: 5,
      latencySpreadMs: 4,
      lossFraction: 0.05,
      duplicateFraction: 0.05,
      reorderFraction: 0.1,
      bytesPerSecond: 100_000,
    });
  }

  async run(): Promise<void> {
    for (let index = 0; index < PEERS; index++) await this.#start(wireId(index));
    for (let step = 0; step < STEPS; step++) {
      await this.#step();
      await this.wire.clock.advance(STEP_MS * this.#random.next());
    }
    this.wire.hub.healAll();
    for (const id of this.#paused) this.#resume(id);
    this.#paused.clear();
    await this.wire.clock.advance(CALM_MS);
  }

  async #step(): Promise<void> {
    const id = wireId(randomInteger(this.#random, PEERS));
    const other = wireId(randomInteger(this.#random, PEERS));
    const { hub } = this.wire;
    for (let count = 0; count < 4; count++) this.#ask(pick(this.#random, [...this.running.values()]));
    switch (randomInteger(this.#random, 10)) {
      case 0:
        this.#end(id, () => hub.kill(id));
        break;
      case 1:
        this.#end(id, () => hub.powerOff(id));
        break;
      case 2:
      case 3:
        if (!this.running.has(id)) await this.#start(id);
        break;
      case 4:
        if (this.running.has(id)) {
          this.#paused.add(id);
          hub.pause(id);
        }
        break;
      case 5:
        if (this.#paused.delete(id)) this.#resume(id);
        break;
      case 6:
        if (id !== other) hub.cut(id, other);
        break;
      case 7:
        if (id !== other) hub.cutOneWay(id, other);
        break;
      case 8:
        if (this.#random.next() < 0.3) hub.healAll();
        break;
      default:
        void this.running.get(id)?.network.disconnect(other);
    }
  }

  #resume(id: string): void {
    this.wire.hub.resume(id);
    this.resumedMs.set(id, this.wire.clock.monotonic());
  }

  #end(id: string, end: () => void): void {
    end();
    this.running.delete(id);
    this.#paused.delete(id);
  }

  async #start(id: string): Promise<void> {
    // Within 100 ppm, and at a start of its own.
    const rate = 1 + 1e-4 * (2 * this.#random.next() - 1);
    const clock = new MachineClock({ clock: this.wire.clock }, { rate, monotonicMs: 1_000 * ++this.#starts });
    const process = await this.wire.start(id, { clock });
    for (let index = 0; index < PEERS; index++) {
      process.addressBook.add(wireId(index), [this.wire.hub.addressOf(wireId(index))]);
    }
    process.network.handle("test.slow", ({ payload, signal }) => {
      return new Promise((resolve, reject) => {
        process.clock.setTimer(() => resolve(payload), 2_000);
        signal.addEventListener("abort", () => reject(signal.reason as Error));
      });
    });
    this.running.set(id, process);
  }

  #ask(by: TestProcess | undefined): void {
    if (by === undefined || this.#paused.has(by.id)) return;
    const timeoutMs = MAX_TIMEOUT_MS * this.#random.next();
    const asked: Asked = { by, deadlineMs: this.wire.clock.monotonic() + timeoutMs, settledMs: undefined };
    this.asked.push(asked);
    const to = wireId(randomInteger(this.#random, PEERS));
    const method = this.#random.next() < 0.5 ? "test.echo" : "test.slow";
    const payload = new Uint8Array(4 + randomInteger(this.#random, 60_000));
    new DataView(payload.buffer).setUint32(0, this.asked.length);
    const settled = () => {
      asked.settledMs = this.wire.clock.monotonic();
    };
    by.network
      .request(to, method, payload, { timeoutMs })
      .then((answer) => {
        // The very payload: an answer to another request brings that one's.
        if (answer !== payload) this.wrongAnswers++;
      })
      .catch(() => undefined)
      .finally(settled);
  }
}

describe.each([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])("a simulated network in turmoil (seed %i)", (seed) => {
  it("settles each request of a process that lives by its deadline, and has no half connection in the end", async () => {
    const turmoil = new Turmoil(seed);
    await turmoil.run();
    const { running, asked, resumedMs } = turmoil;
    expect(asked.length).toBeGreaterThan(500);
    expect(turmoil.wrongAnswers).toBe(0);
    for (const { by, deadlineMs, settledMs } of asked) {
      if (running.get(by.id) !== by) continue;
      // Who stood still hears of it when it goes on; clocks differ by 100 ppm.
      const latestMs = Math.max(deadlineMs, resumedMs.get(by.id) ?? 0) + 1;
      expect(settledMs, `asked by ${by.id}, to be settled by ${deadlineMs}`).toBeLessThanOrEqual(latestMs);
    }
    const ends = [...running.values()].flatMap(({ id, network }) =>
      network.status().connections.map(({ peer, direction }) => ({ id, peer, direction })),
    );
    const opposite = { inbound: "outbound", outbound: "inbound" } as const;
    for (const { id, peer, direction } of ends) {
      expect(ends).toContainEqual({ id: peer, peer: id, direction: opposite[direction] });
    }
    for (const [id, { network }] of running) {
      const { connectionsOpen } = turmoil.wire.hub.countersOf(id);
      expect(connectionsOpen).toBe(network.status().connections.length);
    }
  });
});
