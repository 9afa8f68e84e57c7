import { describe, expect, it } from "vitest";
import { knockOriginsOf } from "./knock-origins.ts";

describe("where a node with a join token knocks", () => {
  it("is at the API of each peer that it is to join, whatever the mesh port", () => {
    const join = [
      "192.168.1.20",
      "192.168.1.20:4101",
      "/ip4/192.168.1.20/tcp/4101/p2p/12D3Koo",
      "pi-a.local:99",
    ];
    expect(knockOriginsOf(join, 8080)).toEqual(["https://192.168.1.20:8080", "https://pi-a.local:8080"]);
    expect(knockOriginsOf(["fd00::1", "[fd00::2]:4101", "/dns4/pi-b/tcp/4101"], 443)).toEqual([
      "https://[fd00::1]:443",
      "https://[fd00::2]:443",
      "https://pi-b:443",
    ]);
  });

  it("is nowhere when this peer has no port of its own to go by", () => {
    expect(knockOriginsOf(["192.168.1.20"], 0)).toEqual([]);
  });
});
