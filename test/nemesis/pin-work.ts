import { pick, type Random, randomInteger } from "@pi-controller/runtime";
import { type GpioView, MeshError } from "@pi-controller/schema";
import type { AcceptedWrite, Grant, PinHistory } from "./history.ts";
import { Loops } from "./loops.ts";
import type { Machine } from "./machine.ts";

const CLIENTS = 8;
const RESOURCES = ["GPIO17", "GPIO27"];
/** Only so many machines have pins that are fought for, so that there is a fight. */
const OWNERS = 3;
/** Some end while their owner is away, some outlast that. */
const [SHORTEST_TERM_MS, LONGEST_TERM_MS] = [800, 10_000];
/** How late the owner's process may be to mark an end: it looks at each write, but by its own reading of the time. */
const OVER_MARGIN_MS = 50;

/** Programs that fight for the same few pins, through all peers. */
export class PinWork implements PinHistory {
  readonly grants: Grant[] = [];
  readonly writes: AcceptedWrite[] = [];
  readonly refused = new Map<string, number>();
  readonly #machines: readonly Machine[];
  readonly #random: Random;
  readonly #loops = new Loops();
  readonly #termMs = new WeakMap<Grant, number>();
  /** Grants that their owner may have forgotten, because its disk has. */
  readonly #void = new WeakSet<Grant>();
  /** When the disk of an owner was torn last, by its name. */
  readonly #tornMs = new Map<string, number>();

  constructor(components: { readonly machines: readonly Machine[]; readonly random: Random }) {
    this.#machines = components.machines;
    this.#random = components.random;
  }

  begin(): void {
    for (let index = 0; index < CLIENTS; index++) this.#loops.begin(() => this.#turn());
  }

  end(): Promise<void> {
    return this.#loops.end();
  }

  /** The owner's disk has lost its last writes: what it granted may be over, though nobody said so. */
  torn(machine: Machine): void {
    const nowMs = performance.now();
    for (const grant of this.grants) {
      if (grant.owner !== machine.name) continue;
      grant.standsUntilMs = Math.min(grant.standsUntilMs, nowMs);
      this.#makeVoid(grant);
    }
    this.#tornMs.set(machine.name, nowMs);
  }

  /** One program gets hold of a pin, uses it, and gives it back or forgets it. */
  async #turn(): Promise<void> {
    const random = this.#random;
    const owner = pick(random, this.#machines.slice(0, OWNERS));
    const through = pick(random, this.#machines);
    const resource = pick(random, RESOURCES);
    if (owner === undefined || through === undefined || resource === undefined) return;
    await this.#loops.pause(randomInteger(random, 300));
    const grant = await this.#reserve(owner, through, resource);
    if (grant === undefined) return;
    const uses = randomInteger(random, 6);
    for (let use = 0; use < uses && this.#loops.goOn; use++) {
      await this.#write(through, grant);
      await this.#loops.pause(randomInteger(random, 400));
      if (random.next() < 0.3) await this.#renew(through, grant);
    }
    if (random.next() < 0.7) await this.#release(through, grant);
    // Somebody who slept through the end of his lease.
    const former = pick(random, this.grants.filter((other) => other.owner === owner.name).slice(-8));
    if (former === undefined) return;
    await this.#write(through, former);
    // And somebody who shows an old token of what somebody else has now.
    const newest = this.grants.findLast(
      (other) => other.owner === former.owner && other.resource === former.resource,
    );
    if (newest !== undefined && newest !== former) await this.#write(through, former, newest.id);
  }

  async #reserve(owner: Machine, through: Machine, resource: string): Promise<Grant | undefined> {
    const ttlMs = SHORTEST_TERM_MS + randomInteger(this.#random, LONGEST_TERM_MS - SHORTEST_TERM_MS);
    const sentMs = performance.now();
    const terms = { node: owner.id, resource, mode: { kind: "output" }, ttlMs } as const;
    const view = await this.#try<GpioView>(() => through.client.gpio.reserve(terms));
    const token = view?.token ?? null;
    if (view === undefined || token === null) return undefined;
    const acknowledgedMs = performance.now();
    const grant: Grant = {
      ...{ owner: owner.name, resource, id: view.id, token, sentMs, acknowledgedMs },
      standsUntilMs: sentMs + ttlMs,
      overFromMs: acknowledgedMs + ttlMs + OVER_MARGIN_MS,
    };
    this.grants.push(grant);
    this.#termMs.set(grant, ttlMs);
    if ((this.#tornMs.get(owner.name) ?? 0) >= sentMs) {
      grant.standsUntilMs = acknowledgedMs;
      this.#makeVoid(grant);
    }
    return grant;
  }

  #makeVoid(grant: Grant): void {
    grant.overFromMs = Number.POSITIVE_INFINITY;
    this.#void.add(grant);
  }

  async #write(through: Machine, grant: Grant, id = grant.id): Promise<void> {
    const sentMs = performance.now();
    const level = this.#random.next() < 0.5 ? "high" : "low";
    const write = { token: grant.token, value: { level } } as const;
    const view = await this.#try(() => through.client.gpio.write(id, write));
    if (view !== undefined) this.writes.push({ grant, sentMs });
  }

  async #renew(through: Machine, grant: Grant): Promise<void> {
    const ttlMs = this.#termMs.get(grant) ?? 0;
    const sentMs = performance.now();
    const overFromMs = grant.overFromMs;
    // Until there is an answer, it may have been renewed at any time.
    grant.overFromMs = Number.POSITIVE_INFINITY;
    try {
      await through.client.gpio.renew(grant.id, { token: grant.token });
      if (this.#void.has(grant)) return;
      grant.overFromMs = performance.now() + ttlMs + OVER_MARGIN_MS;
      grant.standsUntilMs = Math.max(grant.standsUntilMs, sentMs + ttlMs);
    } catch (error) {
      this.#count(error);
      if (isRefusal(error) && !this.#void.has(grant)) grant.overFromMs = overFromMs;
    }
  }

  async #release(through: Machine, grant: Grant): Promise<void> {
    grant.standsUntilMs = Math.min(grant.standsUntilMs, performance.now());
    try {
      await through.client.gpio.release(grant.id, { token: grant.token });
      if (!this.#void.has(grant)) grant.overFromMs = performance.now();
    } catch (error) {
      this.#count(error);
    }
  }

  async #try<T>(call: () => Promise<T>): Promise<T | undefined> {
    try {
      return await call();
    } catch (error) {
      this.#count(error);
      return undefined;
    }
  }

  #count(error: unknown): void {
    const code = error instanceof MeshError ? error.code : String(error);
    this.refused.set(code, (this.refused.get(code) ?? 0) + 1);
  }
}

/** The owner has answered: nothing was done. */
function isRefusal(error: unknown): boolean {
  return error instanceof MeshError && ["ABORTED", "NOT_FOUND", "FAILED_PRECONDITION"].includes(error.code);
}
