import { seededRandom, systemClock, VirtualClock } from "@pi-controller/runtime";
import { MeshError } from "@pi-controller/schema";
import { describe, expect, it } from "vitest";
import {
  boxKey,
  fingerprintOf,
  formatApiToken,
  formatJoinToken,
  fromBase64Url,
  inDomain,
  newSalt,
  newSeed,
  newSetupCode,
  newTokenId,
  newUserId,
  nodeKeyOf,
  PasswordHasher,
  parseApiToken,
  parseJoinToken,
  parseSetupCode,
  publicKeyOfNode,
  publicKeyOfSeed,
  seal,
  sealTo,
  signingKey,
  toBase64Url,
  unseal,
  userKeysOf,
  utf8,
  verifySignature,
} from "./index.ts";
import { testNode } from "./testing.ts";

const cheap = { memoryKib: 64, passes: 1, parallelism: 1 };

describe("signatures", () => {
  it("are verified with the public key of the seed, for the domain they were made for", () => {
    const seed = newSeed();
    const key = signingKey({ kind: "authority" }, seed);
    const signature = key.sign(inDomain("statement", "text"));
    expect(verifySignature(publicKeyOfSeed(seed), inDomain("statement", "text"), signature)).toBe(true);
    expect(verifySignature(publicKeyOfSeed(seed), inDomain("delegation", "text"), signature)).toBe(false);
    expect(verifySignature(publicKeyOfSeed(newSeed()), inDomain("statement", "text"), signature)).toBe(false);
  });

  it("of a wrong length, or with a key that is none, are wrong and no error", () => {
    expect(verifySignature(new Uint8Array(32), utf8("text"), new Uint8Array(64))).toBe(false);
    expect(verifySignature(new Uint8Array(3), utf8("text"), new Uint8Array(64))).toBe(false);
    expect(verifySignature(publicKeyOfSeed(newSeed()), utf8("text"), new Uint8Array(63))).toBe(false);
  });

  it("of a node are verified with its id alone", () => {
    const { node, key } = testNode(1);
    const publicKey = publicKeyOfNode(node);
    if (publicKey === undefined) throw new Error("no key in the id");
    expect(verifySignature(publicKey, utf8("text"), key.sign(utf8("text")))).toBe(true);
  });

  it("are not to be had from ids that hold no Ed25519 key", () => {
    for (const id of [
      "manual-0f0f0f0f",
      "node-a-0000",
      "",
      "QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N",
    ]) {
      expect(publicKeyOfNode(id)).toBeUndefined();
    }
  });
});

describe("a box", () => {
  const context = { purpose: "mesh-secret", subject: "mesh-secret/a 1" } as const;

  it("opens with the private key, as what it was sealed", async () => {
    const key = boxKey(newSeed());
    const box = await sealTo(key.publicKey, utf8("secret"), context);
    expect(await key.open(box, context)).toEqual(utf8("secret"));
  });

  it("opens neither with another key, nor as something else, nor changed", async () => {
    const key = boxKey(newSeed());
    const box = await sealTo(key.publicKey, utf8("secret"), context);
    const failures = [
      () => boxKey(newSeed()).open(box, context),
      () => key.open(box, { ...context, subject: "mesh-secret/b 1" }),
      () => key.open(box, { ...context, purpose: "authority" }),
      () => key.open({ ...box, sealed: `${box.sealed.slice(0, -4)}AAAA` }, context),
      () => key.open({ ...box, encapsulated: toBase64Url(new Uint8Array(32)) }, context),
      () => key.open({ encapsulated: "", sealed: "" }, context),
    ];
    for (const failure of failures) {
      await expect(failure()).rejects.toMatchObject({ code: "DATA_LOSS" });
    }
  });

  it("is refused for what is no key", async () => {
    await expect(sealTo(new Uint8Array(5), utf8("secret"), context)).rejects.toBeInstanceOf(MeshError);
    await expect(sealTo(new Uint8Array(32), utf8("secret"), context)).rejects.toBeInstanceOf(MeshError);
  });
});

describe("keys", () => {
  it("of a user follow from his seed, and differ from each other", () => {
    const seed = newSeed();
    const [one, again] = [
      userKeysOf("user-0000000000000000", seed),
      userKeysOf("user-0000000000000000", seed),
    ];
    expect(one.publicKey).toEqual(again.publicKey);
    expect(one.box.publicKey).toEqual(again.box.publicKey);
    expect(one.box.publicKey).not.toEqual(one.publicKey);
  });

  it("of a node are not the key that they follow from", () => {
    const { privateKey, node } = testNode(2);
    const key = nodeKeyOf(node, privateKey);
    expect(toBase64Url(key.storageKey)).not.toBe(toBase64Url(privateKey.raw.subarray(0, 32)));
  });
});

describe("seal", () => {
  it("opens with its key, as its subject, whole", () => {
    const key = newSeed();
    const sealed = seal(key, utf8("text"), "subject");
    expect(unseal(key, sealed, "subject")).toEqual(utf8("text"));
    expect(() => unseal(newSeed(), sealed, "subject")).toThrow(MeshError);
    expect(() => unseal(key, sealed, "other")).toThrow(MeshError);
    expect(() => unseal(key, sealed.slice(0, 20), "subject")).toThrow(MeshError);
    expect(() => unseal(key, "", "subject")).toThrow(MeshError);
  });

  it("never says the same twice", () => {
    const key = newSeed();
    expect(seal(key, utf8("text"), "subject")).not.toBe(seal(key, utf8("text"), "subject"));
  });
});

describe("PasswordHasher", () => {
  it("gives the same for the same password, however its letters are composed", async () => {
    const hasher = new PasswordHasher({ clock: systemClock() });
    const salt = newSalt();
    const composed = await hasher.derive("Caf\u00e9 au lait", salt, cheap);
    expect(await hasher.derive("Cafe\u0301 au lait", salt, cheap)).toEqual(composed);
    expect(await hasher.derive("Cafe au lait", salt, cheap)).not.toEqual(composed);
    expect(await hasher.derive("Caf\u00e9 au lait", newSalt(), cheap)).not.toEqual(composed);
  });

  it("keeps a bounded number waiting, and says when to come again", async () => {
    const hasher = new PasswordHasher({ clock: new VirtualClock() }, { maxWaiting: 2 });
    const salt = newSalt();
    const taken = [1, 2, 3].map((n) => hasher.derive(`password ${n}`, salt, cheap));
    const refused = hasher.derive("password 4", salt, cheap);
    await expect(refused).rejects.toMatchObject({
      code: "RESOURCE_EXHAUSTED",
      details: { retryAfterMs: 1_500 },
    });
    await Promise.all(taken);
    await expect(hasher.derive("password 5", salt, cheap)).resolves.toBeDefined();
  });

  it("goes on after one that could not be worked out", async () => {
    const hasher = new PasswordHasher({ clock: systemClock() });
    await expect(hasher.derive("password", newSalt(), { ...cheap, passes: 0 })).rejects.toThrow();
    await expect(hasher.derive("password", newSalt(), cheap)).resolves.toBeDefined();
  });
});

describe("tokens", () => {
  it("are read as they were written", () => {
    const api = { id: newTokenId(), seed: newSeed() };
    const join = { id: newTokenId(), seed: newSeed(), meshId: "0123456789abcdef0123456789abcdef" };
    expect(parseApiToken(formatApiToken(api))).toEqual(api);
    expect(parseJoinToken(`  ${formatJoinToken(join)}\n`)).toEqual(join);
  });

  it("are none when anything is missing, added or changed beyond one spelling", () => {
    const seed = 7;
    const random = seededRandom(seed);
    const text = formatApiToken({ id: newTokenId(), seed: newSeed() });
    for (let round = 0; round < text.length; round++) {
      expect(parseApiToken(text.slice(0, round))).toBeUndefined();
      const at = Math.floor(random.next() * text.length);
      expect(parseApiToken(`${text.slice(0, at)}.${text.slice(at)}`), `seed ${seed}`).toBeUndefined();
    }
    expect(parseJoinToken(text)).toBeUndefined();
    // The last digit of 32 bytes has two bits that mean nothing: only zeros are taken there.
    expect(fromBase64Url(`${"A".repeat(42)}B`, 32)).toBeUndefined();
  });
});

describe("set-up codes", () => {
  it("are twenty digits in groups, and understood however they are written", () => {
    const code = newSetupCode();
    expect(code).toMatch(/^([0-9A-HJKMNP-TV-Z]{5}-){3}[0-9A-HJKMNP-TV-Z]{5}$/);
    const written = [
      code,
      code.toLowerCase(),
      code.replaceAll("-", " "),
      code.replaceAll("-", ""),
      code.replaceAll("1", "l").replaceAll("0", "o"),
      code.replaceAll("1", "I").replaceAll("0", "O"),
      `http://192.168.1.20:8080/#setup=${code}`,
      `https://pi.local:8080/setup?x=1#a=b&setup=${code}&c=d`,
    ];
    expect(written.map(parseSetupCode)).toEqual(written.map(() => code));
  });

  it("are none when a digit is missing, too many, or no digit", () => {
    const code = newSetupCode();
    expect([code.slice(1), `${code}0`, code.replace(/.$/, "U"), "", "setup"].map(parseSetupCode)).toEqual(
      Array.from({ length: 5 }, () => undefined),
    );
  });
});

describe("ids", () => {
  it("are of their form, and not twice the same", () => {
    expect(newUserId()).toMatch(/^user-[a-z0-9]{16}$/);
    expect(newTokenId()).toMatch(/^[a-z0-9]{16}$/);
    expect(new Set(Array.from({ length: 1_000 }, newTokenId)).size).toBe(1_000);
  });

  it("have fingerprints in groups of four", () => {
    expect(fingerprintOf("12D3KooWAbc")).toMatch(/^([0-9A-HJKMNP-TV-Z]{4}-){3}[0-9A-HJKMNP-TV-Z]{4}$/);
    expect(fingerprintOf("12D3KooWAbc")).not.toBe(fingerprintOf("12D3KooWAbd"));
  });
});
