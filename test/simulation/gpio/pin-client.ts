import { rivals } from "@pi-controller/gpio/testing";
import { pick, type Random, randomInteger } from "@pi-controller/runtime";
import type { GpioView, OnExpire, ReservationId } from "@pi-controller/schema";
import type { SimulatedMachine } from "../world/simulated-machine.ts";
import type { World } from "../world/world.ts";
import type { Grant, GrantTerms, Told } from "./grant.ts";
import { isRight } from "./life.ts";
import type { Outcome, PinAsker, PinCallOf, PinRequest } from "./pin-asker.ts";
import type { Maybe, PinHistory, PinStory } from "./pin-history.ts";
import { PinIntruder } from "./pin-intruder.ts";
import { MAX_WAIT_MS, somePinRequest } from "./pin-requests.ts";
import { someValue, valueText } from "./pin-values.ts";

/** A place in line, or a grant that it may be the holder of. */
interface Holding {
  readonly story: PinStory;
  readonly id: ReservationId;
  readonly terms: Omit<GrantTerms, "token">;
  /** Undefined while it waits. */
  grant: Grant | undefined;
  /** While it waits: it may have been granted. */
  maybe: Maybe | undefined;
}

export interface PinClientComponents {
  readonly world: World;
  readonly history: PinHistory;
  readonly asker: PinAsker;
  readonly random: Random;
}

export interface PinClientOptions {
  readonly user: string;
  /** Whom it talks to, as long as that runs. */
  readonly home: SimulatedMachine;
  /** Where pins are. */
  readonly owners: readonly SimulatedMachine[];
  /** Gives what was transferred to whoever has it now. */
  readonly onTransferred: (user: string, holding: Holding) => void;
}

const MAX_HOLDINGS = 2;
const MAX_RETRIES = 3;
/** Nobody who is asked over the mesh is given up in this time. */
const AT_ONCE_MS = 100;
/** Of a hundred, what comes before. */
const LEAVES_A_VALUE = 80;
/** What nobody was told the end of may be done for so long after its time: disks stall, processes stand still. */
const MAY_BE_DONE_WITHIN_MS = 45_000;

/** A program that wants pins: it reserves, renews, writes, lets go, forgets, and sleeps through ends of leases. */
export class PinClient {
  readonly #components: PinClientComponents;
  readonly #options: PinClientOptions;
  readonly #holdings: Holding[] = [];
  /** What it held once, for coming too late. */
  #former: Grant | undefined;
  readonly #intruder: PinIntruder;
  #isBusy = false;
  #sleepsUntilMs = 0;

  constructor(components: PinClientComponents, options: PinClientOptions) {
    this.#components = components;
    this.#options = options;
    this.#intruder = new PinIntruder(components, options);
  }

  get user(): string {
    return this.#options.user;
  }

  take(holding: Holding): void {
    this.#holdings.push(holding);
  }

  /** Does the next thing, unless it is at one or sleeps. */
  step(): void {
    const { world } = this.#components;
    if (this.#isBusy || world.clock.monotonic() < this.#sleepsUntilMs) return;
    this.#isBusy = true;
    void this.#act().finally(() => {
      this.#isBusy = false;
    });
  }

  async #act(): Promise<void> {
    const { random, asker } = this.#components;
    const { home } = this.#options;
    const machine = asker.machine(random.next() < 0.9 ? home : undefined);
    if (machine === undefined) return;
    const holding = pick(random, this.#holdings);
    if (holding === undefined || (this.#holdings.length < MAX_HOLDINGS && random.next() < 0.15)) {
      if (random.next() < 0.1) await this.#intruder.meddle(machine);
      else if (this.#former !== undefined && random.next() < 0.15)
        await this.#intruder.comeTooLate(machine, this.#former);
      else await this.#reserve(machine);
    } else if (holding.grant === undefined) {
      if (random.next() < 0.08) await this.#release(machine, holding);
      else await this.#look(machine, holding);
    } else {
      await this.#use(machine, holding, holding.grant);
    }
  }

  async #use(machine: SimulatedMachine, holding: Holding, grant: Grant): Promise<void> {
    const { random, world } = this.#components;
    const isAway = !holding.story.owner.isRunning && random.next() < 0.3;
    const chance = isAway ? LEAVES_A_VALUE : randomInteger(random, 100);
    const { ttlMs } = grant.terms;
    if (chance < 35) await this.#write(machine, holding, grant);
    else if (chance < 42) await this.#batch(machine);
    else if (chance < 65) await this.#renew(machine, holding, grant);
    else if (chance < 75) await this.#release(machine, holding);
    else if (chance < LEAVES_A_VALUE) await this.#transfer(machine, holding, grant);
    else if (chance < LEAVES_A_VALUE + 6) await this.#leaveValue(machine, holding, grant);
    else if (chance < 90) await this.#look(machine, holding);
    else if (chance < 95) {
      const sleepMs = ttlMs === null ? 10_000 : Math.min(ttlMs * 2 * random.next(), 40_000);
      this.#sleepsUntilMs = world.clock.monotonic() + sleepMs;
    } else if (ttlMs !== null) this.#drop(holding);
    else if (random.next() < 0.3) await this.#force(machine, holding, grant);
  }

  async #reserve(machine: SimulatedMachine): Promise<void> {
    const { random, history, world } = this.#components;
    const owner = pick(random, this.#options.owners);
    if (owner === undefined) return;
    const { line, request } = somePinRequest(random, owner.id);
    const story = history.story(owner, line);
    const { waitMs, ttlMs, preempt } = request;
    const maybe: Maybe = { untilMs: Number.POSITIVE_INFINITY, preempts: preempt };
    story.maybes.add(maybe);
    const idempotencyKey = random.next() < 0.8 ? `key-${this.user}-${world.clock.timersSet}` : undefined;
    const what = `reserves ${owner.name} GPIO${line}`;
    const attempts = idempotencyKey === undefined ? 1 : 1 + MAX_RETRIES;
    let firstSentMs: number | undefined;
    let at: SimulatedMachine | undefined = machine;
    for (let attempt = 0; attempt < attempts && at !== undefined; attempt++) {
      const sentMs = world.clock.monotonic();
      firstSentMs ??= sentMs;
      if (preempt) history.endAsked(story, ({ terms }) => terms.preemptible);
      const given = { idempotencyKey };
      const outcome: Outcome<GpioView> = await this.#ask(at, story, what, given, (pins, asking) =>
        pins.reserve(request, asking),
      );
      if (outcome.kind === "done") {
        story.maybes.delete(maybe);
        this.#got(story, outcome.value, { ...outcome.told, sentMs: firstSentMs });
        return;
      }
      if (outcome.kind === "refused") {
        if (attempt === 0) story.maybes.delete(maybe);
        break;
      }
      at = this.#components.asker.machine(undefined);
    }
    maybe.untilMs =
      world.clock.monotonic() + MAY_BE_DONE_WITHIN_MS + waitMs + (ttlMs ?? Number.POSITIVE_INFINITY);
  }

  #got(story: PinStory, view: GpioView, told: Told): void {
    const maybe: Maybe = { untilMs: Number.POSITIVE_INFINITY };
    const holding = { story, id: view.id, terms: termsOf(view, this.user), grant: undefined, maybe };
    story.maybes.add(maybe);
    this.#holdings.push(holding);
    this.#seen(holding, view, told, true);
  }

  #seen(holding: Holding, view: GpioView, told: Told, isNew: boolean): void {
    if (view.state !== "granted" || view.token === null) return;
    const terms = { ...holding.terms, user: view.holder.userName, token: view.token };
    const grant = this.#components.history.granted(holding.story, terms, told, isNew);
    holding.grant = grant;
    if (holding.maybe !== undefined) holding.story.maybes.delete(holding.maybe);
    holding.maybe = undefined;
    if (terms.user !== this.user) this.#drop(holding);
  }

  async #look(machine: SimulatedMachine, holding: Holding): Promise<void> {
    const { id, story } = holding;
    const outcome = await this.#ask(machine, story, `looks at ${id.slice(-6)}`, {}, (pins, asking) =>
      pins.get(id, asking),
    );
    if (outcome.kind === "done" && outcome.value.observed.status === "current") {
      this.#seen(holding, outcome.value, outcome.told, false);
    } else if (outcome.kind === "refused") this.#drop(holding);
  }

  async #renew(machine: SimulatedMachine, holding: Holding, grant: Grant): Promise<void> {
    const { id, token } = grant.terms;
    const { story } = holding;
    const maybe: Maybe = { untilMs: Number.POSITIVE_INFINITY };
    story.maybes.add(maybe);
    const outcome = await this.#ask(machine, story, `renews ${grant.name}`, {}, (pins, asking) =>
      pins.renew(id, { token }, asking),
    );
    const nowMs = this.#components.world.clock.monotonic();
    if (outcome.kind === "done") grant.renewed(outcome.told);
    else if (outcome.kind === "unsure") grant.mayBeRenewedUntil(nowMs + MAY_BE_DONE_WITHIN_MS);
    else this.#refused(holding, grant, outcome, "a renewal");
    story.maybes.delete(maybe);
  }

  async #write(machine: SimulatedMachine, holding: Holding, grant: Grant): Promise<void> {
    const { id, token } = grant.terms;
    const value = someValue(this.#components, grant);
    grant.kept = undefined;
    const { story } = holding;
    const outcome = await this.#ask(
      machine,
      story,
      `writes ${valueText(value)} as ${grant.name}`,
      {},
      (pins, asking) => pins.write(id, { token, value }, asking),
    );
    if (outcome.kind === "done") {
      grant.kept = value;
      this.#components.history.written(grant, outcome.told);
    } else if (outcome.kind === "refused") this.#refused(holding, grant, outcome, "a write");
  }

  async #batch(machine: SimulatedMachine): Promise<void> {
    const grants = this.#holdings.flatMap(({ grant }) => grant ?? []);
    const [first] = this.#holdings;
    if (first === undefined) return;
    const writes = grants.map((grant) => {
      grant.kept = undefined;
      return { id: grant.terms.id, token: grant.terms.token, value: someValue(this.#components, grant) };
    });
    const what = `writes a batch of ${grants.map(({ name }) => name).join(", ")}`;
    const outcome = await this.#ask(machine, first.story, what, {}, (pins, asking) =>
      pins.batch({ writes }, asking),
    );
    if (outcome.kind !== "done") return;
    for (const [index, { ok }] of outcome.value.results.entries()) {
      const grant = grants[index];
      if (!ok || grant === undefined) continue;
      grant.kept = writes[index]?.value;
      this.#components.history.written(grant, outcome.told);
    }
  }

  async #release(machine: SimulatedMachine, holding: Holding): Promise<void> {
    const { id, story, grant } = holding;
    this.#components.history.endAsked(story, ({ terms }) => terms.id === id);
    const what = `releases ${grant?.name ?? id.slice(-6)}`;
    const outcome = await this.#ask(machine, story, what, {}, (pins, asking) =>
      pins.release(id, grant === undefined ? {} : { token: grant.terms.token }, asking),
    );
    // A place in line may have become a grant meanwhile, which needs its token.
    if (outcome.kind === "done" && grant !== undefined) grant.endToldMs = outcome.told.answeredMs;
    if (outcome.kind === "done" && holding.maybe !== undefined)
      this.#components.history.neverKnown(story, holding.maybe);
    if (outcome.kind !== "unsure") this.#drop(holding);
  }

  async #force(machine: SimulatedMachine, holding: Holding, grant: Grant): Promise<void> {
    const { id } = grant.terms;
    this.#components.history.endAsked(holding.story, ({ terms }) => terms.id === id);
    const what = `takes ${grant.name} away`;
    const outcome = await this.#ask(machine, holding.story, what, {}, (pins, asking) =>
      pins.release(id, { force: "true" }, asking),
    );
    if (outcome.kind === "done") grant.endToldMs = outcome.told.answeredMs;
    if (outcome.kind !== "unsure") this.#drop(holding);
  }

  async #transfer(machine: SimulatedMachine, holding: Holding, grant: Grant): Promise<void> {
    const { random, world } = this.#components;
    const { id, token, ttlMs } = grant.terms;
    const { story } = holding;
    const to = (random.next() < 0.4 ? undefined : pick(random, rivals)) ?? this.user;
    const maybe: Maybe = { untilMs: Number.POSITIVE_INFINITY };
    story.maybes.add(maybe);
    this.#components.history.endAsked(story, ({ terms }) => terms.id === id);
    const outcome = await this.#ask(machine, story, `gives ${grant.name} to ${to}`, {}, (pins, asking) =>
      pins.transfer(id, { token, to }, asking),
    );
    if (outcome.kind === "unsure") {
      maybe.untilMs = world.clock.monotonic() + MAY_BE_DONE_WITHIN_MS + (ttlMs ?? Number.POSITIVE_INFINITY);
      return;
    }
    story.maybes.delete(maybe);
    this.#drop(holding);
    if (outcome.kind === "refused") return;
    grant.endToldMs = outcome.told.answeredMs;
    const { value } = outcome;
    if (value.token === null) return;
    const terms = { ...holding.terms, user: to, token: value.token };
    const given = this.#components.history.granted(story, terms, outcome.told, true);
    given.kept = grant.kept;
    if (to === this.user && random.next() < 0.5) await this.#intruder.comeTooLate(machine, grant);
    this.#options.onTransferred(to, { ...holding, terms, grant: given, maybe: undefined });
  }

  /** A write for whose owner it does not matter whether it is there. */
  async #leaveValue(machine: SimulatedMachine, holding: Holding, grant: Grant): Promise<void> {
    const { id, token } = grant.terms;
    const applyWithinMs = pick(this.#components.random, [2_000, 20_000]) ?? 20_000;
    const value = someValue(this.#components, grant);
    const signal = this.#components.history.signals.get(this.#components.history.signals.size);
    grant.kept = undefined;
    const what = `leaves ${valueText(value)} as ${grant.name}`;
    const outcome = await this.#ask(machine, holding.story, what, {}, (pins, asking) =>
      pins.write(id, { token, value, applyWithinMs }, asking),
    );
    if (outcome.kind !== "done") return;
    if (outcome.value.pending !== null) {
      const { answeredMs, sentMs } = outcome.told;
      // Where the owner was asked first, and has not answered, it may still do what it was asked.
      const wasAsked = answeredMs - sentMs > AT_ONCE_MS;
      const isOnTime = isRight(this.#components.world, machine);
      if ("dutyCycle" in value && signal !== undefined && isOnTime && !wasAsked)
        signal.untilMs = answeredMs + applyWithinMs;
      return;
    }
    this.#components.history.written(grant, outcome.told);
  }

  #ask<T>(
    machine: SimulatedMachine,
    { owner }: PinStory,
    what: string,
    given: PinRequest["given"],
    call: PinCallOf<T>,
  ): Promise<Outcome<T>> {
    return this.#components.asker.ask(machine, { what, user: this.user, owner, given }, call);
  }

  #refused(holding: Holding, grant: Grant, outcome: Outcome<unknown>, what: string): void {
    if (outcome.kind !== "refused") return;
    const { code, told } = outcome;
    if (!["ABORTED", "NOT_FOUND", "PERMISSION_DENIED"].includes(code)) return;
    if (told.answeredMs < grant.heldUntilMs) {
      this.#components.history.wrong(`${what} of ${grant.name} by its holder was refused: ${code}`);
    }
    this.#drop(holding);
  }

  #drop(holding: Holding): void {
    const index = this.#holdings.indexOf(holding);
    if (index >= 0) this.#holdings.splice(index, 1);
    this.#former = holding.grant ?? this.#former;
    if (holding.maybe === undefined) return;
    // It may still wait, and be granted to somebody who has stopped looking.
    const { world } = this.#components;
    const { ttlMs } = holding.terms;
    const endsMs = MAX_WAIT_MS + MAY_BE_DONE_WITHIN_MS + (ttlMs ?? Number.POSITIVE_INFINITY);
    holding.maybe.untilMs = world.clock.monotonic() + endsMs;
  }
}

function termsOf(view: GpioView, user: string): Omit<GrantTerms, "token"> {
  const { id, mode, ttlMs, watchdogMs, onExpire, preemptible, keep } = view;
  return {
    id,
    user,
    kind: mode.kind === "pwm" ? "pwm" : "output",
    ttlMs,
    watchdogMs,
    onExpire: onExpire satisfies OnExpire,
    preemptible,
    keep,
  };
}
