import { createPublicKey, type KeyObject, verify } from "node:crypto";
import { MeshError } from "@pi-controller/schema";
import type { RequestParts } from "./x509-builder.ts";

const PEM =
  /^-----BEGIN (?:NEW )?CERTIFICATE REQUEST-----\s+([A-Za-z0-9+/=\s]+)-----END (?:NEW )?CERTIFICATE REQUEST-----\s*$/;
const MIN_RSA_BITS = 2_048;

/** Signatures that a request may carry, with what they hash; Ed25519 hashes by itself. RFC 5758, 8410, 8017. */
const hashes: ReadonlyMap<string, "sha256" | "sha384" | "sha512" | null> = new Map([
  ["1.2.840.10045.4.3.2", "sha256"],
  ["1.2.840.10045.4.3.3", "sha384"],
  ["1.2.840.10045.4.3.4", "sha512"],
  ["1.2.840.113549.1.1.11", "sha256"],
  ["1.2.840.113549.1.1.12", "sha384"],
  ["1.2.840.113549.1.1.13", "sha512"],
  ["1.3.101.112", null],
]);

/**
 * Reads a certificate request (PKCS #10, RFC 2986). Nothing of it counts but the key, of which the sender proves by
 * his signature that he has it: P-256, Ed25519, or RSA from 2,048 bits.
 *
 * @param pem from outside
 * @throws MeshError INVALID_ARGUMENT naming the field `request`
 */
export async function readRequest(pem: string): Promise<KeyObject> {
  const [, base64] = PEM.exec(pem.trim()) ?? [];
  if (base64 === undefined) throw invalid("expected a certificate request (PKCS #10) in PEM");
  const { parseRequest } = await import("./x509-builder.ts");
  let parts: RequestParts;
  let key: KeyObject;
  try {
    parts = parseRequest(Buffer.from(base64, "base64"));
    key = createPublicKey({ key: Buffer.from(parts.publicKey), format: "der", type: "spki" });
  } catch (error) {
    throw invalid("expected a certificate request (PKCS #10) in PEM", error);
  }
  if (!isStrong(key)) throw invalid("expected a key of P-256, Ed25519 or at least 2048 bits of RSA");
  if (!isSignedBy(key, parts)) throw invalid("it is not signed by its own key, or not with SHA-2");
  return key;
}

function isStrong({ asymmetricKeyType: type, asymmetricKeyDetails }: KeyObject): boolean {
  const { namedCurve, modulusLength = 0 } = asymmetricKeyDetails ?? {};
  if (type === "ed25519") return true;
  return type === "rsa" ? modulusLength >= MIN_RSA_BITS : type === "ec" && namedCurve === "prime256v1";
}

function isSignedBy(key: KeyObject, { signatureAlgorithm, signed, signature }: RequestParts): boolean {
  const hash = hashes.get(signatureAlgorithm);
  if (hash === undefined || (hash === null) !== (key.asymmetricKeyType === "ed25519")) return false;
  return verify(hash, signed, key, signature);
}

function invalid(message: string, cause?: unknown): MeshError {
  return new MeshError(
    "INVALID_ARGUMENT",
    `Invalid certificate request: ${message}`,
    { fields: [{ field: "request", message }] },
    { cause },
  );
}
