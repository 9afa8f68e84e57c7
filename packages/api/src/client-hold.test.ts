import { type GpioClient, holdReservation, keepReservation } from "@pi-controller/client";
import { seededRandom, VirtualClock } from "@pi-controller/runtime";
import { type ErrorCode, type GpioView, MeshError } from "@pi-controller/schema";
import { describe, expect, it } from "vitest";
import { gpioView, TOKEN } from "./testing/gpio-samples.ts";
import { nodeId } from "./testing/samples.ts";

const terms = { node: nodeId(1), resource: "GPIO18", mode: { kind: "output" }, ttlMs: 3_000 } as const;

/** The owner of one pin as a client sees it, over a link that can be cut. */
class OnePin {
  readonly #clock: VirtualClock;
  readonly #ttlMs: number | null;
  readonly calls: string[] = [];
  readonly keys: (string | undefined)[] = [];
  /** What the link or the owner answers instead. */
  failure: ErrorCode | undefined;
  view: GpioView;
  #endsMs = 0;

  constructor(clock: VirtualClock, ttlMs: number | null = terms.ttlMs) {
    this.#clock = clock;
    this.#ttlMs = ttlMs;
    this.view = { ...gpioView(0), ttlMs };
  }

  get remainingMs(): number | null {
    return this.#ttlMs === null ? null : this.#endsMs - this.#clock.monotonic();
  }

  grant(): void {
    this.#endsMs = this.#clock.monotonic() + (this.#ttlMs ?? 0);
    this.view = { ...this.view, state: "granted", token: TOKEN, remainingMs: this.remainingMs };
  }

  client(): GpioClient {
    const call = (name: string) => {
      this.calls.push(name);
      if (this.failure !== undefined) throw new MeshError(this.failure, `It is ${this.failure}`);
    };
    const some: Partial<GpioClient["gpio"]> = {
      reserve: async (_terms, options) => {
        this.keys.push(options?.idempotencyKey);
        call("reserve");
        if (this.view.state === "granted") this.grant();
        return this.view;
      },
      get: async () => {
        call("get");
        return { ...this.view, remainingMs: this.remainingMs };
      },
      renew: async (id, { token }) => {
        call("renew");
        if ((this.remainingMs ?? 0) <= 0) throw new MeshError("ABORTED", "The term is over");
        this.grant();
        return { id, token, remainingMs: this.remainingMs };
      },
      write: async () => {
        call("write");
        return this.view;
      },
      release: async (_id, options) => call(`release ${options?.token ?? "without a token"}`),
    };
    return { gpio: some as GpioClient["gpio"] };
  }
}

interface Setting {
  readonly ttlMs?: number | null;
  readonly waiting?: boolean;
  readonly failure?: ErrorCode;
  readonly signal?: AbortSignal;
}

function held(options: Setting = {}) {
  const clock = new VirtualClock();
  const pin = new OnePin(clock, options.ttlMs === undefined ? terms.ttlMs : options.ttlMs);
  if (options.waiting) pin.view = { ...pin.view, state: "waiting", token: null, remainingMs: null };
  pin.failure = options.failure;
  const lost: string[] = [];
  const holding = holdReservation(pin.client(), terms, {
    clock,
    random: seededRandom(1),
    onLost: ({ code }) => lost.push(code),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  return { clock, pin, lost, holding };
}

const count = ({ calls }: OnePin, name: string) => calls.filter((call) => call === name).length;

describe("a held reservation", () => {
  it("is renewed three times a term for as long as it is wanted, then given back", async () => {
    const { clock, pin, lost, holding } = held();
    const reservation = await holding;
    await clock.advance(30_000);
    expect(count(pin, "renew")).toBe(30);
    expect(reservation.isHeld).toBe(true);
    await reservation.write({ level: "high" });
    await reservation.release();
    expect(pin.calls.at(-1)).toBe(`release ${TOKEN}`);
    await clock.advance(30_000);
    expect([count(pin, "renew"), reservation.isHeld, lost]).toEqual([30, false, []]);
    await expect(reservation.write({ level: "low" })).rejects.toMatchObject({ code: "FAILED_PRECONDITION" });
  });

  it("lives through a link that is away for less than its term", async () => {
    const { clock, pin, lost, holding } = held();
    const reservation = await holding;
    pin.failure = "UNAVAILABLE";
    await clock.advance(2_500);
    pin.failure = undefined;
    await clock.advance(10_000);
    expect([reservation.isHeld, lost]).toEqual([true, []]);
  });

  it("is lost, once, no later than its owner ends it when the link stays away", async () => {
    const { clock, pin, lost, holding } = held();
    const reservation = await holding;
    pin.failure = "UNAVAILABLE";
    await clock.advance(2_900);
    expect(lost).toEqual([]);
    await clock.advance(100);
    expect([reservation.isHeld, lost]).toEqual([false, ["DEADLINE_EXCEEDED"]]);
    const before = pin.calls.length;
    await clock.advance(60_000);
    expect([lost.length, pin.calls.length]).toEqual([1, before]);
  });

  it.each(["ABORTED", "NOT_FOUND", "PERMISSION_DENIED", "UNAUTHENTICATED"] as const)(
    "is lost at once when a renewal is answered %s",
    async (code) => {
      const { clock, pin, lost, holding } = held();
      await holding;
      pin.failure = code;
      await clock.advance(1_000);
      expect(lost).toEqual([code]);
    },
  );

  it("is lost when a write says that somebody else has it", async () => {
    const { pin, lost, holding } = held();
    const reservation = await holding;
    pin.failure = "ABORTED";
    await expect(reservation.write({ level: "high" })).rejects.toMatchObject({ code: "ABORTED" });
    expect([reservation.isHeld, lost]).toEqual([false, ["ABORTED"]]);
  });

  it("is not lost by a write that fails for another reason", async () => {
    const { pin, lost, holding } = held();
    const reservation = await holding;
    pin.failure = "FAILED_PRECONDITION";
    await expect(reservation.write({ level: "high" })).rejects.toMatchObject({ code: "FAILED_PRECONDITION" });
    expect([reservation.isHeld, lost]).toEqual([true, []]);
  });

  it("needs no renewal when it has no term", async () => {
    const { clock, pin, lost, holding } = held({ ttlMs: null });
    const reservation = await holding;
    await clock.advance(86_400_000);
    expect([reservation.isHeld, pin.calls, lost]).toEqual([true, ["reserve"], []]);
  });

  it("waits for its turn, and counts its term from there", async () => {
    const { clock, pin, lost, holding } = held({ waiting: true });
    await clock.advance(60_000);
    expect(count(pin, "renew")).toBe(0);
    pin.grant();
    await clock.advance(1_000);
    const reservation = await holding;
    expect(reservation.view).toMatchObject({ state: "granted", token: TOKEN });
    await clock.advance(60_000);
    expect([reservation.isHeld, lost]).toEqual([true, []]);
  });

  it("leaves the line when nobody waits any more", async () => {
    const controller = new AbortController();
    const { clock, pin, holding } = held({ waiting: true, signal: controller.signal });
    await clock.advance(5_000);
    controller.abort();
    await expect(holding).rejects.toMatchObject({ code: "CANCELLED" });
    expect(pin.calls.at(-1)).toBe("release without a token");
  });

  it("says so when its turn did not come", async () => {
    const { clock, pin, holding } = held({ waiting: true });
    await clock.advance(5_000);
    pin.failure = "NOT_FOUND";
    const refused = expect(holding).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED" });
    await clock.advance(1_000);
    await refused;
  });

  it("is asked for again with the same key when no answer came", async () => {
    const { clock, pin, holding } = held({ failure: "DEADLINE_EXCEEDED" });
    await clock.advance(400);
    pin.failure = undefined;
    await clock.advance(1_000);
    expect((await holding).isHeld).toBe(true);
    expect(pin.keys).toHaveLength(2);
    expect(new Set(pin.keys).size).toBe(1);
    const refused = held({ failure: "UNAVAILABLE" });
    const gaveUp = expect(refused.holding).rejects.toMatchObject({ code: "UNAVAILABLE" });
    await refused.clock.advance(10_000);
    await gaveUp;
    expect(refused.pin.keys).toHaveLength(3);
  });

  it("is given back when its signal aborts, and tells when that could not be said", async () => {
    const controller = new AbortController();
    const { clock, pin, lost, holding } = held({ signal: controller.signal });
    const reservation = await holding;
    pin.failure = "UNAVAILABLE";
    controller.abort();
    await clock.advance(10);
    expect(pin.calls.at(-1)).toBe(`release ${TOKEN}`);
    expect([reservation.isHeld, lost]).toEqual([false, ["UNAVAILABLE"]]);
  });
});

describe("a reservation that is kept", () => {
  it("is renewed at once, and from then on in time", async () => {
    const clock = new VirtualClock();
    const pin = new OnePin(clock);
    pin.grant();
    await clock.advance(2_500);
    const kept = await keepReservation(pin.client(), pin.view, { clock });
    expect(pin.calls).toEqual(["renew"]);
    await clock.advance(9_000);
    expect([kept.isHeld, count(pin, "renew")]).toEqual([true, 10]);
    kept.letGo();
    await clock.advance(9_000);
    expect([kept.isHeld, count(pin, "renew"), count(pin, `release ${TOKEN}`)]).toEqual([false, 10, 0]);
  });

  it("has to be granted", async () => {
    const clock = new VirtualClock();
    const pin = new OnePin(clock);
    const waiting = { ...pin.view, state: "waiting" as const, token: null };
    await expect(keepReservation(pin.client(), waiting, { clock })).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
    });
  });
});

describe("a reservation that has to wait", () => {
  it("tells so, before its turn comes", async () => {
    const clock = new VirtualClock();
    const pin = new OnePin(clock);
    pin.view = { ...pin.view, state: "waiting", token: null, remainingMs: null };
    const told: string[] = [];
    const holding = holdReservation(pin.client(), terms, {
      clock,
      onWaiting: ({ state }) => told.push(state),
    });
    await clock.advance(0);
    expect(told).toEqual(["waiting"]);
    pin.grant();
    await clock.advance(1_000);
    expect((await holding).isHeld).toBe(true);
    expect(told).toEqual(["waiting"]);
  });
});
