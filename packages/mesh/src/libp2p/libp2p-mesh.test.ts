import { spawn } from "node:child_process";
import { createServer } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { MAX_REQUEST_BYTES } from "../network.ts";
import { createTestPeer, type TestPeer, until } from "./testing.ts";

const started: TestPeer[] = [];

afterEach(async () => {
  await Promise.all(started.splice(0).map(({ network }) => network.stop()));
});

async function startPeer(options: Parameters<typeof createTestPeer>[0] = {}): Promise<TestPeer> {
  const peer = await createTestPeer(options);
  await peer.network.start(new AbortController().signal);
  started.push(peer);
  return peer;
}

async function startPair(): Promise<[TestPeer, TestPeer]> {
  const pair: [TestPeer, TestPeer] = [await startPeer(), await startPeer()];
  for (const { addressBook } of pair) {
    for (const { network } of pair) addressBook.add(network.self, network.status().addresses);
  }
  return pair;
}

function dial(from: TestPeer, to: TestPeer) {
  return from.network.dial({ peer: to.network.self }, 5_000);
}

describe("libp2pNetwork", () => {
  it("does not connect peers of different meshes", async () => {
    const one = await startPeer({ meshName: "kitchen" });
    const other = await startPeer({ meshName: "garage" });
    const result = await one.network.dial({ addresses: other.network.status().addresses }, 5_000);
    expect(result.outcome).toBe("unreachable");
    expect(result.reason).toContain("another mesh");
    expect(one.network.status().connections).toEqual([]);
  });

  it("names the port that another process uses", async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    const port = typeof address === "object" ? address?.port : undefined;
    const peer = await createTestPeer({ listen: [`/ip4/127.0.0.1/tcp/${port}`] });
    await expect(peer.network.start(new AbortController().signal)).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message: `The mesh port ${port} on 127.0.0.1 is in use by another process`,
    });
    await peer.network.stop();
    await new Promise((resolve) => server.close(resolve));
  });

  it("hears at once that the other side was killed, and is refused by it then", async () => {
    const peer = await startPeer();
    const child = spawn(
      process.execPath,
      ["--input-type=module", "-e", memberProgram(), peer.network.status().addresses[0] as string],
      { stdio: ["ignore", "pipe", "inherit"] },
    );
    let disconnectedMs: number | undefined;
    peer.network.observe(({ kind }) => {
      if (kind === "disconnected") disconnectedMs = performance.now();
    });
    await until(() => peer.network.status().connections.length === 1, 15_000);
    const other = peer.network.status().connections[0]?.peer as string;
    await until(() => peer.addressBook.addressesOf(other).length > 0);
    const killedMs = performance.now();
    child.kill("SIGKILL");
    await until(() => disconnectedMs !== undefined);
    expect((disconnectedMs as number) - killedMs).toBeLessThan(500);
    const result = await peer.network.dial({ peer: other }, 1_000);
    expect(result.outcome).toBe("refused");
  }, 20_000);

  it("does not let a large request delay a small one", async () => {
    const [one, other] = await startPair();
    other.network.handle("test.echo", async ({ payload }) => payload);
    await dial(one, other);
    const ask = (bytes: number) =>
      one.network.request(other.network.self, "test.echo", new Uint8Array(bytes), { timeoutMs: 20_000 });
    let largeDone = false;
    const large = Promise.all([ask(MAX_REQUEST_BYTES), ask(MAX_REQUEST_BYTES)]).then(() => {
      largeDone = true;
    });
    for (let probe = 0; probe < 5; probe++) await ask(10);
    expect(largeDone).toBe(false);
    await large;
  }, 20_000);

  it("measures the round trip", async () => {
    const [one, other] = await startPair();
    await dial(one, other);
    await until(() => one.network.status().connections[0]?.roundTripMs !== null);
    expect(one.network.status().connections[0]?.roundTripMs).toBeLessThan(1_000);
  });

  it("keeps no connection that the other side has closed first, when both dial at once", async () => {
    const pairs: [TestPeer, TestPeer][] = [];
    for (let count = 0; count < 12; count++) {
      const pair = await startPair();
      pairs.push(pair);
      await Promise.all([dial(...pair), dial(...(pair.toReversed() as typeof pair))]);
    }
    // For a while: one each is also what they have before the second connection counts.
    let sinceMs = performance.now();
    await until(() => {
      const settled = pairs.flat().every(({ network }) => network.status().connections.length === 1);
      if (!settled) sinceMs = performance.now();
      return performance.now() - sinceMs > 500;
    });
  }, 20_000);

  it("still gossips both ways after one of two connections was closed", async () => {
    const [one, other] = await startPair();
    const heard: string[] = [];
    one.gossip.subscribe("test.news", () => heard.push("one"));
    other.gossip.subscribe("test.news", () => heard.push("other"));
    await Promise.all([dial(one, other), dial(other, one)]);
    await until(() => [one, other].every(({ network }) => network.status().connections.length === 1));
    heard.length = 0;
    await until(() => {
      void one.gossip.publish("test.news", new Uint8Array([1]));
      void other.gossip.publish("test.news", new Uint8Array([2]));
      return heard.includes("one") && heard.includes("other");
    });
  });

  it("can start again after it has stopped", async () => {
    const [one, other] = await startPair();
    await one.network.stop();
    await one.network.start(new AbortController().signal);
    expect((await dial(one, other)).outcome).toBe("connected");
  });
});

/** A peer in a process of its own, that dials the address it is given. */
function memberProgram(): string {
  const testing = new URL("testing.ts", import.meta.url).href;
  return `
    const { createTestPeer } = await import(${JSON.stringify(testing)});
    const { network } = await createTestPeer();
    await network.start(new AbortController().signal);
    const result = await network.dial({ addresses: [process.argv[1]] }, 5000);
    if (result.outcome !== "connected") throw new Error(result.reason);
  `;
}
