import type { NodeView } from "@pi-controller/schema";
import { describe, expect, it } from "vitest";
import { nodeOf } from "../test-samples.ts";
import { otherPeers } from "./other-peers.ts";

const page = new URL("http://192.168.1.20:8080/nodes/abc?x=1");
const inState = (name: string, state: NodeView["membership"]["state"], apiUrls: string[]) =>
  nodeOf({ id: `id-${name}`, name, apiUrls, membership: { ...nodeOf({}).membership, state } });

describe("otherPeers", () => {
  it("leads to the same page at the peers that were alive, then at those that may be", () => {
    const nodes = [
      inState("maybe", "suspect", ["http://192.168.1.22:8080"]),
      inState("gone", "dead", ["http://192.168.1.23:8080"]),
      inState("there", "alive", ["http://192.168.1.21:8080"]),
      { ...inState("itself", "alive", ["http://192.168.1.20:8080"]), self: true },
    ];
    expect(otherPeers(nodes, page).map(({ url }) => url)).toEqual([
      "http://192.168.1.21:8080/nodes/abc?x=1",
      "http://192.168.1.22:8080/nodes/abc?x=1",
    ]);
  });

  it("prefers an address that can be reached from where the page came from", () => {
    const nodes = [inState("pi", "alive", ["http://127.0.0.1:8080", "http://192.168.1.21:8080"])];
    expect(otherPeers(nodes, page)[0]?.url).toContain("192.168.1.21");
    expect(otherPeers(nodes, new URL("http://127.0.0.1:9999/"))[0]?.url).toBe("http://127.0.0.1:8080/");
  });

  it("leads to no host by name: a peer that turned hostile would have people log in there", () => {
    const urls = [
      "https://evil.example/",
      "https://192.168.1.21@evil.example/",
      "https://192.168.1.21.evil.example/",
    ];
    expect(otherPeers([inState("evil", "alive", urls)], page)).toEqual([]);
    const numeric = otherPeers([inState("pi", "alive", ["http://me:secret@[fd00::21]:8080"])], page);
    expect(numeric[0]?.url).toBe("http://[fd00::21]:8080/nodes/abc?x=1");
  });

  it("refuses an address that a browser would run instead of visit", () => {
    expect(otherPeers([inState("evil", "alive", ["javascript:alert(1)", "no url"])], page)).toEqual([]);
  });
});
