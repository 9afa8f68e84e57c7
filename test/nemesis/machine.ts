import { readdirSync, readFileSync, readlinkSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Client, createClient } from "@pi-controller/client";
import type { NodeId } from "@pi-controller/schema";
import type { MeshAccess } from "../../scripts/mesh-setup.ts";
import type { SettableClock } from "../support/fake-time.ts";
import type { Host } from "../support/namespaces.ts";
import { PeerProcess } from "../support/peer-process.ts";
import type { LoopDisk } from "./loop-disk.ts";
import { type ApiCall, recordingFetch } from "./recording-fetch.ts";

/** As by default; each machine has a network of its own. */
const FLAGS = ["--listen", "0.0.0.0", "--port", "8080", "--mesh-port", "4101"];
const API = "http://127.0.0.1:8080";
/** Others start at the same time, on two cores perhaps. */
const START_WITHIN_MS = 90_000;
/** More than the peer takes for anything: that it gives up by itself is looked at. */
const TIMEOUT_MS = 12_000;

export interface MachineParts {
  readonly name: string;
  readonly host: Host;
  readonly disk: LoopDisk;
  readonly clock: SettableClock;
  /** Gets every request to its API, once that has ended. */
  readonly onCall: (machine: Machine, call: ApiCall) => void;
}

export interface Footprint {
  readonly residentMegabytes: number;
  readonly openFiles: number;
}

/** A machine with a peer on it, and what goes wrong with it. */
export class Machine {
  readonly name: string;
  readonly host: Host;
  readonly disk: LoopDisk;
  readonly clock: SettableClock;
  id: NodeId = "";
  #client: Client | undefined;
  #access: MeshAccess | undefined;
  #peer: PeerProcess | undefined;
  readonly #onCall: MachineParts["onCall"];
  #earlierLogs = "";
  #troubles = 0;
  #calmSinceMs = Number.POSITIVE_INFINITY;
  #cutTroubles = 0;
  #linkedSinceMs = 0;
  /** Ended on purpose: everybody else must be running. */
  #isDown = true;

  constructor({ name, host, disk, clock, onCall }: MachineParts) {
    this.name = name;
    this.host = host;
    this.disk = disk;
    this.clock = clock;
    this.#onCall = onCall;
  }

  /** Since when its process, disk and clock have been as they should; infinite while they are not. */
  get calmSinceMs(): number {
    return this.#calmSinceMs;
  }

  /** Since when its cable is in and it reaches all others; infinite while it does not. */
  get linkedSinceMs(): number {
    return this.#linkedSinceMs;
  }

  get isDown(): boolean {
    return this.#isDown;
  }

  get peer(): PeerProcess {
    if (this.#peer === undefined) throw new Error(`${this.name} was not started`);
    return this.#peer;
  }

  /** Of a program that uses its API. */
  get client(): Client {
    if (this.#client === undefined) throw new Error(`${this.name} is no member yet`);
    return this.#client;
  }

  /** @throws Error with the peer's log when it does not serve */
  async start(options: { flags?: readonly string[]; access?: MeshAccess } = {}): Promise<void> {
    const access = options.access ?? this.#access;
    this.#earlierLogs += this.#peer?.log ?? "";
    this.#peer = await PeerProcess.start({
      name: this.name,
      dataDirectory: join(this.disk.directory, "data"),
      flags: [...FLAGS, ...(options.flags ?? [])],
      wrapper: this.host.wrapper,
      fetchJson: this.host.fetchJson,
      env: this.clock.env,
      startWithinMs: START_WITHIN_MS,
      ...(access === undefined ? {} : { access }),
    });
    this.#isDown = false;
    this.#calmSinceMs = this.#troubles === 0 ? performance.now() : Number.POSITIVE_INFINITY;
  }

  /** From now on it has a client, of the mesh that it belongs to. */
  useMesh(access: MeshAccess): void {
    this.#access = access;
    this.#client = createClient({
      baseUrl: API,
      credentials: { bearer: access.apiToken },
      timeoutMs: TIMEOUT_MS,
      fetch: recordingFetch(this.host, (call) => this.#onCall(this, call)),
    });
  }

  async kill(): Promise<void> {
    this.#isDown = true;
    await this.peer.kill("SIGKILL");
  }

  /** What its peers have logged, the earlier ones first. */
  logs(): string {
    return this.#earlierLogs + (this.#peer?.log ?? "");
  }

  /** Whatever state it is in. */
  async end(): Promise<void> {
    // Who waits for a disk that stands still cannot die.
    await this.disk.goOn().catch(() => {});
    if (this.#peer !== undefined) await this.kill();
  }

  /** Something is wrong with it from now on, until `atEase` was called as often. */
  inTrouble(): void {
    this.#troubles++;
    this.#calmSinceMs = Number.POSITIVE_INFINITY;
  }

  atEase(): void {
    if (--this.#troubles === 0) this.#calmSinceMs = performance.now();
  }

  /** As `inTrouble`, of what connects it with others. */
  outOfReach(): void {
    this.#cutTroubles++;
    this.#linkedSinceMs = Number.POSITIVE_INFINITY;
  }

  inReach(): void {
    if (--this.#cutTroubles === 0) this.#linkedSinceMs = performance.now();
  }

  /**
   * Makes the last bytes of the log of its documents other than they were written, as of a write that the power cut in
   * two: they are gone, or are something else.
   *
   * @returns what was done; undefined when there is no log
   */
  tearLog(bytes: number): string | undefined {
    const folder = join(this.disk.directory, "data", "documents", "level");
    const logs = readdirSync(folder).filter((name) => name.endsWith(".log"));
    const newest = logs.toSorted((a, b) => Number.parseInt(a) - Number.parseInt(b)).at(-1);
    if (newest === undefined) return undefined;
    const path = join(folder, newest);
    const { size } = statSync(path);
    const torn = Math.min(bytes, size);
    if (torn % 2 === 0) {
      truncateSync(path, size - torn);
      return `${newest} lost its last ${torn} of ${size} bytes`;
    }
    const content = readFileSync(path);
    for (let at = size - torn; at < size; at++) content.writeUInt8(content.readUInt8(at) ^ 0xa5, at);
    writeFileSync(path, content);
    return `${newest} has ${torn} other bytes at the end of ${size}`;
  }

  /** What its process takes of the machine; undefined when there is none. */
  footprint(): Footprint | undefined {
    try {
      const status = readFileSync(`/proc/${this.peer.pid}/status`, "utf8");
      const kilobytes = Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? Number.NaN);
      const openFiles = readdirSync(`/proc/${this.peer.pid}/fd`).length;
      return Number.isNaN(kilobytes) ? undefined : { residentMegabytes: kilobytes / 1024, openFiles };
    } catch {
      return undefined;
    }
  }

  /** What its process has open, for when that is too much. */
  openFiles(): string[] {
    const folder = `/proc/${this.peer.pid}/fd`;
    return readdirSync(folder).map((name) => readlinkSync(join(folder, name)));
  }
}
