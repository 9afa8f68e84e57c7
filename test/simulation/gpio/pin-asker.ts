import type { Asking, GpioUseCases } from "@pi-controller/gpio";
import { askingOf } from "@pi-controller/gpio/testing";
import { pick, type Random, sleep } from "@pi-controller/runtime";
import { type ErrorCode, MeshError } from "@pi-controller/schema";
import type { RunningPeer } from "../world/compose-peer.ts";
import type { SimulatedMachine } from "../world/simulated-machine.ts";
import type { World } from "../world/world.ts";
import type { Told } from "./grant.ts";
import { Life } from "./life.ts";

/** A request that has no end yet. */
export interface OpenRequest {
  readonly what: string;
  /** Whom it was asked of. */
  readonly machine: SimulatedMachine;
  readonly peer: RunningPeer;
  readonly timeoutMs: number;
  /** For how long that process has been able to answer since; counted by whoever looks. */
  ableMs: number;
}

export type Outcome<T> =
  | { readonly kind: "done"; readonly value: T; readonly told: Told }
  /** Nothing of it was done, nor will be. */
  | { readonly kind: "refused"; readonly code: ErrorCode; readonly told: Told }
  /** It may have been done, or be done later. */
  | { readonly kind: "unsure"; readonly why: string };

export type PinCallOf<T> = (useCases: GpioUseCases, asking: Asking) => Promise<T>;

export interface PinRequest {
  /** Short, for people. */
  readonly what: string;
  readonly user: string;
  /** The machine whose pins it is about. */
  readonly owner: SimulatedMachine;
  readonly given?: Partial<Asking> | undefined;
}

const TIMEOUT_MS = 5_000;
/** Whoever asks waits for so long after all should be over: what he asked may have died. */
const GIVES_UP_AFTER_MS = 3_000;
const REFUSALS: readonly ErrorCode[] = [
  "NOT_FOUND",
  "ABORTED",
  "PERMISSION_DENIED",
  "ALREADY_EXISTS",
  "INVALID_ARGUMENT",
  "FAILED_PRECONDITION",
];

/** Asks peers something for somebody, and remembers which of it has no end yet. */
export class PinAsker {
  readonly open = new Set<OpenRequest>();
  readonly #world: World;
  readonly #random: Random;
  #asked = 0;

  constructor({ world, random }: { readonly world: World; readonly random: Random }) {
    this.#world = world;
    this.#random = random;
  }

  /** @returns somebody to talk to: the usual one, if it runs; undefined while nobody does */
  machine(usual: SimulatedMachine | undefined): SimulatedMachine | undefined {
    if (usual?.isRunning === true) return usual;
    return pick(
      this.#random,
      this.#world.machines.filter(({ isRunning, gone }) => isRunning && gone === undefined),
    );
  }

  /** @param call is made once, of the peer that runs on the machine */
  async ask<T>(
    machine: SimulatedMachine,
    { what, user, owner, given }: PinRequest,
    call: PinCallOf<T>,
  ): Promise<Outcome<T>> {
    const { clock, trace } = this.#world;
    const { peer } = machine;
    if (peer === undefined) return { kind: "unsure", why: "nobody there" };
    const asking = askingOf(user, {
      correlationId: `request-${++this.#asked}`,
      timeoutMs: TIMEOUT_MS,
      ...given,
    });
    const open: OpenRequest = { what, machine, peer, timeoutMs: asking.timeoutMs, ableMs: 0 };
    const sentMs = clock.monotonic();
    const life = new Life(owner);
    const told = (): Told => ({ sentMs, answeredMs: clock.monotonic(), life });
    this.open.add(open);
    const answered = call(peer.core.pins.useCases, asking).then(
      (value): Outcome<T> => ({ kind: "done", value, told: told() }),
      (error: unknown): Outcome<T> => {
        if (!(error instanceof MeshError)) throw error;
        const { code } = error;
        // Nobody else was asked in no time at all.
        const isUnsent = machine !== owner && clock.monotonic() === sentMs;
        // What a node held that was revoked, or has left, is nobody's any more.
        const isMember = peer.core.trust.view.members.has(owner.id);
        return isMember && (isUnsent || REFUSALS.includes(code))
          ? { kind: "refused", code, told: told() }
          : { kind: "unsure", why: code };
      },
    );
    void answered.finally(() => this.open.delete(open)).catch(() => undefined);
    const givesUp = sleep(clock, asking.timeoutMs + GIVES_UP_AFTER_MS).then(
      (): Outcome<T> => ({ kind: "unsure", why: "no answer" }),
    );
    const outcome = await Promise.race([answered, givesUp]);
    const result = outcome.kind === "done" ? "done" : outcome.kind === "refused" ? outcome.code : outcome.why;
    trace.add(clock.monotonic(), `${user} at ${machine.name}: ${what}: ${result}`);
    return outcome;
  }
}
