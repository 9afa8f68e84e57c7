import type { NodeId } from "@pi-controller/schema";
import type { MemberUpdate, Version } from "./member.ts";
import type { SelfReportSigner } from "./self-report-signer.ts";

/** What a peer says of itself in each of its messages. */
export interface SelfReport extends Version {
  readonly state: "alive" | "left";
  /** Of `selfReportBytes`, in base64url. */
  readonly signature: string;
}

/** Keeps this signature apart from all others that the same key makes. */
const DOMAIN = "pi-controller/membership/self-report/1";

/** What a member signs: that it, in this version, is alive or has left. No part can hold a line break. */
export function selfReportBytes(
  node: NodeId,
  { bootEpoch, incarnation }: Version,
  state: SelfReport["state"],
) {
  return new TextEncoder().encode([DOMAIN, node, bootEpoch, incarnation, state].join("\n"));
}

/** Makes the report that others can check and pass on. */
export function signSelfReport(
  signer: SelfReportSigner,
  node: NodeId,
  version: Version,
  state: SelfReport["state"],
): SelfReport {
  const signature = Buffer.from(signer.sign(selfReportBytes(node, version, state))).toString("base64url");
  return { state, bootEpoch: version.bootEpoch, incarnation: version.incarnation, signature };
}

/**
 * Whether the member has said of itself what an update presupposes: for `left` that it left, for all others that
 * it is alive in this version. Only such a version exists.
 */
export function isVouchedFor(signer: SelfReportSigner, update: MemberUpdate): boolean {
  const state = update.state === "left" ? "left" : "alive";
  const bytes = selfReportBytes(update.id, update, state);
  return signer.verify(update.id, bytes, Buffer.from(update.signature, "base64url"));
}
