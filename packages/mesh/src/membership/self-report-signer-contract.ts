import type { NodeId } from "@pi-controller/schema";
import { describe, expect, it } from "vitest";
import { type SelfReportSigner, SIGNATURE_BYTES } from "./self-report-signer.ts";

export interface SignerUnderTest {
  readonly node: NodeId;
  readonly signer: SelfReportSigner;
}

/** What every signer of self-reports must do. @param make two different peers */
export function describeSelfReportSignerContract(
  name: string,
  make: () => Promise<readonly [SignerUnderTest, SignerUnderTest]>,
): void {
  const bytes = new TextEncoder().encode("I am alive");

  describe(`${name} as a signer of self-reports`, () => {
    it("makes signatures that others verify, the same ones each time", async () => {
      const [one, other] = await make();
      const signature = one.signer.sign(bytes);
      expect(signature).toHaveLength(SIGNATURE_BYTES);
      expect(one.signer.sign(bytes)).toEqual(signature);
      for (const { signer } of [one, other]) expect(signer.verify(one.node, bytes, signature)).toBe(true);
    });

    it("does not take one member's signature for another's", async () => {
      const [one, other] = await make();
      expect(one.signer.verify(other.node, bytes, one.signer.sign(bytes))).toBe(false);
    });

    it("does not verify a signature of something else, nor one that was changed", async () => {
      const [one] = await make();
      const signature = one.signer.sign(bytes);
      expect(one.signer.verify(one.node, new TextEncoder().encode("I have left"), signature)).toBe(false);
      const changed = Uint8Array.from(signature, (byte, index) => (index === 5 ? byte ^ 1 : byte));
      expect(one.signer.verify(one.node, bytes, changed)).toBe(false);
    });

    it.each([0, 1, 63, 65, 1_000])("holds %i bytes for no signature", async (length) => {
      const [one] = await make();
      expect(one.signer.verify(one.node, bytes, new Uint8Array(length))).toBe(false);
    });
  });
}
