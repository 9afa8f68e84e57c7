import type { DialResult } from "../network.ts";

/** What is known of a peer when it is to be dialled. All addresses are without the peer's id. */
export interface DialKnowledge {
  /** Announced or told, most recent first. */
  readonly addresses: readonly string[];
  /** Where it was last reached by a dial. */
  readonly lastReached: string | undefined;
  /** Hosts, as `ip4/192.168.1.7`, from which it connected to us. */
  readonly seenHosts: readonly string[];
  /** Addresses of this peer itself, which say nothing about another one. */
  readonly own: readonly string[];
}

export interface DialCandidate {
  readonly address: string;
  /** True when a refusal there means that the peer's process is gone. */
  readonly decisive: boolean;
}

export type DialFailure = "refused" | "unreachable";

/** Most addresses of one peer that one dial tries. */
const MAX_CANDIDATES = 8;

/**
 * Which addresses to try, in which order. The one where the peer was last reached decides whether it is
 * gone; then those on a machine from which it was seen; without either, all that it announces. Loopback
 * addresses belong to every machine: they count only for a peer that announces nothing else.
 */
export function planDial(knowledge: DialKnowledge): DialCandidate[] {
  const others = knowledge.addresses.filter((address) => !knowledge.own.includes(address));
  const routable = others.filter((address) => !isLoopback(address));
  const usable = routable.length > 0 ? routable : others;
  const { lastReached } = knowledge;
  const seen = usable.filter((address) => knowledge.seenHosts.includes(hostOf(address)));
  const ordered = [...(lastReached === undefined ? [] : [lastReached]), ...seen, ...usable];
  const isDecisive = (address: string) => {
    if (lastReached !== undefined) return address === lastReached;
    return seen.length === 0 || seen.includes(address);
  };
  return [...new Set(ordered)]
    .slice(0, MAX_CANDIDATES)
    .map((address) => ({ address, decisive: isDecisive(address) }));
}

/** The outcome of a dial that reached nobody. */
export function failedDial(
  failures: readonly { readonly candidate: DialCandidate; readonly failure: DialFailure; reason: string }[],
): DialResult {
  if (failures.length === 0) return { outcome: "unreachable", reason: "no address is known" };
  const refused = failures.some(({ candidate, failure }) => candidate.decisive && failure === "refused");
  const reason = failures.map(({ candidate, reason }) => `${candidate.address}: ${reason}`).join("; ");
  return { outcome: refused ? "refused" : "unreachable", reason };
}

/** The part of a multiaddr that names the machine, as `ip4/192.168.1.7`. */
export function hostOf(address: string): string {
  return address.split("/").slice(1, 3).join("/");
}

/** A multiaddr without the peer id at its end. */
export function withoutPeerId(address: string): string {
  return address.replace(/\/p2p\/[^/]+$/, "");
}

export function isLoopback(address: string): boolean {
  return address.startsWith("/ip4/127.") || address.startsWith("/ip6/::1/");
}
