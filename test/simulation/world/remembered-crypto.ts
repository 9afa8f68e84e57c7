import nodeCrypto, { KeyObject } from "node:crypto";

/** More than the peers of a large world verify anew while any of them is behind with it. */
const MAX_REMEMBERED = 32_768;

/** What came of something not long ago: at least the latest `limit` of it, at most twice as many. */
class Remembered<Value> {
  readonly #limit: number;
  #recent = new Map<string, Value>();
  #before = new Map<string, Value>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** @param make a pure function of `key` */
  of(key: string, make: () => Value): Value {
    const known = this.#recent.get(key);
    if (known !== undefined) return known;
    const value = this.#before.get(key) ?? make();
    if (this.#recent.size >= this.#limit) {
      this.#before = this.#recent;
      this.#recent = new Map();
    }
    this.#recent.set(key, value);
    return value;
  }
}

/** The functions of node:crypto that a simulation has in place of those of Node; each gives the very same results. */
export type RememberedCrypto = Pick<typeof nodeCrypto, "createPublicKey" | "verify">;

/**
 * All peers of a simulation are one process: what each of them has to work out for itself from the same bytes, and that
 * depends on nothing else, is worked out once. So it is with the keys of others and with their signatures.
 */
export function rememberedCrypto(): RememberedCrypto {
  const { createPublicKey, verify } = nodeCrypto;
  const keys = new Remembered<KeyObject>(MAX_REMEMBERED);
  const verdicts = new Remembered<boolean>(MAX_REMEMBERED);
  const namesOfKeys = new WeakMap<KeyObject, string>();
  let keysNamed = 0;
  const nameOf = (key: KeyObject) => {
    const known = namesOfKeys.get(key);
    if (known !== undefined) return known;
    const name = `${keysNamed++}`;
    namesOfKeys.set(key, name);
    return name;
  };
  function rememberedVerify(...asked: readonly unknown[]): unknown {
    const [algorithm, data, key, signature, callback] = asked;
    const isPlain = algorithm === null && key instanceof KeyObject && callback === undefined;
    if (!isPlain || !(data instanceof Uint8Array) || !(signature instanceof Uint8Array)) {
      return verify(...(asked as Parameters<typeof verify>));
    }
    const question = `${nameOf(key)} ${signature.byteLength} ${textOf(signature)}${textOf(data)}`;
    return verdicts.of(question, () => verify(null, data, key, signature));
  }
  function rememberedPublicKey(input: Parameters<typeof createPublicKey>[0]): KeyObject {
    return isDer(input) ? keys.of(textOf(input.key), () => createPublicKey(input)) : createPublicKey(input);
  }
  return { createPublicKey: rememberedPublicKey, verify: rememberedVerify as typeof verify };
}

function isDer(
  input: unknown,
): input is { readonly key: Uint8Array; readonly format: "der"; readonly type: "spki" } {
  const { key, format, type } = input as { readonly [name: string]: unknown };
  return key instanceof Uint8Array && format === "der" && type === "spki";
}

/** One character a byte. */
function textOf({ buffer, byteOffset, byteLength }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString("latin1");
}
