import { compareVersions, type Member, type MemberUpdate } from "./member.ts";

/** Clocks, relays and busy machines blur by so much when two peers' signs of life are compared. */
const EVIDENCE_BLUR_MS = 300;

/** @returns undefined while the member is unknown: then there is nothing that others could check */
export function claim(member: Member, state: MemberUpdate["state"]): MemberUpdate | undefined {
  const { id, bootEpoch, incarnation, signature } = member;
  return signature === undefined ? undefined : { id, state, bootEpoch, incarnation, signature };
}

/** An accusation of a version that is known was not verified again: what is passed on must be what was. */
export function withKnownSignature(update: MemberUpdate, member: Member): MemberUpdate {
  const isKnown = member.signature !== undefined && compareVersions(update, member) === 0;
  return isKnown ? { ...update, signature: member.signature } : update;
}

/** Whether this peer heard of the accused after the silence began that it is accused of. */
export function contradicted(update: MemberUpdate, member: Member, nowMs: number): boolean {
  if (update.silentForMs === undefined || member.lastHeardMs === null) return false;
  return member.lastHeardMs > nowMs - update.silentForMs + EVIDENCE_BLUR_MS;
}

/** Why a member is alive again, or for the first time, for logs and people. */
export function reasonToLive(update: MemberUpdate, member: Member): string {
  if (member.state === "unknown") return "it was heard of for the first time";
  return update.bootEpoch > member.bootEpoch ? "it has started again" : "it denied what was said of it";
}
