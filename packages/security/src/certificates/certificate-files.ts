import { createPrivateKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { join } from "node:path";
import { MeshError } from "@pi-controller/schema";
import { readPrivateFile, writePrivateFile } from "../files/private-file.ts";
import { type CertificateFacts, readCertificate } from "./read-certificate.ts";

/** A leaf with its key, and the certificate of the authority that issued it; none for a self-signed one. */
export interface ServedLeaf {
  /** PKCS #8, PEM. */
  readonly key: string;
  readonly leaf: CertificateFacts;
  readonly authority: CertificateFacts | undefined;
}

const AUTHORITY_KEY = "node-authority.key";
const LEAF = "tls-leaf.pem";
const PEM_BLOCK = /-----BEGIN ([A-Z ]+)-----\n[A-Za-z0-9+/=\n]+-----END \1-----\n/g;

export function newKeyPair(): { readonly privateKey: KeyObject; readonly publicKey: KeyObject } {
  return generateKeyPairSync("ec", { namedCurve: "P-256" });
}

export function pemOf(privateKey: KeyObject): string {
  return String(privateKey.export({ type: "pkcs8", format: "pem" }));
}

/** The keys and certificates of a node in its data directory. */
export class CertificateFiles {
  readonly #authorityKey: string;
  readonly #leaf: string;

  /** @param directory exists */
  constructor(directory: string) {
    this.#authorityKey = join(directory, AUTHORITY_KEY);
    this.#leaf = join(directory, LEAF);
  }

  /**
   * Private key of the node's own authority, made when there is none.
   *
   * @throws MeshError FAILED_PRECONDITION when others can read it or it cannot be read or written; DATA_LOSS when it
   *   holds no key: it is never replaced by itself, since the mesh has certified it
   */
  async authorityKey(): Promise<KeyObject> {
    const text = await readPrivateFile(this.#authorityKey);
    if (text !== undefined) return parseKey(text, this.#authorityKey);
    const { privateKey } = newKeyPair();
    await writePrivateFile(this.#authorityKey, pemOf(privateKey));
    return privateKey;
  }

  /** @returns undefined when there is none, or none that can be served: a new one costs nothing */
  async leaf(): Promise<ServedLeaf | undefined> {
    const text = await readPrivateFile(this.#leaf);
    return text === undefined ? undefined : parseLeaf(text);
  }

  /** @throws MeshError FAILED_PRECONDITION when it cannot be written */
  async keepLeaf({ key, leaf, authority }: ServedLeaf): Promise<void> {
    await writePrivateFile(this.#leaf, [key, leaf.pem, authority?.pem ?? ""].join(""));
  }
}

function parseKey(text: string, path: string): KeyObject {
  const message = `The file ${path} holds no P-256 key. Restore it from a backup, or remove it and approve this node's certificate anew`;
  try {
    const key = createPrivateKey(text);
    if (key.asymmetricKeyDetails?.namedCurve === "prime256v1") return key;
  } catch (error) {
    throw new MeshError("DATA_LOSS", message, {}, { cause: error });
  }
  throw new MeshError("DATA_LOSS", message);
}

function parseLeaf(text: string): ServedLeaf | undefined {
  const [key, leaf, authority] = text.match(PEM_BLOCK) ?? [];
  if (key === undefined || leaf === undefined) return undefined;
  try {
    const facts = readCertificate(leaf);
    if (!facts.parsed.checkPrivateKey(createPrivateKey(key))) return undefined;
    return { key, leaf: facts, authority: authority === undefined ? undefined : readCertificate(authority) };
  } catch (error) {
    // Damaged, by OpenSSL's judgement; what else goes wrong is not thrown by these calls.
    if (error instanceof Error) return undefined;
    throw error;
  }
}
