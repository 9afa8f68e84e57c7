import nodeCrypto, { webcrypto } from "node:crypto";
import { syncBuiltinESMExports } from "node:module";
import { type Random, randomInteger, seededRandom } from "@pi-controller/runtime";
import { createPublicKey, verify } from "./known-signatures.ts";
import { RealWork } from "./real-work.ts";

/** Private keys of X25519 in PKCS #8 (RFC 8410, section 7) begin so. */
const X25519_PREFIX = Buffer.from("302e020100300506032b656e04220420", "hex");
const KEY_BYTES = 32;
/** What a simulated process takes of its machine's memory. */
const PROCESS_BYTES = 100 * 2 ** 20;
/** What of the Web Cryptography API works in other threads and is used by the product or its libraries. */
const THREADED = [
  "decrypt",
  "deriveBits",
  "deriveKey",
  "digest",
  "encrypt",
  "exportKey",
  "importKey",
  "sign",
  "verify",
] as const;

/** What a process has instead of chance and of threads while it simulates. */
export interface Determinism {
  readonly work: RealWork;
  /** Begins the numbers anew. */
  seed(seed: number): void;
  /** Gives the process its own chance back. */
  restore(): void;
}

/**
 * Makes all that happens in this process follow from a seed: product code and libraries draw keys, ids and nonces where
 * they like, and have ciphers worked out by other threads. Time they take from the clock that they are given.
 */
export function beDeterministic(): Determinism {
  let random = seededRandom(0);
  const work = new RealWork();
  const undo = [
    // All peers are one process; asking the kernel takes longer than all else of a sample of metrics.
    replace(process.memoryUsage, "rss", () => PROCESS_BYTES),
    replace(Math, "random", () => random.next()),
    replace(nodeCrypto, "createPublicKey", createPublicKey),
    replace(nodeCrypto, "verify", verify as never),
    replace(nodeCrypto, "randomBytes", (size: number) => fill(random, Buffer.alloc(size))),
    replace(nodeCrypto, "randomUUID", (() => uuid(random)) as never),
    replace(webcrypto, "getRandomValues", ((array: Uint8Array) => {
      fill(random, new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
      return array;
    }) as never),
    replace(webcrypto.subtle, "generateKey", ((algorithm: unknown, ...rest: unknown[]) =>
      work.follow(generateKey(random, algorithm, rest))) as never),
    ...THREADED.map((name) => {
      const original = webcrypto.subtle[name].bind(webcrypto.subtle) as (
        ...args: unknown[]
      ) => Promise<unknown>;
      return replace(webcrypto.subtle, name, ((...args: unknown[]) =>
        work.follow(original(...args))) as never);
    }),
  ];
  syncBuiltinESMExports();
  return {
    work,
    seed: (seed) => {
      random = seededRandom(seed);
    },
    restore: () => {
      for (const restore of undo.toReversed()) restore();
      syncBuiltinESMExports();
    },
  };
}

function replace<Owner extends object, Key extends keyof Owner>(
  owner: Owner,
  key: Key,
  value: Owner[Key],
): () => void {
  const before = Object.getOwnPropertyDescriptor(owner, key);
  Object.defineProperty(owner, key, { value, configurable: true, writable: true });
  return () => {
    if (before === undefined) delete owner[key];
    else Object.defineProperty(owner, key, before);
  };
}

function fill<Bytes extends Uint8Array>(random: Random, bytes: Bytes): Bytes {
  for (let index = 0; index < bytes.length; index++) bytes[index] = randomInteger(random, 256);
  return bytes;
}

/** Version 4, as RFC 9562 (section 5.4) has it. */
function uuid(random: Random): string {
  const bytes = fill(random, Buffer.alloc(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return bytes.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

/** A key pair of X25519 out of the seed: the only kind that simulated peers make for one use. */
async function generateKey(random: Random, algorithm: unknown, rest: unknown[]): Promise<unknown> {
  const name = typeof algorithm === "string" ? algorithm : (algorithm as { name: string }).name;
  if (name !== "X25519") throw new TypeError(`A simulation has no keys of ${name}`);
  const [, usages] = rest as [boolean, readonly string[]];
  const seed = Buffer.concat([X25519_PREFIX, fill(random, Buffer.alloc(KEY_BYTES))]);
  const privateKey = nodeCrypto.createPrivateKey({ key: seed, format: "der", type: "pkcs8" });
  const publicKey = nodeCrypto.createPublicKey(privateKey);
  return {
    privateKey: privateKey.toCryptoKey({ name }, true, usages as never),
    publicKey: publicKey.toCryptoKey({ name }, true, []),
  };
}
