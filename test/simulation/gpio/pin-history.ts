import { compareTokens } from "@pi-controller/gpio/testing";
import type { SimulatedMachine } from "../world/simulated-machine.ts";
import type { World } from "../world/world.ts";
import { Grant, type GrantTerms, type Told } from "./grant.ts";

/** A request that nobody was told the end of: it may have been granted, and may be until then. */
export interface Maybe {
  untilMs: number;
  /** Whether it takes the pin from a holder who has agreed to that. */
  readonly preempts?: boolean;
}

/** What was acknowledged of one pin. */
export interface PinStory {
  readonly owner: SimulatedMachine;
  readonly line: number;
  /** In the order of their tokens; those that are long over are left out. */
  grants: readonly Grant[];
  readonly maybes: Set<Maybe>;
  /** Before this there may have been a grant that nobody was told of. */
  doubtMs: number;
}

/** Something that is seen at a pin when it comes there. */
export interface Signal {
  /** By which it was asked for. */
  readonly grant: Grant;
  /** It does not come there later. */
  untilMs: number;
  /** When it was seen there first. */
  seenMs?: number;
}

/** An acknowledged write. */
export interface Write {
  readonly grant: Grant;
  readonly story: PinStory;
  readonly told: Told;
}

export interface PinWatcher {
  /** Somebody was told of a grant for the first time. */
  onGranted?(grant: Grant, story: PinStory, told: Told): void;
  onWritten?(write: Write): void;
  /** Somebody was told what he must not be. */
  onWrong?(what: string): void;
}

/** What is longer over than this has no part in anything. */
const REMEMBERED_MS = 180_000;
const MAX_GRANTS = 64;

/** All that clients of pins were told, in the order in which they were. */
export class PinHistory {
  readonly watchers = new Set<PinWatcher>();
  readonly #world: World;
  readonly #stories = new Map<string, PinStory>();
  readonly #grants = new Map<string, { readonly grant: Grant; readonly story: PinStory }>();
  /** PWM signals, each of which was asked for by one write. */
  readonly signals = new Map<number, Signal>();

  constructor(world: World) {
    this.#world = world;
  }

  stories(): Iterable<PinStory> {
    return this.#stories.values();
  }

  story(owner: SimulatedMachine, line: number): PinStory {
    const key = `${owner.name} ${line}`;
    const known = this.#stories.get(key);
    if (known !== undefined) return known;
    const story: PinStory = { owner, line, grants: [], maybes: new Set(), doubtMs: 0 };
    this.#stories.set(key, story);
    return story;
  }

  /** Grants that somebody may hold. */
  standing(): readonly Grant[] {
    const nowMs = this.#world.clock.monotonic();
    return [...this.#stories.values()].flatMap(({ grants }) =>
      grants.filter(({ overByMs }) => overByMs > nowMs),
    );
  }

  /** What may have come of it is over; nobody knows whether there was anything. */
  neverKnown(story: PinStory, maybe: Maybe): void {
    if (story.maybes.delete(maybe)) story.doubtMs = this.#world.clock.monotonic();
  }

  /** From now on nobody can be certain of these any more. */
  endAsked({ grants }: PinStory, which: (grant: Grant) => boolean): void {
    const nowMs = this.#world.clock.monotonic();
    for (const grant of grants) {
      if (which(grant)) grant.endAskedMs = Math.min(grant.endAskedMs, nowMs);
    }
  }

  storyOf({ terms }: Grant): PinStory | undefined {
    return this.#grants.get(keyOf(terms))?.story;
  }

  /**
   * Somebody was told that there is this grant.
   *
   * @param isNew whether it cannot be older than the request
   */
  granted(story: PinStory, terms: GrantTerms, told: Told, isNew: boolean): Grant {
    const key = keyOf(terms);
    const known = this.#grants.get(key)?.grant;
    if (known !== undefined) return known;
    const grant = new Grant(this.#world, story.owner, terms, told, isNew);
    this.#grants.set(key, { grant, story });
    const isAsked = terms.preemptible && [...story.maybes].some(({ preempts }) => preempts === true);
    if (isAsked) grant.endAskedMs = 0;
    this.#forget(story);
    story.grants = [...story.grants, grant].sort((one, other) =>
      compareTokens(one.terms.token, other.terms.token),
    );
    for (const watcher of this.watchers) watcher.onGranted?.(grant, story, told);
    return grant;
  }

  /** Whether the grant may have been given to somebody who was not told. */
  isUncertain(grant: Grant): boolean {
    return (this.storyOf(grant)?.maybes.size ?? 0) > 0;
  }

  written(grant: Grant, told: Told): void {
    const story = this.storyOf(grant);
    grant.written(told);
    if (story === undefined) return;
    for (const watcher of this.watchers) watcher.onWritten?.({ grant, story, told });
  }

  wrong(what: string): void {
    for (const watcher of this.watchers) watcher.onWrong?.(what);
  }

  #forget(story: PinStory): void {
    const nowMs = this.#world.clock.monotonic();
    const old = story.grants.filter(
      ({ overByMs }, index) => nowMs - overByMs > REMEMBERED_MS || index < story.grants.length - MAX_GRANTS,
    );
    for (const { terms } of old) this.#grants.delete(keyOf(terms));
    story.grants = story.grants.filter((grant) => !old.includes(grant));
  }
}

function keyOf({ id, token }: GrantTerms): string {
  return `${id} ${token}`;
}
