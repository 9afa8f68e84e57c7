import type { Client } from "@pi-controller/client";
import { type GpioView, MeshError } from "@pi-controller/schema";
import { describe, expect, it } from "vitest";
import { ManualClock } from "../session/testing.ts";
import { HeldHere } from "./held-here.ts";
import { viewOf } from "./pin-samples.ts";

const terms = { node: "12D3KooWtest0001", resource: "GPIO18", mode: { kind: "output" } } as const;

/** A page over an owner whose answers a test decides. */
function page(first: Partial<GpioView> = {}) {
  const clock = new ManualClock();
  const calls: string[] = [];
  const owner = { view: viewOf({ ttlMs: 3_000, remainingMs: 3_000, ...first }), isOver: false };
  const answer = (name: string) => {
    calls.push(name);
    if (owner.isOver) throw new MeshError("NOT_FOUND", "The reservation has ended: forced");
  };
  const gpio: Partial<Client["gpio"]> = {
    reserve: async () => {
      answer("reserve");
      return owner.view;
    },
    get: async () => {
      answer("get");
      return owner.view;
    },
    renew: async (id, { token }) => {
      answer("renew");
      return { id, token, remainingMs: 3_000 };
    },
    release: async () => answer("release"),
  };
  const held = new HeldHere({ client: { gpio: gpio as Client["gpio"] }, clock });
  const count = (name: string) => calls.filter((call) => call === name).length;
  return { clock, owner, held, count, state: () => held.kept.value.get(owner.view.id) };
}

describe("reservations that a page holds", () => {
  it("are renewed until they are let go of", async () => {
    const { clock, held, owner, count, state } = page();
    await held.reserve(terms);
    await clock.advance(9_000);
    expect([state(), count("renew")]).toEqual(["renewing", 9]);
    held.letGo(owner.view.id);
    await clock.advance(9_000);
    expect([state(), count("renew"), count("release"), held.losses.value]).toEqual([undefined, 9, 0, []]);
  });

  it("need no renewal when they stand until they are released", async () => {
    const { clock, held, count, state } = page({ ttlMs: null, remainingMs: null });
    await held.reserve(terms);
    await clock.advance(60_000);
    expect([state(), count("renew")]).toEqual([undefined, 0]);
  });

  it("are told of once when they are lost", async () => {
    const { clock, held, owner, state } = page();
    await held.reserve(terms);
    owner.isOver = true;
    await clock.advance(60_000);
    expect(state()).toBeUndefined();
    expect(held.losses.value).toMatchObject([
      { resource: "GPIO18", nodeName: "pi-a", reason: "The reservation has ended: forced" },
    ]);
    held.forgetLosses();
    expect(held.losses.value).toEqual([]);
  });

  it("are renewed from their turn on when they had to wait", async () => {
    const { clock, held, owner, count, state } = page({ state: "waiting", token: null, remainingMs: null });
    expect((await held.reserve(terms)).state).toBe("waiting");
    expect(state()).toBe("waiting");
    owner.view = { ...owner.view, state: "granted", token: "1.2", remainingMs: 3_000 };
    await clock.advance(5_000);
    expect(state()).toBe("renewing");
    expect(count("renew")).toBeGreaterThan(2);
  });

  it("leave the line when they are not wanted any more", async () => {
    const { clock, held, owner, count, state } = page({ state: "waiting", token: null, remainingMs: null });
    await held.reserve(terms);
    held.letGo(owner.view.id);
    await clock.advance(5_000);
    expect([state(), count("release"), held.losses.value]).toEqual([undefined, 1, []]);
  });

  it("tell of a turn that did not come", async () => {
    const { clock, held, owner, state } = page({ state: "waiting", token: null, remainingMs: null });
    await held.reserve(terms);
    owner.isOver = true;
    await clock.advance(5_000);
    expect([state(), held.losses.value.length]).toEqual([undefined, 1]);
  });

  it("can be taken over from a page that was open before", async () => {
    const { clock, held, owner, count, state } = page();
    await held.keep(owner.view);
    await clock.advance(3_000);
    expect(state()).toBe("renewing");
    expect(count("renew")).toBeGreaterThan(2);
    owner.isOver = true;
    await expect(held.keep({ ...owner.view, token: "1.9" })).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  it("are refused to whoever asks, when the owner refuses", async () => {
    const { held, owner } = page();
    owner.isOver = true;
    await expect(held.reserve(terms)).rejects.toMatchObject({ code: "NOT_FOUND" });
    expect([held.kept.value.size, held.losses.value]).toEqual([0, []]);
  });

  it("are left to end by themselves when the user is gone", async () => {
    const { clock, held, count } = page();
    await held.reserve(terms);
    held.stop();
    await clock.advance(9_000);
    expect([count("renew"), count("release"), held.kept.value.size, held.losses.value]).toEqual([
      0,
      0,
      0,
      [],
    ]);
  });
});
