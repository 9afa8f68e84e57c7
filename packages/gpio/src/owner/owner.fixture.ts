import { createHmac } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Documents } from "@pi-controller/document";
import { SimulatedDisk, SimulatedFile, SimulatedStore } from "@pi-controller/document/simulated";
import { openPinHardware, type PinHardware, type PinSimulation } from "@pi-controller/hardware";
import { AddressBook } from "@pi-controller/mesh";
import { SimulatedNetwork } from "@pi-controller/mesh/simulated";
import { type Logger, seededRandom, VirtualClock } from "@pi-controller/runtime";
import {
  type Access,
  type Board,
  MeshError,
  type ReservationRequest,
  reservationRequestSchema,
} from "@pi-controller/schema";
import type { OwnerAsking, Requester } from "../asking.ts";
import type { PinOwnerComponents } from "./components.ts";
import { createPinOwner } from "./create-pin-owner.ts";
import type { OwnerService } from "./owner-service.ts";
import type { OwnedReservation } from "./pin-owner.ts";
import type { Seal } from "./sealing.ts";
import { StoredAtStart } from "./stored-at-start.ts";
import { Wire } from "./wire.fixture.ts";

export const NODE = "node-owner-0000";
/** The file of leases on its disk. */
export const LEASES = "gpio-leases";

const board: Board = {
  model: "Raspberry Pi 4 Model B Rev 1.5",
  family: "pi-4",
  revision: "b03115",
  architecture: "arm64",
  cpuCores: 4,
  memoryBytes: 4 * 2 ** 30,
  gpioChips: [{ name: "gpiochip0", label: "pinctrl-bcm2711", lines: 58 }],
  i2cBuses: [1],
  spiDevices: ["0.0", "0.1"],
  pwmChips: [{ name: "pwmchip0", channels: 2 }],
  storage: [],
  operatingSystem: "Debian",
  kernel: "6.12",
  hostname: "raspberrypi",
  simulated: true,
};

/** The same in all lives of the machine. */
export const testSeal: Seal = {
  mac: (text) => createHmac("sha256", "the key of this machine").update(text).digest("base64"),
};

export interface TestEvent {
  readonly type: string;
  readonly data: Record<string, unknown>;
}

/** What of a request a test says; the rest are the schema's defaults. */
export type Wanted = Partial<Omit<ReservationRequest, "mode">> & {
  readonly resource: string;
  readonly mode?: Record<string, unknown>;
};

/** Somebody who may do all that is not refused. */
export function user(userName: string, refuses: (access: Access) => boolean = () => false): Requester {
  return {
    userName,
    userId: `id-of-${userName}`,
    refusal: (access) =>
      refuses(access) ? `${userName} may not ${access.verb} ${access.resource}` : undefined,
  };
}

let asked = 0;
export function asking(userName = "ada", idempotencyKey?: string): OwnerAsking {
  return { requester: user(userName), correlationId: `correlation-${asked++}`, idempotencyKey };
}

export function wanted({ mode, ...rest }: Wanted): Omit<ReservationRequest, "node"> {
  const text = { node: NODE, mode: { kind: "output", ...mode }, ...rest };
  const { node: _, ...request } = reservationRequestSchema.parse(text);
  return request;
}

/** A machine with pins that are there before and after each life of its peer, on a clock that is moved by hand. */
export class OwnerFixture {
  readonly clock = new VirtualClock();
  readonly disk: SimulatedDisk;
  readonly events: TestEvent[] = [];
  readonly log: string[] = [];
  readonly hardware: PinHardware & { readonly simulation: PinSimulation | null };
  /** Instead of that of the simulated board, as the kernel's; set before `begin`. */
  pwm: PinHardware["pwm"] | undefined;
  /** All that this life of the peer does to hardware and disk goes over it. */
  wire = new Wire();
  service!: OwnerService;
  documents!: Documents;
  trustedNow = () => this.clock.now();
  verifyIntent: PinOwnerComponents["evidence"]["verifyIntent"] = async () => {
    throw new MeshError("UNAUTHENTICATED", "Nobody has signed it");
  };
  users = new Set(["ada", "bob", "eve"]);
  bootEpoch = 0;
  otherNodes: PinOwnerComponents["otherNodes"] = () => [];
  /** Happens after a start has looked at the disk, and before the pins are restored. */
  whileStarting: () => Promise<void> = async () => {};
  readonly #folder = mkdtempSync(join(tmpdir(), "pin-owner-"));
  readonly #hub: SimulatedNetwork;
  readonly #random = seededRandom(1);
  #interfere: Wire["interfere"] = () => undefined;
  #boot = 1;
  #bootedAtMs = 0;

  constructor() {
    this.disk = new SimulatedDisk({ clock: this.clock, random: this.#random });
    this.#hub = new SimulatedNetwork({ clock: this.clock, random: this.#random });
    const quiet: Logger = { debug() {}, info() {}, warn() {}, error() {} };
    this.hardware = openPinHardware({ clock: this.clock, logger: quiet }, board, {
      driver: "simulated",
      chip: "",
      pigpiodAddress: "",
      simulationFile: join(this.#folder, "pins"),
    });
  }

  get owner() {
    return this.service.owner;
  }

  get simulation(): PinSimulation {
    if (this.hardware.simulation === null) throw new Error("The hardware is not simulated");
    return this.hardware.simulation;
  }

  /** What is on the wire of a pin. */
  level(line: number): "low" | "high" {
    return this.simulation.pins.level(line);
  }

  uptimeMs(): number {
    return this.clock.monotonic() - this.#bootedAtMs;
  }

  /** A new life of the peer. */
  async begin(): Promise<void> {
    const wire = new Wire();
    wire.interfere = (lines) => this.#interfere(lines);
    this.bootEpoch++;
    this.wire = wire;
    const logger: Logger = {
      debug() {},
      info() {},
      warn: (_fields, message) => void this.log.push(message),
      error: (_fields, message) => void this.log.push(message),
    };
    const process = this.#hub.createPeer(NODE, { addressBook: new AddressBook(), logger });
    const started = new AbortController().signal;
    await this.finish(process.network.start(started));
    this.documents = new Documents({
      ...process,
      store: new SimulatedStore(this),
      clockPage: new SimulatedFile(this, { name: "document-clocks" }),
      random: this.#random,
      logger,
      reachablePeers: () => [],
    });
    await this.finish(this.documents.start(started));
    if (this.bootEpoch === 1) await this.finish(this.hardware.start(started));
    const own = wire.document(this.documents.own);
    const stored = new StoredAtStart({ own, seal: testSeal });
    stored.read();
    await this.finish(this.whileStarting());
    this.service = createPinOwner(
      {
        hardware: wire.hardware(this.hardware, this.pwm),
        own,
        seal: testSeal,
        stored,
        wasLost: () => this.documents.wasLost,
        mesh: wire.document(this.documents.mesh),
        otherNodes: () => this.otherNodes(),
        events: {
          emit: (type, data) => {
            if (!wire.isCut) this.events.push({ type, data });
          },
        },
        evidence: { verifyIntent: (signature, digest) => this.verifyIntent(signature, digest) },
        knowsUser: (name) => (this.users.has(name) ? { userId: `id-of-${name}` } : undefined),
        machineTime: { bootId: `boot-${this.#boot}`, uptimeMs: () => this.uptimeMs() },
        clock: this.clock,
        random: this.#random,
        logger,
        leasePage: new SimulatedFile(this, { name: LEASES }),
        trustedNow: () => this.trustedNow(),
      },
      { node: NODE, bootEpoch: this.bootEpoch },
    );
    await this.finish(this.service.start(started));
    await this.settle();
  }

  /** The peer stops in good order. */
  async end(): Promise<void> {
    await this.finish(this.service.stop());
    await this.#takeLinesBack();
    await this.finish(this.documents.stop());
    this.#hub.kill(NODE);
  }

  /** The process is gone from one moment to the next; the kernel takes its lines back, as they are. */
  async kill(): Promise<void> {
    this.wire.cut();
    this.#hub.kill(NODE);
    this.disk.kill();
    await this.#takeLinesBack();
  }

  /** The machine starts anew: pins are inputs, and its clock begins at 0. */
  reboot(): void {
    this.#boot++;
    this.#bootedAtMs = this.clock.monotonic();
  }

  async restart(): Promise<void> {
    await this.kill();
    await this.begin();
  }

  /**
   * Lets the GPIO driver fail, over restarts too.
   *
   * @param lines that it fails for; left out: all
   * @returns lets it work again
   */
  breakGpio(
    lines?: readonly number[],
    failure: () => Promise<never> = async () => {
      throw new MeshError("UNAVAILABLE", "GPIO18 is broken");
    },
  ): () => void {
    this.#interfere = (asked) =>
      asked.some((line) => lines === undefined || lines.includes(line)) ? failure() : undefined;
    return () => {
      this.#interfere = () => undefined;
    };
  }

  /** Lets what is under way end, with files, but no time pass. */
  async settle(): Promise<void> {
    for (let round = 0; round < 10; round++) {
      await new Promise((resolve) => setImmediate(resolve));
      await this.clock.advance(0);
    }
  }

  async run(durationMs: number): Promise<void> {
    await this.clock.advance(durationMs);
    await this.settle();
  }

  /** @returns undefined for something that is never answered */
  async outcome<T>(
    work: Promise<T>,
  ): Promise<{ readonly value: T } | { readonly error: unknown } | undefined> {
    let outcome: { readonly value: T } | { readonly error: unknown } | undefined;
    work.then(
      (value) => {
        outcome = { value };
      },
      (error: unknown) => {
        outcome = { error };
      },
    );
    // Real files take some turns; an answer that does not come in as many is not to come.
    for (let round = 0; round < 20 && outcome === undefined; round++) {
      await new Promise((resolve) => (round < 10 ? setImmediate(resolve) : setTimeout(resolve, 1)));
      await this.clock.advance(0);
    }
    return outcome;
  }

  /** Waits for something that takes files and the turns of promises, and time only if it must. */
  async finish<T>(work: Promise<T>): Promise<T> {
    let settled = false;
    const done = work.finally(() => {
      settled = true;
    });
    done.catch(() => undefined);
    for (let round = 0; round < 2_000 && !settled; round++) {
      // Files are real, and slow on a busy machine: no time passes for the peer while it waits for one.
      if (round < 30) await new Promise((resolve) => setImmediate(resolve));
      else if (round < 300) await new Promise((resolve) => setTimeout(resolve, 1));
      await this.clock.advance(round < 300 ? 0 : 10);
    }
    return done;
  }

  reserve(wants: Wanted, by = asking()): Promise<OwnedReservation> {
    return this.finish(this.owner.reserve(wanted(wants), by));
  }

  /** Writes a level and says how that went. */
  async write(held: OwnedReservation, level: "low" | "high", by = asking()): Promise<string> {
    const { id, token } = held.record;
    const [result] = await this.finish(this.owner.write([{ id, token: token ?? "", value: { level } }], by));
    return result !== undefined && "error" in result ? result.error.code : "ok";
  }

  async release(held: OwnedReservation, by = asking()): Promise<void> {
    const { id, token } = held.record;
    await this.finish(this.owner.release(id, { token: token ?? undefined, force: false }, by));
  }

  async list(): Promise<readonly OwnedReservation[]> {
    return this.finish(this.owner.list(undefined, asking()));
  }

  told(type: string): readonly Record<string, unknown>[] {
    return this.events.flatMap((event) => (event.type === type ? [event.data] : []));
  }

  /** As the kernel does when a process is gone: outputs keep their levels. */
  async #takeLinesBack(): Promise<void> {
    for (let line = 0; line < 28; line++) await this.hardware.gpio.release(line, "as-is");
  }

  /** What is on a pin by this machine's doing: `input` when whoever is outside can move it. */
  drives(line: number): "low" | "high" | "input" {
    const { pins } = this.simulation;
    pins.set(line, "low");
    const low = this.level(line);
    pins.set(line, "high");
    const high = this.level(line);
    pins.set(line, null);
    return low === high ? low : "input";
  }

  /** Nothing of it goes on: its clock stands still. */
  async cleanUp(): Promise<void> {
    this.wire.cut();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** The code that something fails with. */
export async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return "ok";
  } catch (error) {
    return error instanceof MeshError ? error.code : String(error);
  }
}
