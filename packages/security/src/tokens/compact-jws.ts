import { toBase64Url, utf8 } from "../crypto/encoding.ts";
import type { SigningKey } from "../trust/trust-port.ts";

/** The one algorithm that is ever made or taken (RFC 8037): what else a header asks for is refused. */
export const JWS_ALGORITHM = "EdDSA";

/** What a JWS is for, in its header (RFC 8725 section 3.11): one kind is never taken for another. */
export const ACCESS_TYPE = "pi-access+jwt";
export const EVIDENCE_TYPE = "pi-evidence+jwt";
export const INTENT_TYPE = "pi-intent+jwt";
export const DELEGATION_TYPE = "pi-delegation+jwt";

/**
 * Makes a JWS in compact form (RFC 7515 section 7.1). By hand, since the key stays with whoever has it: what is here
 * can have something signed, and no more. What it signs begins as no other kind of signed text does.
 *
 * @param kid names the key
 */
export function signCompact(
  header: { readonly typ: string; readonly kid: string },
  payload: object,
  key: Pick<SigningKey, "sign">,
): string {
  const text = [{ alg: JWS_ALGORITHM, ...header }, payload]
    .map((part) => toBase64Url(utf8(JSON.stringify(part))))
    .join(".");
  return `${text}.${toBase64Url(key.sign(utf8(text)))}`;
}
