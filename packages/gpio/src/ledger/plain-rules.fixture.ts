import type { ReservationRecord } from "@pi-controller/schema";
import { expect } from "vitest";
import type { Entry, Ledger, Limits } from "./ledger.ts";
import type { Asking, Grant, ModelOwner } from "./model-owner.fixture.ts";
import { nextInLine } from "./next-in-line.ts";
import { overdue } from "./overdue.ts";

/*
 * What must hold of a board, said once more and in the plainest way: nothing that decides is used to check what was
 * decided.
 */

export const quotaNames = ["pins", "pwm", "i2cDevices", "spiDevices", "powerMilliwatts"] as const;

export const holdersOf = ({ entries }: Ledger) =>
  [...entries.values()].filter(({ record }) => record.state === "granted");
const waitersOf = ({ entries }: Ledger) =>
  [...entries.values()].filter(({ record }) => record.state === "waiting");

function conflict(one: Pick<Entry, "claims">, other: Pick<Entry, "claims">): boolean {
  for (const mine of one.claims) {
    for (const theirs of other.claims) {
      if (mine.key !== theirs.key) continue;
      if (mine.share === null || theirs.share === null || mine.share !== theirs.share) return true;
    }
  }
  return false;
}

function goesFirst({ record }: Entry, other: Pick<Entry, "record">): boolean {
  if (record.priority !== other.record.priority) return record.priority > other.record.priority;
  return record.id < other.record.id;
}

/** How much of each quota a reservation takes. */
function costs({
  mode,
  powerMilliwatts,
}: ReservationRecord): Readonly<Record<(typeof quotaNames)[number], number>> {
  return {
    pins: ["input", "output", "pwm"].includes(mode.kind) ? 1 : 0,
    pwm: mode.kind === "pwm" ? 1 : 0,
    i2cDevices: mode.kind === "i2c" ? 1 : 0,
    spiDevices: mode.kind === "spi" ? 1 : 0,
    powerMilliwatts,
  };
}

/** Whether the limits let it have what it asks, once those who hold some of that have let go. */
function mayHave(ledger: Ledger, asked: Pick<Entry, "record" | "claims">, limits: Limits): boolean {
  const beside = holdersOf(ledger).filter((holder) => !conflict(holder, asked));
  const { namespace } = asked.record;
  const power = (list: readonly Pick<Entry, "record">[]) =>
    list.reduce((sum, { record }) => sum + record.powerMilliwatts, 0);
  if (limits.boardMilliwatts !== null && asked.record.powerMilliwatts > 0) {
    if (power([...beside, asked]) > limits.boardMilliwatts + 0.001) return false;
  }
  return quotaNames.every((name) => {
    const most = limits.quotaOf(namespace)?.[name];
    const cost = costs(asked.record)[name];
    if (most === undefined || cost === 0) return true;
    const mine = beside.filter(({ record }) => record.namespace === namespace);
    const used = mine.reduce(
      (sum, { record }) => sum + costs(record)[name],
      limits.usedElsewhere(namespace)[name],
    );
    return used + cost <= most + 0.001;
  });
}

/** Says what `decide` has to say to a request. */
export function checkDecision({ before, asked, decision }: Asking, owner: ModelOwner): void {
  const holders = holdersOf(before).filter((holder) => conflict(holder, asked));
  const yielding = holders.every(
    ({ record }) => asked.preempt && record.preemptible && record.priority < asked.record.priority,
  );
  const isNext = waitersOf(before).every(
    (waiter) =>
      !goesFirst(waiter, asked) || !conflict(waiter, asked) || !mayHave(before, waiter, owner.limits),
  );
  const outcome = decision.kind === "refuse" ? decision.error.code : decision.kind;
  if ((!yielding || !isNext) && !asked.mayWait) expect(outcome).toBe("ALREADY_EXISTS");
  else if (!mayHave(before, asked, owner.limits)) expect(outcome).toBe("RESOURCE_EXHAUSTED");
  else expect(outcome).toBe(yielding && isNext ? "grant" : "wait");
  if (decision.kind !== "wait") return;
  const ahead = waitersOf(before).filter((waiter) => goesFirst(waiter, asked) && conflict(waiter, asked));
  expect(decision.position).toBe(ahead.length + 1);
}

/** `auto` has become hardware (both pins of the model have a channel), unless another pin has or awaits that. */
export function checkMethod({ before, asked, mode }: Asking): void {
  if (mode.kind !== "pwm" || mode.method !== "auto") return expect(asked.record.mode).toBe(mode);
  const taken = [...before.entries.values()].some(
    ({ record, claims }) =>
      record.resource !== asked.record.resource && claims.some(({ key }) => key === "pwm:pwm0"),
  );
  expect(asked.record.mode).toEqual({ ...mode, method: taken ? "software" : "hardware" });
}

/** Nothing ends before its time, and it says what ended it. */
export function checkEnd({ entry, reason, atMs }: ModelOwner["overdue"][number]): void {
  const { record, endsAtMs, lastWriteMs } = entry;
  const unwritten = record.watchdogMs !== null && lastWriteMs + record.watchdogMs <= atMs;
  const over = endsAtMs !== null && endsAtMs <= atMs;
  if (record.state === "waiting") expect([reason, over]).toEqual(["gave up waiting", true]);
  else if (reason === "watchdog") expect(unwritten, `${record.id} was written in time`).toBe(true);
  else expect([reason, over]).toEqual(["expired", true]);
}

/** What holds of each grant, be it at once or after a wait. */
export function checkGrant({ id, before, preempted, entry: asked }: Grant, owner: ModelOwner): void {
  const inTheWay = holdersOf(before).filter((holder) => conflict(holder, asked));
  expect(inTheWay.map(({ record }) => record.id).sort()).toEqual(preempted);
  for (const { record } of inTheWay) {
    expect(
      record.preemptible && record.priority < asked.record.priority,
      `${id} may not preempt ${record.id}`,
    ).toBe(true);
  }
  expect(mayHave(before, asked, owner.limits), `${id} goes over a limit`).toBe(true);
  for (const waiter of waitersOf(before)) {
    if (waiter.record.id === id || !goesFirst(waiter, asked) || !conflict(waiter, asked)) continue;
    expect(mayHave(before, waiter, owner.limits), `${id} passed ${waiter.record.id}`).toBe(false);
  }
}

/** What holds whenever an owner has done all that it had to do. */
export function checkBoard(owner: ModelOwner): void {
  const { ledger, limits } = owner;
  const shares = new Map<string, string | null>();
  for (const { record, claims } of holdersOf(ledger)) {
    expect(record.token).not.toBeNull();
    if (record.mode.kind === "pwm") expect(record.mode.method).not.toBe("auto");
    for (const { key, share } of claims) {
      const other = shares.get(key);
      expect(other === undefined || (other !== null && other === share), `${key} has two holders`).toBe(true);
      shares.set(key, share);
    }
  }
  for (const waiter of waitersOf(ledger)) {
    const others = [
      ...holdersOf(ledger),
      ...waitersOf(ledger).filter((other) => goesFirst(other, waiter) && mayHave(ledger, other, limits)),
    ];
    const blocked = others.some((other) => conflict(other, waiter));
    expect(blocked || !mayHave(ledger, waiter, limits), `${waiter.record.id} waits for what is free`).toBe(
      true,
    );
  }
  for (const { record, endsAtMs, lastWriteMs } of ledger.entries.values()) {
    if (endsAtMs !== null) expect(endsAtMs).toBeGreaterThan(owner.nowMs);
    if (record.state === "granted" && record.watchdogMs !== null) {
      expect(lastWriteMs + record.watchdogMs).toBeGreaterThan(owner.nowMs);
    }
  }
  expect(nextInLine(ledger, limits), "somebody was left in line").toEqual([]);
  const { ended, nextMs } = overdue(ledger, owner.nowMs);
  expect(ended).toEqual([]);
  expect(nextMs === null || nextMs > owner.nowMs).toBe(true);
}
