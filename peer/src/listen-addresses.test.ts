import { describe, expect, it } from "vitest";
import { apiUrlsOf, multiaddrOf, tcpPortOf } from "./listen-addresses.ts";

describe("addresses to listen on", () => {
  it("are multiaddrs, and have a port", () => {
    expect(multiaddrOf("192.168.1.2", 4101)).toBe("/ip4/192.168.1.2/tcp/4101");
    expect(multiaddrOf("::1", 0)).toBe("/ip6/::1/tcp/0");
    expect(tcpPortOf("/ip4/127.0.0.1/tcp/4101/p2p/12D3")).toBe(4101);
    expect(tcpPortOf(undefined)).toBeUndefined();
  });

  it("make URLs over TLS, and plain ones only where nobody else is", () => {
    const addresses = ["/ip4/192.168.1.2/tcp/1/p2p/x", "/ip6/fd00::2/tcp/1", "/ip4/127.0.0.1/tcp/1"];
    expect(apiUrlsOf(addresses, 8080)).toEqual(["https://192.168.1.2:8080", "https://[fd00::2]:8080"]);
    expect(apiUrlsOf(["/ip4/127.0.0.1/tcp/1", "/ip4/127.0.0.1/tcp/2"], 81)).toEqual(["http://127.0.0.1:81"]);
  });
});
