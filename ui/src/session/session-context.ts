import { MeshError, type NodeView } from "@pi-controller/schema";
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import { ageOf } from "../connection/peer-clock.ts";
import { useIdentity } from "../identity/identity-context.ts";
import type { PeerSession } from "./peer-session.ts";

export const SessionContext = createContext<PeerSession | null>(null);

/** The session of the page that the component is in. */
export function useSession(): PeerSession {
  const session = useContext(SessionContext);
  if (session === null)
    throw new MeshError("INTERNAL", "A component stands outside of the session's context");
  return session;
}

/** How long ago a moment of the peer's clock was, in ms by now; null when it never was or nobody knows. */
export function useAge(timestamp: string | null): number | null {
  const session = useSession();
  const fromHeaders = useIdentity().peerClock.value;
  const clock = session.peerClock.value ?? fromHeaders;
  return clock === null ? null : ageOf(timestamp, clock, session.now.value);
}

/** How long ago the peer heard the metrics of a node, in ms by now; null when it never did. */
export function useMetricsAge(node: NodeView): number | null {
  const session = useSession();
  const heardAt = session.nodes.value?.heardAt;
  const { ageMs } = node.metrics;
  return ageMs === null || heardAt === undefined ? null : ageMs + Math.max(0, session.now.value - heardAt);
}

/** What the peer that answers is called. */
export function usePeerName(): string {
  const { mesh } = useSession();
  const status = useIdentity().status.value;
  return mesh.value?.value.name ?? status?.nodeName ?? window.location.host;
}

/** Finds the name of a node by its id; an id that nobody in the list has is shortened. */
export function useNameOf(): (id: string) => string {
  const names = useSession().names.value;
  return (id) => names.get(id) ?? shortId(id);
}

/** An id short enough to stand in a line: peer ids begin alike and differ at the end. */
export function shortId(id: string): string {
  return id.length <= 14 ? id : `…${id.slice(-8)}`;
}
