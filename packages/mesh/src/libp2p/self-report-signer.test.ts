import { generateKeyPair } from "@libp2p/crypto/keys";
import { peerIdFromPrivateKey } from "@libp2p/peer-id";
import { describe, expect, it } from "vitest";
import { describeSelfReportSignerContract } from "../membership/self-report-signer-contract.ts";
import { selfReportSigner } from "./self-report-signer.ts";

async function peer() {
  const privateKey = await generateKeyPair("Ed25519");
  const node = peerIdFromPrivateKey(privateKey).toString();
  return { privateKey, node, signer: selfReportSigner(privateKey) };
}

describeSelfReportSignerContract("selfReportSigner", async () => [await peer(), await peer()]);

describe("selfReportSigner", () => {
  const bytes = new TextEncoder().encode("I am alive");

  it("signs as libp2p does with the same key", async () => {
    const { privateKey, signer } = await peer();
    expect(await privateKey.publicKey.verify(bytes, signer.sign(bytes))).toBe(true);
  });

  it.each([
    "",
    "member-1",
    "manual-2f0c",
    "12D3KooW",
    "QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N",
    "\0",
  ])("verifies nothing of %j, which is no id of a key", async (node) => {
    const { signer } = await peer();
    expect(signer.verify(node, bytes, signer.sign(bytes))).toBe(false);
  });

  it("knows a member under one spelling of its id only", async () => {
    const { privateKey, node, signer } = await peer();
    const spelledAsCid = peerIdFromPrivateKey(privateKey).toCID().toString();
    expect(signer.verify(spelledAsCid, bytes, signer.sign(bytes))).toBe(false);
    expect(signer.verify(node, bytes, signer.sign(bytes))).toBe(true);
  });

  it("still verifies after more members than it keeps the keys of", { timeout: 60_000 }, async () => {
    const first = await peer();
    const signature = first.signer.sign(bytes);
    for (let count = 0; count < 1_100; count++) {
      const { node } = await peer();
      expect(first.signer.verify(node, bytes, signature)).toBe(false);
    }
    expect(first.signer.verify(first.node, bytes, signature)).toBe(true);
  });
});
