import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { OpenAttempts } from "./open-attempts.ts";
import type { Conversation } from "./transcript.ts";

function conversationOf(member: string): Conversation {
  const nonces = { memberNonce: randomBytes(32), pendingNonce: randomBytes(32) };
  return { meshId: "0".repeat(32), member, pending: "12D3KooWpending", ...nonces };
}

describe("open attempts", () => {
  it("are found by whoever began them, until their time is over", () => {
    const attempts = new OpenAttempts<string>();
    const conversation = conversationOf("12D3KooWone");
    attempts.open(conversation, "192.0.2.1", "greeted", 0);
    const { pendingNonce } = conversation;
    expect(attempts.find("12D3KooWone", pendingNonce, 29_999)?.state).toBe("greeted");
    expect(attempts.find("12D3KooWone", pendingNonce, 30_000)).toBeUndefined();
    expect(attempts.find("12D3KooWother", pendingNonce, 1)).toBeUndefined();
    expect(attempts.find("12D3KooWone", conversation.memberNonce, 1)).toBeUndefined();
  });

  it("have their time anew with each step", () => {
    const attempts = new OpenAttempts<string>();
    const conversation = conversationOf("12D3KooWone");
    attempts.open(conversation, "192.0.2.1", "greeted", 0);
    const attempt = attempts.find("12D3KooWone", conversation.pendingNonce, 20_000);
    if (attempt !== undefined) attempts.advance(attempt, "proven", 20_000);
    expect(attempts.find("12D3KooWone", conversation.pendingNonce, 45_000)?.state).toBe("proven");
  });

  it("are four from one address: who begins more loses his own oldest one", () => {
    const attempts = new OpenAttempts<number>();
    const other = conversationOf("12D3KooWother");
    attempts.open(other, "192.0.2.2", 0, 0);
    const conversations = Array.from({ length: 6 }, () => conversationOf("12D3KooWone"));
    for (const [index, conversation] of conversations.entries()) {
      attempts.open(conversation, "192.0.2.1", index, index);
    }
    const left = conversations.map(
      ({ pendingNonce }) => attempts.find("12D3KooWone", pendingNonce, 10)?.state,
    );
    expect(left).toEqual([undefined, undefined, 2, 3, 4, 5]);
    expect(attempts.find("12D3KooWother", other.pendingNonce, 10)).toBeDefined();
  });

  it("are 64 in all", () => {
    const attempts = new OpenAttempts<number>();
    for (let count = 0; count < 1_000; count++) {
      attempts.open(conversationOf(`12D3KooW${count}`), `10.0.0.${count}`, count, count);
    }
    expect(attempts.size).toBe(64);
  });
});
