import { decode, encode, type Packet } from "dns-packet";
import { describe, expect, it } from "vitest";
import { announcement, isQuestionFor, peersIn, question, serviceNameOf } from "./mdns-records.ts";

const SERVICE = serviceNameOf("home");
const PEER = "12D3KooWRVwGW9e5JY42xFAUWrD5iUqCzmwMjtq5HrDYJEC2w2mz";
const ADDRESS = "/ip4/192.168.1.7/tcp/4101";

/** As it comes out at the other end. */
function sent(packet: Packet): Packet {
  return decode(encode(packet));
}

describe("serviceNameOf", () => {
  it("differs by mesh, keeps the mesh's name to itself and fits DNS-SD", () => {
    expect(serviceNameOf("garage")).not.toBe(SERVICE);
    expect(SERVICE).not.toContain("home");
    expect(SERVICE).toMatch(/^_[a-z0-9-]{1,15}\._tcp\.local$/);
  });
});

describe("announcement", () => {
  it("tells a peer and its addresses over the wire", () => {
    const packet = sent({ type: "response", ...announcement(SERVICE, PEER, [ADDRESS]) });
    expect(peersIn(SERVICE, packet)).toEqual([{ peer: PEER, addresses: [ADDRESS] }]);
  });

  it("says goodbye with a time to live of zero", () => {
    const packet = sent({ type: "response", ...announcement(SERVICE, PEER, [ADDRESS], 0) });
    expect(peersIn(SERVICE, packet)).toEqual([]);
  });

  it("fits into one packet with all the addresses that a machine may have", () => {
    const addresses = Array.from(
      { length: 40 },
      (_, index) => `/ip6/2001:db8:1111:2222:3333:4444:5555:${index}/tcp/4101`,
    );
    expect(encode({ type: "response", ...announcement(SERVICE, PEER, addresses) }).byteLength).toBeLessThan(
      1_400,
    );
  });
});

describe("peersIn", () => {
  it.each<[string, Packet["answers"]]>([
    ["of another service", announcement(serviceNameOf("garage"), PEER, [ADDRESS]).answers],
    ["without addresses", announcement(SERVICE, PEER, []).answers],
    ["with what is no address", announcement(SERVICE, PEER, ["192.168.1.7"]).answers],
    ["with what is no peer id", [{ name: `x.${SERVICE}`, type: "TXT", data: ["id=a b", `a=${ADDRESS}`] }]],
    ["of another type", [{ name: `x.${SERVICE}`, type: "A", data: "192.168.1.7" }]],
  ])("skips a record %s", (_what, answers = []) => {
    expect(peersIn(SERVICE, sent({ type: "response", answers }))).toEqual([]);
  });
});

describe("isQuestionFor", () => {
  it("knows the question of this mesh, however it is spelled", () => {
    expect(isQuestionFor(SERVICE, sent({ type: "query", ...question(SERVICE) }))).toBe(true);
    expect(isQuestionFor(SERVICE, sent({ type: "query", ...question(SERVICE.toUpperCase()) }))).toBe(true);
    expect(isQuestionFor(SERVICE, sent({ type: "query", ...question("_http._tcp.local") }))).toBe(false);
  });
});
