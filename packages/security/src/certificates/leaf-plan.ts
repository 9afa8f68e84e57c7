import {
  type CertificateNames,
  isEmpty,
  isSameNames,
  permittedPart,
  withLoopback,
} from "./certificate-names.ts";

/** What there is to serve now, and to make a new one of. Wall clock in ms since 1970. */
export interface LeafState {
  readonly nowMs: number;
  /** What the node is called now, besides the loopback. */
  readonly names: CertificateNames;
  readonly leaf?: {
    /** Fingerprint of the authority's certificate; null when self-signed. */
    readonly authority: string | null;
    readonly names: CertificateNames;
    readonly notBeforeMs: number;
    readonly notAfterMs: number;
  };
  /** This node's own, as the mesh's authority has certified it last. */
  readonly authority?: {
    readonly fingerprint: string;
    readonly permitted: CertificateNames;
    readonly notAfterMs: number;
  };
}

export interface NewLeaf {
  readonly kind: "leaf" | "self-signed";
  /** Besides the loopback. */
  readonly names: CertificateNames;
  readonly reason: "first" | "renewal" | "other names" | "other authority" | "clock";
}

/** When two thirds of a certificate's life are over. */
export function renewalTimeMs(leaf: { readonly notBeforeMs: number; readonly notAfterMs: number }): number {
  return leaf.notBeforeMs + ((leaf.notAfterMs - leaf.notBeforeMs) * 2) / 3;
}

/**
 * Pure: whether a new leaf is due, and of which kind. An authority that was certified for other names than the node
 * has now is used as long as it covers some of them; self-signed is only what it covers nothing of.
 */
export function planLeaf(state: LeafState): NewLeaf | undefined {
  const target = targetOf(state);
  const reason = reasonFor(state, target);
  return reason === undefined ? undefined : { kind: target.kind, names: target.names, reason };
}

export interface LeafTarget extends Pick<NewLeaf, "kind" | "names"> {
  readonly authority: string | null;
}

/** Pure: what a leaf that is made now is to be. */
export function targetOf({ nowMs, names, authority }: LeafState): LeafTarget {
  const selfSigned = { kind: "self-signed", names, authority: null } as const;
  if (authority === undefined || nowMs >= authority.notAfterMs) return selfSigned;
  const covered = permittedPart(names, authority.permitted);
  if (isEmpty(covered)) return selfSigned;
  return { kind: "leaf", names: covered, authority: authority.fingerprint };
}

function reasonFor({ nowMs, leaf }: LeafState, target: LeafTarget): NewLeaf["reason"] | undefined {
  if (leaf === undefined) return "first";
  if (leaf.authority !== target.authority) return "other authority";
  if (!isSameNames(leaf.names, withLoopback(target.names))) return "other names";
  // Made when the clock was ahead: clients would refuse it until then.
  if (nowMs < leaf.notBeforeMs) return "clock";
  return nowMs >= renewalTimeMs(leaf) ? "renewal" : undefined;
}
