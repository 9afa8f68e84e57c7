import { describe, expect, it } from "vitest";
import { sampleOf } from "../test-samples.ts";
import { networkRate } from "./network-rate.ts";

function at(second: number, network: [name: string, received: number, sent: number][], uptime = second) {
  return sampleOf({
    time: new Date(Date.UTC(2026, 10, 21) + second * 1000).toISOString(),
    uptimeSeconds: uptime,
    network: network.map(([name, receivedBytes, sentBytes]) => ({ name, receivedBytes, sentBytes })),
  });
}

describe("networkRate", () => {
  it("divides what passed by the time between the samples", () => {
    const rate = networkRate(at(10, [["eth0", 1000, 500]]), at(14, [["eth0", 5000, 700]]));
    expect(rate).toEqual({ received: 1000, sent: 50 });
  });

  it("adds up interfaces, without loopback and without one that was not there before", () => {
    const before = at(0, [
      ["eth0", 0, 0],
      ["lo", 0, 0],
    ]);
    const after = at(1, [
      ["eth0", 100, 10],
      ["lo", 9999, 9999],
      ["wlan0", 5000, 5000],
    ]);
    expect(networkRate(before, after)).toEqual({ received: 100, sent: 10 });
  });

  it("knows no rate when a counter went back", () => {
    expect(networkRate(at(0, [["eth0", 5000, 5000]]), at(2, [["eth0", 10, 6000]]))).toBeNull();
  });

  it("knows no rate across a reboot, even when the counters are already higher", () => {
    expect(networkRate(at(0, [["eth0", 5, 5]], 3600), at(60, [["eth0", 900, 900]], 30))).toBeNull();
  });

  it("knows no rate when time stood still or nothing can be compared", () => {
    expect(networkRate(at(5, [["eth0", 1, 1]]), at(5, [["eth0", 2, 2]]))).toBeNull();
    expect(networkRate(at(5, []), at(6, []))).toBeNull();
  });
});
