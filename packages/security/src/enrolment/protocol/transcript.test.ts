import { describe, expect, it } from "vitest";
import { newSetupCode } from "../../crypto/index.ts";
import { type Conversation, codeKey, proofOf, transcriptOf } from "./transcript.ts";

const conversation: Conversation = {
  meshId: "0123456789abcdef0123456789abcdef",
  member: "12D3KooWmember",
  pending: "12D3KooWpending",
  memberNonce: new Uint8Array(32).fill(1),
  pendingNonce: new Uint8Array(32).fill(2),
};
const key = codeKey("AAAAA-AAAAA-AAAAA-AAAAA");
const proof = (
  changed: Partial<Conversation> = {},
  side: "member" | "pending" = "member",
  said?: Uint8Array,
) => Buffer.from(proofOf(key, transcriptOf({ ...conversation, ...changed }, side, said))).toString("hex");

describe("a proof that one knows the set-up code", () => {
  it("is another one for each mesh, side, peer, nonce and thing that is said with it", () => {
    const proofs = [
      proof(),
      proof({ meshId: "f123456789abcdef0123456789abcdef" }),
      proof({ member: "12D3KooWothers" }),
      proof({ pending: "12D3KooWothers" }),
      proof({ member: conversation.pending, pending: conversation.member }),
      proof({ memberNonce: conversation.pendingNonce }),
      proof({ pendingNonce: conversation.memberNonce }),
      proof({}, "pending"),
      proof({}, "member", new Uint8Array([1])),
      proof({ member: "12D3KooW", pending: "member12D3KooWpending" }),
    ];
    expect(new Set(proofs).size).toBe(proofs.length);
    expect(proof()).toBe(proofs[0]);
  });

  it("is another one for each code", () => {
    const keys = Array.from({ length: 50 }, () => Buffer.from(codeKey(newSetupCode())).toString("hex"));
    expect(new Set(keys).size).toBe(50);
    expect(keys.every((text) => text.length === 64)).toBe(true);
  });
});
