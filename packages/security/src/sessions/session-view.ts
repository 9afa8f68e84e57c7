import type { SessionView } from "@pi-controller/schema";
import { timestamp } from "../authentication/principal.ts";
import type { TrustView } from "../trust/trust-port.ts";
import type { Principal } from "../use-cases.ts";
import type { Session } from "./session.ts";
import { endsAt, type Now, type SessionLimits, wallTime } from "./session-times.ts";

/** A session as people see it. @param principal who looks */
export function sessionView(
  session: Session,
  view: TrustView,
  limits: SessionLimits,
  now: Now,
  principal: Principal,
): SessionView {
  const { id, node, userId, via, address, userAgent, times } = session;
  const ends = endsAt(times, limits, now);
  return {
    id,
    node,
    userId,
    userName: view.users.get(userId)?.name ?? "",
    via,
    current: principal.credentialId === id,
    address,
    userAgent,
    createdAt: timestamp(wallTime(times.beganMs, now)),
    lastUsedAt: timestamp(wallTime(times.usedMs, now)),
    idleExpiresAt: timestamp(ends.idleMs),
    expiresAt: timestamp(ends.absoluteMs),
  };
}
