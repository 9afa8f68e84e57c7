import nodeCrypto, { createHash, type KeyObject } from "node:crypto";

/** Some 200 bytes each. */
const MAX_KNOWN = 200_000;

/** Public keys that were read, by their bytes. */
const keys = new Map<string, KeyObject>();
/** Whether a signature is good, by its key, and by what was signed and the signature. */
let verdicts = new WeakMap<KeyObject, Map<string, boolean>>();
let verdictCount = 0;

const original = { createPublicKey: nodeCrypto.createPublicKey, verify: nodeCrypto.verify };

/**
 * As that of node:crypto, but each key is read once in this process: in a simulation all peers read the same ones.
 */
export function createPublicKey(input: Parameters<typeof nodeCrypto.createPublicKey>[0]): KeyObject {
  const bytes = derOf(input);
  if (bytes === undefined) return original.createPublicKey(input);
  const name = bytes.toString("latin1");
  const known = keys.get(name);
  if (known !== undefined) return known;
  const key = original.createPublicKey(input);
  if (keys.size >= MAX_KNOWN) keys.clear();
  keys.set(name, key);
  return key;
}

/**
 * As that of node:crypto, but each signature is verified once in this process: a pure function, and a hundred peers
 * verify the same statements.
 */
export function verify(...args: readonly unknown[]): unknown {
  const [algorithm, data, key, signature] = args;
  if (args.length !== 4 || algorithm !== null || !isPublicKey(key) || !isBytes(data) || !isBytes(signature)) {
    return Reflect.apply(original.verify, undefined, args);
  }
  const ofKey = verdicts.get(key) ?? new Map<string, boolean>();
  verdicts.set(key, ofKey);
  const name = createHash("sha256").update(data).digest("base64") + Buffer.from(signature).toString("latin1");
  const known = ofKey.get(name);
  if (known !== undefined) return known;
  const isGood = original.verify(null, data, key, signature);
  if (++verdictCount > MAX_KNOWN) {
    verdicts = new WeakMap();
    verdictCount = 0;
  } else ofKey.set(name, isGood);
  return isGood;
}

/** The bytes of a key in SubjectPublicKeyInfo; undefined for every other input. */
function derOf(input: unknown): Buffer | undefined {
  if (typeof input !== "object" || input === null) return undefined;
  const { format, key, type } = input as Record<string, unknown>;
  return format === "der" && type === "spki" && Buffer.isBuffer(key) ? key : undefined;
}

function isPublicKey(key: unknown): key is KeyObject {
  return key instanceof nodeCrypto.KeyObject && key.type === "public";
}

function isBytes(data: unknown): data is Uint8Array {
  return data instanceof Uint8Array;
}
