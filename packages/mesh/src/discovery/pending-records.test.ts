import { describe, expect, it } from "vitest";
import type { PendingPeer } from "./pending.ts";
import { pendingPeerOf, pendingTexts } from "./pending-records.ts";

const PEER: PendingPeer = {
  peer: "12D3KooWRVwGW9e5JY42xFAUWrD5iUqCzmwMjtq5HrDYJEC2w2mz",
  addresses: ["/ip4/192.168.1.7/tcp/4101"],
  name: "greenhouse",
};
const read = (texts: readonly string[]) => pendingPeerOf({ texts, ttlSeconds: 120 });

describe("what an unclaimed peer tells", () => {
  it("is its id, its addresses, its name, and its join token's id if it has one", () => {
    expect(read(pendingTexts(PEER))).toEqual(PEER);
    const withToken = { ...PEER, joinToken: "a1b2c3d4e5f6a7b8" };
    expect(read(pendingTexts(withToken))).toEqual(withToken);
  });

  it("counts once: a second value of a key changes nothing", () => {
    expect(read([...pendingTexts(PEER), "n=cellar", "id=12D3KooWother"])).toEqual(PEER);
  });

  it.each<[string, string[]]>([
    ["no name", pendingTexts(PEER).filter((text) => !text.startsWith("n="))],
    ["a name that is no host name", pendingTexts({ ...PEER, name: "<b>Green</b>" })],
    ["a name that is too long", pendingTexts({ ...PEER, name: "x".repeat(64) })],
    ["what is no id of a join token", pendingTexts({ ...PEER, joinToken: "picjoin_secret value" })],
    ["a token's id that is too long", pendingTexts({ ...PEER, joinToken: "x".repeat(65) })],
    ["no address", pendingTexts({ ...PEER, addresses: [] })],
  ])("is left out with %s", (_what, texts) => {
    expect(read(texts)).toBeUndefined();
  });
});
