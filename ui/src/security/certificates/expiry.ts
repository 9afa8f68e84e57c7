/** How much of the life of a certificate is over. */
export interface Expiry {
  /** 0 when it was made, 1 when it has expired. */
  readonly used: number;
  /** Where on the same scale it is renewed by itself; null when it is not. */
  readonly renewal: number | null;
  /** `late`: it should have been renewed, and was not. */
  readonly state: "not-yet" | "good" | "soon" | "late" | "expired";
}

/** From here on what is not renewed by itself needs attention. */
const SOON_MS = 60 * 24 * 3_600_000;
/** A renewal that is so much overdue did not just miss its minute. */
const LATE_MS = 24 * 3_600_000;

interface Life {
  readonly notBefore: string;
  readonly notAfter: string;
  readonly renewsAt: string | null;
}

/** @param nowMs by the clock by which the peer judges expiry */
export function expiryOf({ notBefore, notAfter, renewsAt }: Life, nowMs: number): Expiry {
  const start = Date.parse(notBefore);
  const end = Date.parse(notAfter);
  const part = (time: number) => Math.min(1, Math.max(0, (time - start) / Math.max(1, end - start)));
  const renewalMs = renewsAt === null ? null : Date.parse(renewsAt);
  return {
    used: part(nowMs),
    renewal: renewalMs === null ? null : part(renewalMs),
    state: stateOf(start, end, renewalMs, nowMs),
  };
}

function stateOf(start: number, end: number, renewal: number | null, now: number): Expiry["state"] {
  if (now >= end) return "expired";
  if (now < start) return "not-yet";
  if (renewal !== null) return now > renewal + LATE_MS ? "late" : "good";
  return end - now < SOON_MS ? "soon" : "good";
}
