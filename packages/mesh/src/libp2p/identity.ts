import { randomUUID } from "node:crypto";
import { mkdir, open, readFile, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { generateKeyPair, privateKeyFromProtobuf, privateKeyToProtobuf } from "@libp2p/crypto/keys";
import type { Ed25519PrivateKey } from "@libp2p/interface";
import { peerIdFromPrivateKey } from "@libp2p/peer-id";
import { MeshError, type NodeId } from "@pi-controller/schema";

const FILE_NAME = "identity.key";
const FILE_MODE = 0o600;
const DIRECTORY_MODE = 0o700;
/** A protobuf of 68 bytes in base64, with room to spare. */
const MAX_FILE_BYTES = 1024;

export interface Identity {
  readonly privateKey: Ed25519PrivateKey;
  /** The peer id that follows from the key. */
  readonly peer: NodeId;
  /** True when there was none and this call made it. */
  readonly created: boolean;
}

/**
 * The key that makes this peer who it is, from `identity.key` in its data directory; made at the first start.
 * The file holds libp2p's protobuf of the private key in base64.
 *
 * @throws MeshError FAILED_PRECONDITION when the file can be read by others, is no file, or cannot be read or
 *   written; DATA_LOSS when it holds no Ed25519 key. A key that is there is never replaced.
 */
export async function loadOrCreateIdentity(dataDirectory: string): Promise<Identity> {
  const path = join(dataDirectory, FILE_NAME);
  const existing = await readIdentityFile(path);
  if (existing !== undefined) return identityOf(parseKey(path, existing), false);
  const privateKey = await generateKeyPair("Ed25519");
  try {
    await writeIdentityFile(dataDirectory, path, privateKey);
  } catch (error) {
    throw unusable(path, "cannot be written", error);
  }
  return identityOf(privateKey, true);
}

/** A key for somebody who need not be known again. */
export function temporaryKey(): Promise<Ed25519PrivateKey> {
  return generateKeyPair("Ed25519");
}

function identityOf(privateKey: Ed25519PrivateKey, created: boolean): Identity {
  return { privateKey, peer: peerIdFromPrivateKey(privateKey).toString(), created };
}

async function readIdentityFile(path: string): Promise<string | undefined> {
  try {
    const status = await stat(path);
    if (!status.isFile()) throw unusable(path, "is not a file");
    if ((status.mode & 0o077) !== 0) {
      const mode = (status.mode & 0o777).toString(8);
      throw unusable(path, `can be read by other users (mode ${mode}); run: chmod 600 ${path}`);
    }
    if (status.size > MAX_FILE_BYTES) throw noKey(path);
    return await readFile(path, "utf8");
  } catch (error) {
    if (error instanceof MeshError) throw error;
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw unusable(path, "cannot be read", error);
  }
}

function parseKey(path: string, text: string): Ed25519PrivateKey {
  try {
    const privateKey = privateKeyFromProtobuf(Buffer.from(text.trim(), "base64"));
    if (privateKey.type === "Ed25519") return privateKey;
  } catch (error) {
    throw noKey(path, error);
  }
  throw noKey(path);
}

/** The key appears under its name only when all of it is on the disk. */
async function writeIdentityFile(
  dataDirectory: string,
  path: string,
  privateKey: Ed25519PrivateKey,
): Promise<void> {
  await mkdir(dataDirectory, { recursive: true, mode: DIRECTORY_MODE });
  const temporary = `${path}.${randomUUID()}`;
  try {
    const file = await open(temporary, "wx", FILE_MODE);
    try {
      await file.writeFile(`${Buffer.from(privateKeyToProtobuf(privateKey)).toString("base64")}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  const directory = await open(dataDirectory, "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

function unusable(path: string, why: string, cause?: unknown): MeshError {
  const because = cause instanceof Error ? `: ${cause.message}` : "";
  return new MeshError("FAILED_PRECONDITION", `The identity file ${path} ${why}${because}`, {}, { cause });
}

function noKey(path: string, cause?: unknown): MeshError {
  const message = `The identity file ${path} does not hold an Ed25519 key. Restore it from a backup, or move it away to give this peer a new identity`;
  return new MeshError("DATA_LOSS", message, {}, { cause });
}
