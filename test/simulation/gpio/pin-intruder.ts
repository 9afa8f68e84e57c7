import { pick, type Random } from "@pi-controller/runtime";
import type { SimulatedMachine } from "../world/simulated-machine.ts";
import type { Grant } from "./grant.ts";
import type { PinAsker } from "./pin-asker.ts";
import type { PinHistory } from "./pin-history.ts";
import { someValue, valueText } from "./pin-values.ts";

export interface PinIntruderComponents {
  readonly history: PinHistory;
  readonly asker: PinAsker;
  readonly random: Random;
}

/** What nobody may do: write and release what is over, or somebody else's. */
export class PinIntruder {
  readonly #components: PinIntruderComponents;
  readonly #user: string;

  constructor(components: PinIntruderComponents, options: { readonly user: string }) {
    this.#components = components;
    this.#user = options.user;
  }

  /** As a program does that slept for longer than its lease. */
  async comeTooLate(machine: SimulatedMachine, grant: Grant): Promise<void> {
    const { asker, random, history } = this.#components;
    const { id, token } = grant.terms;
    const story = history.storyOf(grant);
    if (story === undefined) return;
    const request = { user: this.#user, owner: story.owner };
    if (random.next() < 0.4) {
      history.endAsked(story, ({ terms }) => terms.id === id);
      const what = `releases ${grant.name} too late`;
      await asker.ask(machine, { ...request, what }, (pins, asking) => pins.release(id, { token }, asking));
      return;
    }
    const value = someValue(this.#components, grant);
    grant.kept = undefined;
    const what = `writes ${valueText(value)} too late as ${grant.name}`;
    const outcome = await asker.ask(machine, { ...request, what }, (pins, asking) =>
      pins.write(id, { token, value }, asking),
    );
    if (outcome.kind === "done") history.written(grant, outcome.told);
  }

  /** Tokens are no secret: shows that of somebody else's grant. */
  async meddle(machine: SimulatedMachine): Promise<void> {
    const { asker, random, history } = this.#components;
    const grant = pick(
      random,
      history.standing().filter(({ terms }) => terms.user !== this.#user),
    );
    const story = grant === undefined ? undefined : history.storyOf(grant);
    if (grant === undefined || story === undefined) return;
    const { id, token } = grant.terms;
    const isWrite = random.next() < 0.5;
    const what = `${isWrite ? "writes with" : "releases"} ${grant.name} of ${grant.terms.user}`;
    const request = { what, user: this.#user, owner: story.owner };
    const outcome = await asker.ask<unknown>(machine, request, (pins, asking) =>
      isWrite
        ? pins.write(id, { token, value: { level: "high" } }, asking)
        : pins.release(id, { token }, asking),
    );
    // To release what is over is no error.
    const wasHeld = outcome.kind === "done" && outcome.told.answeredMs < grant.heldUntilMs;
    if (outcome.kind === "done" && (isWrite || wasHeld)) history.wrong(`${this.#user} ${what}, and may`);
  }
}
