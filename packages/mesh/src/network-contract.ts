import { MeshError } from "@pi-controller/schema";
import { afterEach, describe, expect, it } from "vitest";
import { describeTrustContract } from "./gate/trust-contract.ts";
import { MAX_GOSSIP_BYTES, MAX_REQUEST_BYTES } from "./network.ts";
import {
  ask,
  bytes,
  type ContractMesh,
  type ContractPeer,
  dial,
  errorOf,
  gossipReaches,
  handleForEver,
  NOTHING,
  settle,
  TIMEOUT_MS,
  text,
  until,
} from "./network-contract-tools.ts";

export type { ContractMesh, ContractPeer } from "./network-contract-tools.ts";

interface Pair {
  readonly mesh: ContractMesh;
  readonly one: ContractPeer;
  readonly other: ContractPeer;
}

/** The promises of the ports Network and Gossip, for every adapter of them. */
export function describeNetworkContract(name: string, make: () => Promise<ContractMesh>): void {
  describe(`${name} as Network and Gossip`, () => {
    const meshes: ContractMesh[] = [];
    const started: ContractPeer[] = [];

    afterEach(async () => {
      for (const mesh of meshes.splice(0)) {
        for (const peer of started.splice(0)) await settle(mesh, peer.network.stop());
        await mesh.close();
      }
    });

    /** Peers that run, know each other's addresses and are not connected. */
    async function startPeers(count: number): Promise<{ mesh: ContractMesh; peers: ContractPeer[] }> {
      const mesh = await make();
      meshes.push(mesh);
      const peers: ContractPeer[] = [];
      for (let index = 0; index < count; index++) {
        const peer = await mesh.createPeer();
        peers.push(peer);
        started.push(peer);
        await settle(mesh, peer.network.start(new AbortController().signal));
      }
      for (const { addressBook } of peers) {
        for (const { network } of peers) addressBook.add(network.self, network.status().addresses);
      }
      return { mesh, peers };
    }

    async function startPair(): Promise<Pair> {
      const { mesh, peers } = await startPeers(2);
      const [one, other] = peers as [ContractPeer, ContractPeer];
      return { mesh, one, other };
    }

    describe("dial", () => {
      it("connects both sides, which hear of it once and count one connection", async () => {
        const { mesh, one, other } = await startPair();
        const heard: string[] = [];
        one.network.observe((event) => heard.push(`one ${event.kind}`));
        other.network.observe((event) => heard.push(`other ${event.kind}`));
        expect(await settle(mesh, dial(one, other))).toEqual({
          outcome: "connected",
          peer: other.network.self,
        });
        await until(mesh, () => heard.length === 2);
        expect((await settle(mesh, dial(one, other))).outcome).toBe("connected");
        expect((await settle(mesh, dial(other, one))).outcome).toBe("connected");
        expect(heard.sort()).toEqual(["one connected", "other connected"]);
        expect(one.network.status().connections).toMatchObject([
          { peer: other.network.self, direction: "outbound" },
        ]);
        expect(other.network.status().connections).toMatchObject([
          { peer: one.network.self, direction: "inbound" },
        ]);
      });

      it("finds out who is at an address", async () => {
        const { mesh, one, other } = await startPair();
        const addresses = other.network.status().addresses.map((address) => address.replace(/\/p2p\/.*/, ""));
        const result = await settle(mesh, one.network.dial({ addresses }, TIMEOUT_MS));
        expect(result).toEqual({ outcome: "connected", peer: other.network.self });
      });

      it("is refused where nobody listens", async () => {
        const { mesh, peers } = await startPeers(1);
        const addresses = [await mesh.refusingAddress()];
        const result = await settle(mesh, (peers[0] as ContractPeer).network.dial({ addresses }, TIMEOUT_MS));
        expect(result.outcome).toBe("refused");
        expect(result.reason).toBeTruthy();
      });

      it("is refused by the address of a peer that has stopped", async () => {
        const { mesh, one, other } = await startPair();
        await settle(mesh, dial(one, other));
        await settle(mesh, other.network.stop());
        await until(mesh, () => one.network.status().connections.length === 0);
        expect((await settle(mesh, dial(one, other))).outcome).toBe("refused");
      });

      it("finds nobody, when its time is up, where nobody speaks", async () => {
        const { mesh, peers } = await startPeers(1);
        const addresses = [await mesh.silentAddress()];
        const result = await settle(mesh, (peers[0] as ContractPeer).network.dial({ addresses }, 200));
        expect(result.outcome).toBe("unreachable");
      });

      it("finds nobody where no address is known", async () => {
        const { mesh, one, other } = await startPair();
        one.addressBook.remove(other.network.self);
        expect((await settle(mesh, dial(one, other))).outcome).toBe("unreachable");
      });

      it("does not take another peer for the one it wants", async () => {
        const { mesh, peers } = await startPeers(3);
        const [one, other, third] = peers as [ContractPeer, ContractPeer, ContractPeer];
        const addresses = other.network.status().addresses.map((address) => address.replace(/\/p2p\/.*/, ""));
        one.addressBook.replace(third.network.self, addresses);
        expect((await settle(mesh, dial(one, third))).outcome).toBe("unreachable");
      });

      it("ends with one connection when both dial at once", async () => {
        const { mesh, one, other } = await startPair();
        const heard: string[] = [];
        one.network.observe((event) => heard.push(event.kind));
        const both = await settle(mesh, Promise.all([dial(one, other), dial(other, one)]));
        expect(both.map(({ outcome }) => outcome)).toEqual(["connected", "connected"]);
        await until(
          mesh,
          () =>
            one.network.status().connections.length === 1 && other.network.status().connections.length === 1,
        );
        other.network.handle("test.echo", async ({ payload }) => payload);
        expect(text(await settle(mesh, ask(one, other, "test.echo", bytes("still there"))))).toBe(
          "still there",
        );
        expect(heard).toEqual(["connected"]);
      });
    });

    describe("disconnect", () => {
      it("tells both sides once, and leaves no connection", async () => {
        const { mesh, one, other } = await startPair();
        await settle(mesh, dial(one, other));
        await until(mesh, () => other.network.status().connections.length === 1);
        const heard: string[] = [];
        one.network.observe(({ kind }) => heard.push(`one ${kind}`));
        other.network.observe(({ kind }) => heard.push(`other ${kind}`));
        await settle(mesh, one.network.disconnect(other.network.self));
        await until(mesh, () => heard.length >= 2);
        await mesh.passTime(50);
        expect(heard.sort()).toEqual(["one disconnected", "other disconnected"]);
        expect(one.network.status().connections).toEqual([]);
        expect(other.network.status().connections).toEqual([]);
      });

      it("does nothing to a peer that is not connected", async () => {
        const { mesh, one, other } = await startPair();
        await settle(mesh, one.network.disconnect(other.network.self));
      });
    });

    describe("request", () => {
      it("dials when needed, and brings the answer and who asked", async () => {
        const { mesh, one, other } = await startPair();
        other.network.handle("test.greet", async ({ from, payload }) => bytes(`${text(payload)} ${from}`));
        const answer = await settle(mesh, ask(one, other, "test.greet", bytes("hello")));
        expect(text(answer)).toBe(`hello ${one.network.self}`);
      });

      it("goes both ways over one connection", async () => {
        const { mesh, one, other } = await startPair();
        one.network.handle("test.one", async () => bytes("one"));
        other.network.handle("test.other", async () => bytes("other"));
        expect(text(await settle(mesh, ask(one, other, "test.other")))).toBe("other");
        expect(text(await settle(mesh, ask(other, one, "test.one")))).toBe("one");
        expect(one.network.status().connections).toHaveLength(1);
      });

      it("keeps many at once apart", async () => {
        const { mesh, one, other } = await startPair();
        other.network.handle("test.echo", async ({ payload }) => payload);
        const numbers = Array.from({ length: 100 }, (_, index) => String(index));
        const answers = await settle(
          mesh,
          Promise.all(numbers.map((number) => ask(one, other, "test.echo", bytes(number)))),
        );
        expect(answers.map(text)).toEqual(numbers);
      });

      it("carries the largest payload there and back", async () => {
        const { mesh, one, other } = await startPair();
        other.network.handle("test.echo", async ({ payload }) => payload);
        const payload = new Uint8Array(MAX_REQUEST_BYTES).fill(7);
        const answer = await settle(mesh, ask(one, other, "test.echo", payload, { timeoutMs: 30_000 }));
        expect(answer.byteLength).toBe(MAX_REQUEST_BYTES);
        expect(answer.every((byte) => byte === 7)).toBe(true);
      }, 30_000);

      it("refuses to send more than the largest payload", async () => {
        const { mesh, one, other } = await startPair();
        const payload = new Uint8Array(MAX_REQUEST_BYTES + 1);
        expect(await errorOf(mesh, ask(one, other, "test.echo", payload))).toMatchObject({
          code: "RESOURCE_EXHAUSTED",
        });
      });

      it("reports an answer that is too large", async () => {
        const { mesh, one, other } = await startPair();
        other.network.handle("test.flood", async () => new Uint8Array(MAX_REQUEST_BYTES + 1));
        expect(await errorOf(mesh, ask(one, other, "test.flood"))).toMatchObject({
          code: "RESOURCE_EXHAUSTED",
        });
      });

      it("is UNIMPLEMENTED where nobody handles the method, also after the handler has gone", async () => {
        const { mesh, one, other } = await startPair();
        const stopHandling = other.network.handle("test.echo", async ({ payload }) => payload);
        await settle(mesh, ask(one, other, "test.echo"));
        stopHandling();
        expect(await errorOf(mesh, ask(one, other, "test.echo"))).toMatchObject({ code: "UNIMPLEMENTED" });
      });

      it("brings the error that the handler threw, with its details", async () => {
        const { mesh, one, other } = await startPair();
        other.network.handle("test.fail", async () => {
          throw new MeshError("FAILED_PRECONDITION", "The pin is taken", {
            fields: [{ field: "pin", message: "taken" }],
            retryAfterMs: 250,
          });
        });
        const error = await errorOf(mesh, ask(one, other, "test.fail"));
        expect(error).toBeInstanceOf(MeshError);
        expect(error).toMatchObject({
          code: "FAILED_PRECONDITION",
          message: "The pin is taken",
          details: { fields: [{ field: "pin", message: "taken" }], retryAfterMs: 250 },
        });
      });

      it("hides any other error", async () => {
        const { mesh, one, other } = await startPair();
        other.network.handle("test.crash", async () => {
          throw new TypeError("secret of the inside");
        });
        const error = await errorOf(mesh, ask(one, other, "test.crash"));
        expect(error).toMatchObject({ code: "INTERNAL" });
        expect(error.message).not.toContain("secret");
      });

      it("ends at the deadline, here and for the handler", async () => {
        const { mesh, one, other } = await startPair();
        await settle(mesh, dial(one, other));
        const aborted = handleForEver(other, "test.slow");
        expect(await errorOf(mesh, ask(one, other, "test.slow", NOTHING, { timeoutMs: 150 }))).toMatchObject({
          code: "DEADLINE_EXCEEDED",
        });
        await until(mesh, () => aborted.count === 1);
      });

      it("ends when the caller aborts it, here and for the handler", async () => {
        const { mesh, one, other } = await startPair();
        const aborted = handleForEver(other, "test.slow");
        const controller = new AbortController();
        const answer = errorOf(mesh, ask(one, other, "test.slow", NOTHING, { signal: controller.signal }));
        await until(mesh, () => aborted.started === 1);
        controller.abort();
        expect(await answer).toMatchObject({ code: "CANCELLED" });
        await until(mesh, () => aborted.count === 1);
      });

      it("is CANCELLED when aborted before it began", async () => {
        const { mesh, one, other } = await startPair();
        const answer = ask(one, other, "test.echo", NOTHING, { signal: AbortSignal.abort() });
        expect(await errorOf(mesh, answer)).toMatchObject({ code: "CANCELLED" });
      });

      it("is CANCELLED at once when aborted while it dials", async () => {
        const { mesh, one, other } = await startPair();
        one.addressBook.replace(other.network.self, [await mesh.silentAddress()]);
        const controller = new AbortController();
        const options = { timeoutMs: 60_000, signal: controller.signal };
        const answer = errorOf(mesh, ask(one, other, "test.echo", NOTHING, options));
        await mesh.passTime(50);
        controller.abort();
        expect(await answer).toMatchObject({ code: "CANCELLED" });
      });

      it("is UNAVAILABLE when the peer has stopped", async () => {
        const { mesh, one, other } = await startPair();
        await settle(mesh, other.network.stop());
        expect(await errorOf(mesh, ask(one, other, "test.echo"))).toMatchObject({ code: "UNAVAILABLE" });
      });

      it("is UNAVAILABLE at once, and aborts the handler, when the connection is lost", async () => {
        const { mesh, one, other } = await startPair();
        const aborted = handleForEver(other, "test.slow");
        const answer = errorOf(mesh, ask(one, other, "test.slow", NOTHING, { timeoutMs: 60_000 }));
        await until(mesh, () => aborted.started === 1);
        await settle(mesh, one.network.disconnect(other.network.self));
        expect(await answer).toMatchObject({ code: "UNAVAILABLE" });
        await until(mesh, () => aborted.count === 1);
      });

      it("has one handler a method", async () => {
        const { peers } = await startPeers(1);
        const [{ network }] = peers as [ContractPeer];
        network.handle("test.echo", async ({ payload }) => payload);
        expect(() => network.handle("test.echo", async ({ payload }) => payload)).toThrow(MeshError);
      });
    });

    describe("gossip", () => {
      it("reaches all others once, says who wrote it, and does not come back", async () => {
        const { mesh, peers } = await startPeers(4);
        const [first, ...others] = peers as [ContractPeer, ...ContractPeer[]];
        const heard: string[] = [];
        for (const peer of peers) {
          peer.gossip.subscribe("test.news", ({ from, payload }) =>
            heard.push(`${peer.network.self} heard ${text(payload)} from ${from}`),
          );
        }
        for (const peer of others) await settle(mesh, dial(first, peer));
        await gossipReaches(mesh, first, others);
        const author = others[0] as ContractPeer;
        await settle(mesh, author.gossip.publish("test.news", bytes("rain")));
        await until(mesh, () => heard.length >= 3);
        await mesh.passTime(100);
        const expected = peers
          .filter((peer) => peer !== author)
          .map((peer) => `${peer.network.self} heard rain from ${author.network.self}`);
        expect(heard.sort()).toEqual(expected.sort());
      });

      it("is not heard by a listener that has unsubscribed", async () => {
        const { mesh, one, other } = await startPair();
        const heard: string[] = [];
        const unsubscribe = other.gossip.subscribe("test.news", () => heard.push("left"));
        other.gossip.subscribe("test.news", () => heard.push("stayed"));
        await settle(mesh, dial(one, other));
        await gossipReaches(mesh, one, [other]);
        unsubscribe();
        await settle(mesh, one.gossip.publish("test.news", bytes("sun")));
        await until(mesh, () => heard.length > 0);
        expect(heard).toEqual(["stayed"]);
      });

      it("refuses more than the largest payload, and takes the largest", async () => {
        const { mesh, one, other } = await startPair();
        const sizes: number[] = [];
        other.gossip.subscribe("test.news", ({ payload }) => sizes.push(payload.byteLength));
        await settle(mesh, dial(one, other));
        await gossipReaches(mesh, one, [other]);
        const tooLarge = one.gossip.publish("test.news", new Uint8Array(MAX_GOSSIP_BYTES + 1));
        expect(await errorOf(mesh, tooLarge)).toMatchObject({ code: "RESOURCE_EXHAUSTED" });
        await settle(mesh, one.gossip.publish("test.news", new Uint8Array(MAX_GOSSIP_BYTES)));
        await until(mesh, () => sizes.length > 0);
        expect(sizes).toEqual([MAX_GOSSIP_BYTES]);
      });

      it("has nobody to tell, and says nothing of it", async () => {
        const { mesh, peers } = await startPeers(1);
        await settle(mesh, (peers[0] as ContractPeer).gossip.publish("test.news", bytes("anyone?")));
      });
    });

    describeTrustContract(async () => {
      const mesh = await make();
      meshes.push(mesh);
      return mesh;
    }, started);
  });
}
