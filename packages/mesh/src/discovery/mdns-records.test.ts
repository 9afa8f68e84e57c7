import { decode, encode, type Packet } from "dns-packet";
import { describe, expect, it } from "vitest";
import { serviceOf } from "./discovery-tag.ts";
import { isQuestionFor, question, records, tellingsIn } from "./mdns-records.ts";
import type { Announcement } from "./mdns-topic.ts";
import { peerOf, peerTexts } from "./peer-records.ts";

const SERVICE = serviceOf("0123456789");
const OTHER_SERVICE = serviceOf("9876543210");
const PEER = "12D3KooWRVwGW9e5JY42xFAUWrD5iUqCzmwMjtq5HrDYJEC2w2mz";
const ADDRESS = "/ip4/192.168.1.7/tcp/4101";

/** As it comes out at the other end. */
function sent(packet: Packet): Packet {
  return decode(encode(packet));
}

function announcement(addresses: readonly string[], service = SERVICE): Announcement {
  return { service, instance: PEER, texts: peerTexts(PEER, addresses) };
}

describe("records", () => {
  it("tell a peer and its addresses over the wire", () => {
    const packet = sent({ type: "response", ...records(announcement([ADDRESS])) });
    const [telling] = tellingsIn(SERVICE, packet);
    expect(telling?.ttlSeconds).toBe(120);
    expect(telling && peerOf(telling)).toEqual({ peer: PEER, addresses: [ADDRESS] });
  });

  it("say goodbye with a time to live of zero", () => {
    const packet = sent({ type: "response", ...records(announcement([ADDRESS]), 0) });
    expect(tellingsIn(SERVICE, packet)[0]?.ttlSeconds).toBe(0);
  });

  it("fit into one packet with all the addresses that a machine may have", () => {
    const addresses = Array.from(
      { length: 40 },
      (_, index) => `/ip6/2001:db8:1111:2222:3333:4444:5555:${index}/tcp/4101`,
    );
    expect(encode({ type: "response", ...records(announcement(addresses)) }).byteLength).toBeLessThan(1_400);
  });

  it("leave out what is too long for a string of a TXT record", () => {
    const packet = sent({ type: "response", ...records(announcement([`/dns/${"x".repeat(300)}`, ADDRESS])) });
    expect(tellingsIn(SERVICE, packet)[0]?.texts).toEqual([`id=${PEER}`, `a=${ADDRESS}`]);
  });
});

describe("tellingsIn", () => {
  it.each<[string, Packet["answers"]]>([
    ["of another service", records(announcement([ADDRESS], OTHER_SERVICE)).answers],
    ["of another type", [{ name: `x.${SERVICE}`, type: "A", data: "192.168.1.7" }]],
  ])("skips a record %s", (_what, answers = []) => {
    expect(tellingsIn(SERVICE, sent({ type: "response", answers }))).toEqual([]);
  });
});

describe("peerOf", () => {
  const addresses = Array.from({ length: 17 }, (_, index) => `a=/ip4/10.0.0.${index}/tcp/1`);

  it.each<[string, string[]]>([
    ["without addresses", [`id=${PEER}`]],
    ["with what is no address", [`id=${PEER}`, "a=192.168.1.7"]],
    ["with more addresses than a machine has", [`id=${PEER}`, ...addresses]],
    ["with what is no peer id", ["id=a b", `a=${ADDRESS}`]],
    ["with nothing", []],
  ])("takes a record %s for no peer", (_what, texts) => {
    expect(peerOf({ texts, ttlSeconds: 120 })).toBeUndefined();
  });
});

describe("isQuestionFor", () => {
  const asked = (...services: string[]) => sent({ type: "query", ...question(services) });

  it("knows the question of this mesh, alone or among others, however it is spelled", () => {
    expect(isQuestionFor(SERVICE, asked(SERVICE))).toBe(true);
    expect(isQuestionFor(SERVICE, asked(OTHER_SERVICE, SERVICE.toUpperCase()))).toBe(true);
    expect(isQuestionFor(SERVICE, asked("_http._tcp.local"))).toBe(false);
  });
});
