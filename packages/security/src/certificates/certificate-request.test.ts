import { execFileSync } from "node:child_process";
import type { KeyObject } from "node:crypto";
import { join } from "node:path";
import { randomInteger, seededRandom } from "@pi-controller/runtime";
import { MeshError } from "@pi-controller/schema";
import { describe, expect, it } from "vitest";
import { newKeyPair } from "./certificate-files.ts";
import { readRequest } from "./certificate-request.ts";
import { temporaryDirectory } from "./testing.ts";
import { buildRequest } from "./x509-builder.ts";

/** A request as OpenSSL makes it. */
function opensslRequest(newKey: readonly string[], options: readonly string[] = []): string {
  const keyout = join(temporaryDirectory(), "key.pem");
  const parameters = [
    "req",
    "-new",
    "-nodes",
    "-subj",
    "/CN=robot",
    "-keyout",
    keyout,
    ...newKey,
    ...options,
  ];
  return execFileSync("openssl", parameters, { stdio: "pipe", encoding: "utf8" });
}

describe("readRequest", () => {
  it("takes the keys of OpenSSL's requests and of our own", async () => {
    const own = newKeyPair();
    expect((await readRequest(buildRequest("door", own))).equals(own.publicKey)).toBe(true);
    const ec = opensslRequest(["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]);
    expect((await readRequest(ec)).asymmetricKeyType).toBe("ec");
    expect((await readRequest(opensslRequest(["-newkey", "rsa:2048"]))).asymmetricKeyType).toBe("rsa");
    expect((await readRequest(opensslRequest(["-newkey", "ed25519"]))).asymmetricKeyType).toBe("ed25519");
  });

  it.each([
    ["a weak key", ["-newkey", "rsa:1024"], []],
    ["a curve that browsers do not take", ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:secp384r1"], []],
    ["a signature with SHA-1", ["-newkey", "rsa:2048"], ["-sha1"]],
  ])("refuses %s", async (_, newKey, options) => {
    await expect(readRequest(opensslRequest(newKey, options))).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      details: { fields: [{ field: "request" }] },
    });
  });

  it("refuses a request for a key that the sender does not have", async () => {
    const [mine, other] = [newKeyPair(), newKeyPair()];
    const forged = buildRequest("door", { privateKey: mine.privateKey, publicKey: other.publicKey });
    await expect(readRequest(forged)).rejects.toThrow(/not signed by its own key/);
  });

  it("gives out no other key than the one that signed, whatever comes, and fails with nothing else", async () => {
    const seed = 7;
    const random = seededRandom(seed);
    const keys = newKeyPair();
    const request = buildRequest("door", keys);
    const texts = [
      "",
      "x".repeat(8_192),
      "-----BEGIN CERTIFICATE REQUEST-----\n-----END CERTIFICATE REQUEST-----",
    ];
    const [head = "", ...rest] = request.split("\n");
    const der = Buffer.from(rest.slice(0, -2).join(""), "base64");
    for (let count = 0; count < 500; count++) {
      const damaged = Buffer.from(der);
      for (let hits = randomInteger(random, 4); hits >= 0; hits--) {
        const place = randomInteger(random, damaged.length);
        damaged[place] = (damaged[place] ?? 0) ^ (1 + randomInteger(random, 255));
      }
      const cut = damaged.subarray(
        0,
        random.next() < 0.3 ? randomInteger(random, damaged.length) : undefined,
      );
      texts.push(`${head}\n${cut.toString("base64")}\n${rest.at(-2)}\n`);
    }
    for (const text of texts) {
      const result = await readRequest(text).catch((error: unknown) => error);
      // Damage outside of what is signed may pass: the key in it is proven all the same.
      const isFine = result instanceof MeshError || (result as KeyObject).equals(keys.publicKey);
      expect(isFine, `seed ${seed}: ${text}`).toBe(true);
    }
  });
});
