import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from "node:crypto";
import type { Ed25519PrivateKey } from "@libp2p/interface";
import { peerIdFromString } from "@libp2p/peer-id";
import type { NodeId } from "@pi-controller/schema";
import { type SelfReportSigner, SIGNATURE_BYTES } from "../membership/self-report-signer.ts";

const SEED_BYTES = 32;
/** What precedes the seed in an Ed25519 key in PKCS #8 (RFC 8410, section 7). */
const PKCS8_PREFIX = Buffer.from("302e020100300506032b657004220420", "hex");
/** What precedes an Ed25519 key in SubjectPublicKeyInfo (RFC 8410, section 4). */
const SPKI_PREFIX = Buffer.from("302a300506032b6570032100", "hex");
/** A key that is used again need not be parsed again; more members than these have theirs parsed each time. */
const MAX_KEPT_KEYS = 1_024;

/** Signs with this peer's libp2p key; finds the keys of others in their ids. Synchronous: a signature takes 0.1 ms. */
class Libp2pSelfReportSigner implements SelfReportSigner {
  readonly #privateKey: KeyObject;
  /** In the order of use, longest ago first. */
  readonly #publicKeys = new Map<NodeId, KeyObject>();

  constructor(privateKey: Ed25519PrivateKey) {
    const seed = privateKey.raw.subarray(0, SEED_BYTES);
    this.#privateKey = createPrivateKey({
      key: Buffer.concat([PKCS8_PREFIX, seed]),
      format: "der",
      type: "pkcs8",
    });
  }

  sign(bytes: Uint8Array): Uint8Array {
    return sign(null, bytes, this.#privateKey);
  }

  verify(node: NodeId, bytes: Uint8Array, signature: Uint8Array): boolean {
    if (signature.byteLength !== SIGNATURE_BYTES) return false;
    const publicKey = this.#publicKeyOf(node);
    return publicKey !== undefined && verify(null, bytes, publicKey, signature);
  }

  #publicKeyOf(node: NodeId): KeyObject | undefined {
    const key = this.#publicKeys.get(node) ?? parsePublicKey(node);
    if (key === undefined) return undefined;
    this.#publicKeys.delete(node);
    this.#publicKeys.set(node, key);
    const [longestAgo] = this.#publicKeys.keys();
    if (this.#publicKeys.size > MAX_KEPT_KEYS && longestAgo !== undefined)
      this.#publicKeys.delete(longestAgo);
    return key;
  }
}

/** @returns undefined for what is no id of an Ed25519 key: it came over the network */
function parsePublicKey(node: NodeId): KeyObject | undefined {
  try {
    const peer = peerIdFromString(node);
    // One key has one id: other spellings of it would be other members.
    if (peer.type !== "Ed25519" || peer.toString() !== node) return undefined;
    const key = Buffer.concat([SPKI_PREFIX, peer.publicKey.raw]);
    return createPublicKey({ key, format: "der", type: "spki" });
  } catch {
    return undefined;
  }
}

/** The signer of a peer's reports about itself, from the key that makes it who it is. */
export function selfReportSigner(privateKey: Ed25519PrivateKey): SelfReportSigner {
  return new Libp2pSelfReportSigner(privateKey);
}
