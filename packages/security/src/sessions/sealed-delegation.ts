import { deriveKey } from "../crypto/derive.ts";
import { utf8 } from "../crypto/encoding.ts";
import { seal, unseal } from "../crypto/seal.ts";

/**
 * The key under which the delegation of a session lies on the disk. It follows from the session's secret, which the
 * browser alone keeps: whoever takes the card finds nothing to speak for those with who are logged in.
 */
export function delegationKey(secret: string): Uint8Array {
  return deriveKey(utf8(secret), "session delegation");
}

/** @param session its id: a delegation opens as that of its own session alone */
export function sealDelegation(key: Uint8Array, session: string, delegation: string | null): string | null {
  return delegation === null ? null : seal(key, utf8(delegation), subject(session));
}

/** @throws MeshError DATA_LOSS when it was not sealed for this session with this key */
export function openDelegation(key: Uint8Array, session: string, sealed: string | null): string | null {
  return sealed === null ? null : new TextDecoder().decode(unseal(key, sealed, subject(session)));
}

function subject(session: string): string {
  return `session delegation ${session}`;
}
