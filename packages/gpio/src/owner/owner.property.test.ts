import { pick, type Random, randomInteger, seededRandom } from "@pi-controller/runtime";
import type { Level, OnExpire } from "@pi-controller/schema";
import { describe, expect, it } from "vitest";
import { compareTokens } from "../ledger/token.ts";
import { asking, codeOf, OwnerFixture, wanted } from "./owner.fixture.ts";
import type { OwnedReservation } from "./pin-owner.ts";

const RUNS = 40;
const STEPS = 60;
const LINES = [17, 18, 27] as const;
const USERS = ["ada", "bob", "eve"] as const;

type Driven = Level | "input";

/** What a test knows of a reservation, from what it asked for and was told. */
interface Known {
  readonly id: string;
  readonly line: number;
  readonly by: string;
  readonly onExpire: OnExpire;
  readonly initial: Level;
  readonly keep: boolean;
  /** Acknowledged, and to come back after a restart. */
  kept: Level | null;
  /** Without a kept value since then, a restart leaves it safe. */
  wasStopped: boolean;
}

/**
 * Says what each pin has to drive, and why: what the standing grant wants of it, or the safe state of what stood
 * there last. It knows nothing of how the owner works.
 */
class Explanation {
  readonly known = new Map<string, Known>();
  readonly pins = new Map<number, { id: string | null; drives: Driven }>();
  /** Those of grants that are over: nobody may ever write under one again. */
  readonly stale: { readonly held: OwnedReservation; readonly by: string }[] = [];
  isStopped = false;
  #seen = 0;

  /** Follows what the owner tells, in its order. */
  follow(machine: OwnerFixture): void {
    for (const { type, data } of machine.events.slice(this.#seen)) {
      const known = this.known.get(String(data["reservation"]));
      if (known === undefined) continue;
      if (type === "gpio.reservation.granted") {
        this.pins.set(known.line, { id: known.id, drives: known.initial });
      } else if (type === "gpio.reservation.ended") this.#ended(known);
    }
    this.#seen = machine.events.length;
  }

  wrote(id: string, level: Level): void {
    const known = this.known.get(id);
    if (known === undefined) return;
    this.pins.set(known.line, { id, drives: level });
    if (known.keep) known.kept = level;
  }

  stopped(): void {
    this.isStopped = true;
    for (const known of this.#holders()) {
      known.kept = null;
      known.wasStopped = true;
      this.pins.set(known.line, { id: known.id, drives: safe(known.onExpire, "input") });
    }
  }

  /** A new life of the peer sets up what stands. */
  restarted(): void {
    for (const known of this.#holders()) {
      const staysSafe = this.isStopped || (known.wasStopped && known.kept === null);
      const drives = staysSafe ? safe(known.onExpire, "input") : (known.kept ?? known.initial);
      this.pins.set(known.line, { id: known.id, drives });
    }
  }

  #ended(known: Known): void {
    const pin = this.pins.get(known.line);
    if (pin?.id !== known.id) return;
    this.pins.set(known.line, { id: null, drives: safe(known.onExpire, pin.drives) });
  }

  #holders(): readonly Known[] {
    return [...this.pins.values()].flatMap(({ id }) => (id === null ? [] : (this.known.get(id) ?? [])));
  }
}

function safe(onExpire: OnExpire, held: Driven): Driven {
  return onExpire === "hold" ? held : onExpire;
}

/** One life of a machine with people who do what they like. */
class Life {
  readonly machine = new OwnerFixture();
  readonly explanation = new Explanation();
  readonly #random: Random;
  #highest = "0.0";

  constructor(seed: number) {
    this.#random = seededRandom(seed);
  }

  async step(): Promise<void> {
    const { machine, explanation } = this;
    const held = pick(this.#random, await machine.list());
    const action = randomInteger(this.#random, 20);
    if (action < 5) await this.#reserve();
    else if (action < 10) await this.#write(held);
    else if (action === 10) await this.#writeStale();
    else if (action === 11 && held !== undefined) await this.#release(held);
    else if (action === 12 && held !== undefined) await this.#renew(held);
    else if (action === 13 && held !== undefined) await this.#transfer(held);
    else if (action === 14) {
      await machine.finish(machine.owner.stop({ reason: "" }, asking()));
      explanation.follow(machine);
      explanation.stopped();
    } else if (action === 15) {
      await machine.finish(machine.owner.clear(undefined, asking()));
      explanation.isStopped = false;
    } else if (action === 16) await this.#restart();
    else await machine.run(pick(this.#random, [100, 500, 1_000]) ?? 0);
    await machine.settle();
    explanation.follow(machine);
  }

  async check(): Promise<void> {
    const { machine, explanation } = this;
    const granted = (await machine.list()).filter(({ record }) => record.state === "granted");
    for (const line of LINES) {
      const holders = granted.filter(({ gpio }) => gpio === line);
      expect(holders.length, `holders of GPIO${line}`).toBeLessThanOrEqual(1);
      const pin = explanation.pins.get(line) ?? { id: null, drives: "input" };
      expect(holders[0]?.record.id ?? null, `who holds GPIO${line}`).toBe(pin.id);
      expect(machine.drives(line), `GPIO${line}`).toBe(pin.drives);
      const observed = holders[0]?.observed;
      if (observed?.level !== undefined && pin.drives !== "input") expect(observed.level).toBe(pin.drives);
    }
  }

  async #reserve(): Promise<void> {
    const by = pick(this.#random, USERS) ?? "ada";
    const line = pick(this.#random, LINES) ?? 18;
    const onExpire = pick(this.#random, ["low", "high", "input", "hold"] as const) ?? "input";
    const initial = pick(this.#random, ["low", "high"] as const) ?? "low";
    const ttlMs = pick(this.#random, [500, 2_000, null]) ?? null;
    const request = wanted({
      resource: `GPIO${line}`,
      mode: { initial },
      onExpire,
      ttlMs,
      watchdogMs: pick(this.#random, [null, null, 400]) ?? null,
      waitMs: pick(this.#random, [0, 1_500]) ?? 0,
      priority: randomInteger(this.#random, 3),
      preemptible: this.#random.next() < 0.5,
      preempt: this.#random.next() < 0.5,
    });
    const work = this.machine.owner.reserve(request, asking(by));
    work.then(
      ({ record: { id, keep } }) => {
        // Known before its event is looked at.
        this.explanation.known.set(id, {
          id,
          line,
          by,
          onExpire,
          initial,
          keep,
          kept: null,
          wasStopped: false,
        });
      },
      () => undefined,
    );
    if ((await codeOf(this.machine.finish(work))) !== "ok") return;
    const { record } = await work;
    if (record.token === null) return;
    expect(compareTokens(record.token, this.#highest), "tokens rise").toBeGreaterThan(0);
    this.#highest = record.token;
  }

  async #write(held: OwnedReservation | undefined): Promise<void> {
    if (held === undefined || held.record.token === null) return;
    const level = pick(this.#random, ["low", "high"] as const) ?? "low";
    const result = await this.machine.write(held, level, asking(held.record.holder.userName));
    expect(result).toBe(this.explanation.isStopped ? "FAILED_PRECONDITION" : "ok");
    this.explanation.follow(this.machine);
    if (result === "ok") this.explanation.wrote(held.record.id, level);
  }

  async #writeStale(): Promise<void> {
    const stale = pick(this.#random, this.explanation.stale);
    if (stale === undefined) return;
    const result = await this.machine.write(stale.held, "high", asking(stale.by));
    expect(["ABORTED", "NOT_FOUND"]).toContain(result);
  }

  async #release(held: OwnedReservation): Promise<void> {
    const by = held.record.holder.userName;
    await this.machine.release(held, asking(by));
    if (held.record.token !== null) this.explanation.stale.push({ held, by });
  }

  async #renew(held: OwnedReservation): Promise<void> {
    const { id, token, holder } = held.record;
    if (token === null) return;
    await this.machine.finish(this.machine.owner.renew(id, { token }, asking(holder.userName)));
  }

  async #transfer(held: OwnedReservation): Promise<void> {
    const { id, token, holder } = held.record;
    if (token === null) return;
    const to = pick(this.#random, USERS) ?? "ada";
    const work = this.machine.owner.transfer(id, { token, to }, asking(holder.userName));
    const { record } = await this.machine.finish(work);
    expect(compareTokens(record.token ?? "", this.#highest), "tokens rise").toBeGreaterThan(0);
    this.#highest = record.token ?? "";
    this.explanation.stale.push({ held, by: holder.userName });
  }

  async #restart(): Promise<void> {
    const { machine, explanation } = this;
    if (this.#random.next() < 0.5) await machine.end();
    else await machine.kill();
    if (this.#random.next() < 0.3) machine.reboot();
    await machine.begin();
    explanation.follow(machine);
    explanation.restarted();
  }
}

describe("an owner and people who do what they like", () => {
  it("drives nothing that a standing grant or a safe state does not explain", async () => {
    for (let seed = 1; seed <= RUNS; seed++) {
      const life = new Life(seed);
      await life.machine.begin();
      try {
        for (let step = 0; step < STEPS; step++) {
          await life.step();
          await life.check();
        }
      } catch (error) {
        throw new Error(`With the seed ${seed}`, { cause: error });
      } finally {
        await life.machine.cleanUp();
      }
    }
  }, 60_000);
});
