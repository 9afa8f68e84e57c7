import { type Clock, type Random, seededRandom, silentLogger, VirtualClock } from "@pi-controller/runtime";
import { AddressBook } from "../address-book.ts";
import type { ContractTrust } from "../network-contract-tools.ts";
import type { LinkConditions } from "./link-direction.ts";
import { SimulatedNetwork, type SimulatedProcess } from "./simulated-network.ts";

export interface TestProcess extends SimulatedProcess {
  readonly id: string;
  readonly addressBook: AddressBook;
}

/** Peers over a simulated network, for tests of that network itself. */
export class SimulatedWire {
  readonly clock = new VirtualClock();
  readonly random: Random;
  readonly hub: SimulatedNetwork;

  constructor(seed = 1, conditions: Partial<LinkConditions> = { latencyMs: 2 }) {
    this.random = seededRandom(seed);
    this.hub = new SimulatedNetwork({ clock: this.clock, random: this.random }, conditions);
  }

  create(id: string, options: ContractTrust & { clock?: Clock } = {}): TestProcess {
    const addressBook = new AddressBook();
    const process = this.hub.createPeer(id, { ...options, addressBook, logger: silentLogger });
    return { ...process, addressBook, id };
  }

  /** A process that listens and answers `test.echo` with what it is sent. */
  async start(id: string, options: ContractTrust & { clock?: Clock } = {}): Promise<TestProcess> {
    const process = this.create(id, options);
    process.network.handle("test.echo", async ({ payload }) => payload);
    await process.network.start(new AbortController().signal);
    return process;
  }

  async startMany(count: number): Promise<TestProcess[]> {
    const processes: TestProcess[] = [];
    for (let index = 0; index < count; index++) processes.push(await this.start(wireId(index)));
    return processes;
  }

  /** Dials without waiting for what becomes of it. */
  dial(from: TestProcess, to: string, timeoutMs = 1_000): void {
    void from.network.dial({ addresses: [this.hub.addressOf(to)] }, timeoutMs);
  }

  /** Asks, and lets time pass. @returns "answered" or the code of the error, and how long it took */
  async ask(from: TestProcess, to: string, { bytes = 1, timeoutMs = 1_000 } = {}) {
    const startMs = this.clock.monotonic();
    let endMs = Number.NaN;
    from.addressBook.add(to, [this.hub.addressOf(to)]);
    const asking = from.network
      .request(to, "test.echo", new Uint8Array(bytes), { timeoutMs })
      .then(
        () => "answered",
        (error: { code: string }) => error.code,
      )
      .finally(() => {
        endMs = this.clock.monotonic();
      });
    await this.clock.advance(timeoutMs);
    return { outcome: await asking, tookMs: endMs - startMs };
  }
}

export function wireId(index: number): string {
  return `peer-${String(index).padStart(4, "0")}`;
}
