import { createPrivateKey, createPublicKey } from "node:crypto";
import { MeshError } from "@pi-controller/schema";
import type { Box } from "../trust/statements.ts";
import { rawPublicKey } from "./ed25519.ts";
import { fromBase64Url, toBase64Url, utf8 } from "./encoding.ts";

const KEY_BYTES = 32;
/** What precedes an X25519 private key in PKCS #8 (RFC 8410 section 7). */
const PKCS8_PREFIX = Buffer.from("302e020100300506032b656e04220420", "hex");

/** What a box is for. It opens as that alone: it cannot be passed off as another one. */
export interface BoxContext {
  readonly purpose: "authority" | "mesh-secret" | "enrolment";
  /** Which of its purpose it is, as the key of its statement and whatever else tells it from others. */
  readonly subject: string;
}

/** A key pair (X25519) that others seal to. */
export interface BoxKey {
  readonly publicKey: Uint8Array;
  /** @throws MeshError DATA_LOSS when the box was not sealed to this key, for this context */
  open(box: Box, context: BoxContext): Promise<Uint8Array>;
}

/** @param privateKey 32 bytes */
export function boxKey(privateKey: Uint8Array): BoxKey {
  const key = createPrivateKey({
    key: Buffer.concat([PKCS8_PREFIX, privateKey]),
    format: "der",
    type: "pkcs8",
  });
  return {
    publicKey: rawPublicKey(createPublicKey(key)),
    open: (box, context) => open(privateKey, box, context),
  };
}

/**
 * Seals to a public key: HPKE, base mode, DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM (RFC 9180).
 *
 * @param publicKey 32 bytes
 * @throws MeshError INVALID_ARGUMENT when that is no public key that can be sealed to
 */
export async function sealTo(
  publicKey: Uint8Array,
  plaintext: Uint8Array,
  context: BoxContext,
): Promise<Box> {
  const suite = await loadSuite();
  try {
    const recipientPublicKey = await suite.kem.deserializePublicKey(publicKey);
    const parameters = { recipientPublicKey, info: infoOf(context) };
    const { enc, ct } = await suite.seal(parameters, plaintext, utf8(context.subject));
    return { encapsulated: toBase64Url(new Uint8Array(enc)), sealed: toBase64Url(new Uint8Array(ct)) };
  } catch (error) {
    throw new MeshError("INVALID_ARGUMENT", "Nothing can be sealed to this key", {}, { cause: error });
  }
}

async function open(privateKey: Uint8Array, box: Box, context: BoxContext): Promise<Uint8Array> {
  const enc = fromBase64Url(box.encapsulated, KEY_BYTES);
  const sealed = fromBase64Url(box.sealed);
  if (enc === undefined || sealed === undefined) throw doesNotOpen();
  const suite = await loadSuite();
  try {
    const recipientKey = await suite.kem.deserializePrivateKey(privateKey);
    const parameters = { recipientKey, enc, info: infoOf(context) };
    return new Uint8Array(await suite.open(parameters, sealed, utf8(context.subject)));
  } catch (error) {
    throw doesNotOpen(error);
  }
}

function infoOf({ purpose }: BoxContext): Uint8Array {
  return utf8(`pi-controller box v1 ${purpose}`);
}

function doesNotOpen(cause?: unknown): MeshError {
  return new MeshError("DATA_LOSS", "A sealed box cannot be opened with this key", {}, { cause });
}

let loadedSuite: ReturnType<typeof importSuite> | undefined;

/** Loaded when first needed: 20 ms and some 9 MB. */
function loadSuite(): ReturnType<typeof importSuite> {
  loadedSuite ??= importSuite();
  return loadedSuite;
}

async function importSuite() {
  const { Aes256Gcm, CipherSuite, DhkemX25519HkdfSha256, HkdfSha256 } = await import("@hpke/core");
  return new CipherSuite({
    kem: new DhkemX25519HkdfSha256(),
    kdf: new HkdfSha256(),
    aead: new Aes256Gcm(),
  });
}
