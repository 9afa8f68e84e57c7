import { type Clock, silentLogger, sleep, VirtualClock } from "@pi-controller/runtime";
import { MeshError } from "@pi-controller/schema";
import { describe, expect, it } from "vitest";
import { RequestHandlers } from "./request-handlers.ts";

const NOTHING = new Uint8Array();

function begin() {
  const clock = new VirtualClock();
  const handlers = new RequestHandlers({ clock, logger: silentLogger });
  const caller = new AbortController();
  const call = (method: string) => ({
    from: "12D3KooWcaller",
    method,
    payload: NOTHING,
    timeoutMs: 1_000,
    signal: caller.signal,
  });
  return { clock, handlers, caller, call };
}

describe("The signal of a request", () => {
  it("aborts at the deadline, reckoned from the arrival and not from when it was asked for", async () => {
    const { clock, handlers, call } = begin();
    let abortedAtMs: number | undefined;
    handlers.add("test.slow", (request) => {
      return new Promise((resolve) => {
        clock.setTimer(() => {
          request.signal.addEventListener("abort", () => {
            abortedAtMs = clock.monotonic();
            expect(request.signal.reason).toMatchObject({ code: "DEADLINE_EXCEEDED" });
            resolve(NOTHING);
          });
        }, 400);
      });
    });
    const answer = handlers.answer(call("test.slow"));
    await clock.advance(2_000);
    expect(await answer).toEqual({ ok: true, payload: NOTHING });
    expect(abortedAtMs).toBe(1_000);
  });

  it("has aborted when the caller gave up before it was asked for", async () => {
    const { handlers, caller, call } = begin();
    handlers.add("test.late", async (request) => {
      caller.abort(new MeshError("CANCELLED", "The caller gave up"));
      request.signal.throwIfAborted();
      return NOTHING;
    });
    expect(await handlers.answer(call("test.late"))).toMatchObject({ ok: false, code: "CANCELLED" });
  });

  it("has aborted when the deadline has passed before it was asked for", async () => {
    const { clock, handlers, call } = begin();
    handlers.add("test.late", async (request) => {
      await sleep(clock, 1_500);
      request.signal.throwIfAborted();
      return NOTHING;
    });
    const answer = handlers.answer(call("test.late"));
    await clock.advance(2_000);
    expect(await answer).toMatchObject({ ok: false, code: "DEADLINE_EXCEEDED" });
  });

  it("leaves no timer behind, neither of a handler that asks for it nor of one that does not", async () => {
    const { clock, call } = begin();
    let timers = 0;
    const counting: Clock = {
      now: () => clock.now(),
      monotonic: () => clock.monotonic(),
      setTimer(callback, delayMs) {
        timers++;
        const timer = clock.setTimer(callback, delayMs);
        return {
          cancel() {
            timers--;
            timer.cancel();
          },
        };
      },
    };
    const handlers = new RequestHandlers({ clock: counting, logger: silentLogger });
    let seen = 0;
    handlers.add("test.plain", async () => {
      seen = Math.max(seen, timers);
      return NOTHING;
    });
    await handlers.answer(call("test.plain"));
    expect([seen, timers]).toEqual([0, 0]);
    handlers.add("test.watchful", async ({ signal }) => {
      seen = Math.max(seen, signal.aborted ? 0 : timers);
      return NOTHING;
    });
    await handlers.answer(call("test.watchful"));
    expect([seen, timers]).toEqual([1, 0]);
  });
});
