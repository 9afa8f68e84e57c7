import type { Unsubscribe } from "@pi-controller/runtime";
import { MeshError, type NodeId } from "@pi-controller/schema";
import { describe, expect, it } from "vitest";
import {
  ask,
  bytes,
  type ContractMesh,
  type ContractPeer,
  type ContractTrust,
  dial,
  errorOf,
  gossipReaches,
  handleForEver,
  NOTHING,
  settle,
  TIMEOUT_MS,
  text,
  until,
} from "../network-contract-tools.ts";
import type { Fence, Introduction, PeerGate } from "./gate.ts";

/** Allows all but those whom it was told to refuse. */
class ListedGate implements PeerGate {
  readonly #refused = new Set<NodeId>();
  readonly #listeners = new Set<() => void>();

  allows(peer: NodeId): boolean {
    return !this.#refused.has(peer);
  }

  observe(listener: () => void): Unsubscribe {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  refuse(peer: NodeId): void {
    this.refuseQuietly(peer);
    for (const listener of this.#listeners) listener();
  }

  /** Before those who observe have heard of it. */
  refuseQuietly(peer: NodeId): void {
    this.#refused.add(peer);
  }
}

const agreeable: Introduction = {
  introduce: async (_, ask) => void (await ask(bytes("who are you?"))),
  answer: async () => bytes("a friend"),
};

/** A fence that dials with the first of its keys and accepts all of them. */
function fenceOf(...keys: readonly number[]): Fence {
  const ring = keys.map((key) => new Uint8Array(32).fill(key));
  return { accepted: () => ring, dialling: () => ring[0] };
}

/**
 * What the network promises of its gate, introduction and fence, for every adapter.
 *
 * @param make a mesh that the caller closes
 * @param started the caller stops what is in it
 */
export function describeTrustContract(make: () => Promise<ContractMesh>, started: ContractPeer[]): void {
  async function startPeers(
    ...trusts: readonly ContractTrust[]
  ): Promise<{ mesh: ContractMesh; peers: ContractPeer[] }> {
    const mesh = await make();
    const peers: ContractPeer[] = [];
    for (const trust of trusts) {
      const peer = await mesh.createPeer(trust);
      peers.push(peer);
      started.push(peer);
      await settle(mesh, peer.network.start(new AbortController().signal));
    }
    for (const { addressBook } of peers) {
      for (const { network } of peers) addressBook.add(network.self, network.status().addresses);
    }
    return { mesh, peers };
  }

  async function startPair(trustOfOne: ContractTrust, trustOfOther: ContractTrust) {
    const { mesh, peers } = await startPeers(trustOfOne, trustOfOther);
    const [one, other] = peers as [ContractPeer, ContractPeer];
    const heard: string[] = [];
    one.network.observe(({ kind }) => heard.push(`one ${kind}`));
    other.network.observe(({ kind }) => heard.push(`other ${kind}`));
    const asked = { count: 0 };
    other.network.handle("test.echo", async ({ payload }) => {
      asked.count++;
      return payload;
    });
    return { mesh, one, other, heard, asked };
  }

  function connections(...peers: ContractPeer[]): number {
    return peers.reduce((sum, { network }) => sum + network.status().connections.length, 0);
  }

  describe("gate", () => {
    it("keeps a peer from dialling whom it does not allow, and says why", async () => {
      const gate = new ListedGate();
      const { mesh, one, other, heard } = await startPair({ gate }, {});
      gate.refuse(other.network.self);
      const result = await settle(mesh, dial(one, other));
      expect(result).toMatchObject({
        outcome: "unreachable",
        reason: expect.stringContaining("not allowed"),
      });
      expect(await errorOf(mesh, ask(one, other, "test.echo"))).toMatchObject({ code: "UNAVAILABLE" });
      expect(heard).toEqual([]);
    });

    it("turns away a peer of which only the dial tells who it is", async () => {
      const gate = new ListedGate();
      const { mesh, one, other, heard } = await startPair({ gate }, {});
      gate.refuse(other.network.self);
      const addresses = other.network.status().addresses.map((address) => address.replace(/\/p2p\/.*/, ""));
      const result = await settle(mesh, one.network.dial({ addresses }, TIMEOUT_MS));
      expect(result).toMatchObject({
        outcome: "unreachable",
        reason: expect.stringContaining("not allowed"),
      });
      expect(heard).toEqual([]);
    });

    it("lets nobody in whom it does not allow, whose dial does not count as refused", async () => {
      const gate = new ListedGate();
      const { mesh, one, other, heard, asked } = await startPair({}, { gate });
      gate.refuse(one.network.self);
      expect((await settle(mesh, dial(one, other))).outcome).toBe("unreachable");
      expect(await errorOf(mesh, ask(one, other, "test.echo"))).toMatchObject({ code: "UNAVAILABLE" });
      await mesh.passTime(50);
      expect(heard).toEqual([]);
      expect(connections(one, other)).toBe(0);
      expect(asked.count).toBe(0);
    });

    it("has a peer cut at once, on both sides, when it no longer allows him", async () => {
      const gate = new ListedGate();
      const { mesh, one, other, heard } = await startPair({}, { gate });
      const aborted = handleForEver(other, "test.slow");
      const answer = errorOf(mesh, ask(one, other, "test.slow", NOTHING, { timeoutMs: 60_000 }));
      await until(mesh, () => aborted.started === 1 && heard.length === 2);
      heard.length = 0;
      gate.refuse(one.network.self);
      expect(await answer).toMatchObject({ code: "UNAVAILABLE" });
      await until(mesh, () => heard.length === 2 && aborted.count === 1);
      expect(heard.sort()).toEqual(["one disconnected", "other disconnected"]);
      expect(connections(one, other)).toBe(0);
      expect((await settle(mesh, dial(one, other))).outcome).toBe("unreachable");
    });

    it("is asked at each request and each message, whoever is still connected", async () => {
      const gate = new ListedGate();
      const { mesh, one, other, asked } = await startPair({}, { gate });
      await settle(mesh, ask(one, other, "test.echo"));
      const heard: string[] = [];
      other.gossip.subscribe("test.news", ({ payload }) => heard.push(text(payload)));
      await gossipReaches(mesh, one, [other]);
      gate.refuseQuietly(one.network.self);
      expect(await errorOf(mesh, ask(one, other, "test.echo"))).toMatchObject({ code: "PERMISSION_DENIED" });
      await settle(mesh, one.gossip.publish("test.news", bytes("late")));
      await mesh.passTime(300);
      expect(asked.count).toBe(1);
      expect(heard).toEqual([]);
    });

    it("has gossip of an author whom it does not allow neither heard nor passed on", async () => {
      const gate = new ListedGate();
      const { mesh, peers } = await startPeers({}, {}, { gate }, {});
      const [author, friend, careful, last] = peers as [
        ContractPeer,
        ContractPeer,
        ContractPeer,
        ContractPeer,
      ];
      gate.refuse(author.network.self);
      const heard: string[] = [];
      for (const [index, peer] of peers.entries()) {
        peer.gossip.subscribe("test.news", ({ payload }) => heard.push(`${index} heard ${text(payload)}`));
      }
      // In a line, so that each hears only what the one before passes on.
      await settle(mesh, dial(author, friend));
      await settle(mesh, dial(friend, careful));
      await settle(mesh, dial(careful, last));
      await gossipReaches(mesh, author, [friend]);
      await gossipReaches(mesh, friend, [author, careful, last]);
      await settle(mesh, author.gossip.publish("test.news", bytes("lies")));
      await until(mesh, () => heard.includes("1 heard lies"));
      await settle(mesh, friend.gossip.publish("test.news", bytes("truth")));
      await until(mesh, () => heard.includes("3 heard truth"));
      // A message that was only late would be offered again by now.
      await mesh.passTime(1_500);
      expect(heard.filter((line) => line.endsWith("lies"))).toEqual(["1 heard lies"]);
      expect(heard.filter((line) => line.endsWith("truth")).sort()).toEqual([
        "0 heard truth",
        "2 heard truth",
        "3 heard truth",
      ]);
    });
  });

  describe("introduction", () => {
    it("ends on both sides before either tells of the connection", async () => {
      const said: string[] = [];
      const introductionOf = (name: string): Introduction => ({
        async introduce(_, ask) {
          said.push(`${name} asked`);
          for (const question of ["who?", "and from where?"]) {
            said.push(`${name} heard ${text(await ask(bytes(question)))}`);
          }
        },
        answer: async (peer, payload) => bytes(`${text(payload)} ${name} to ${peer}`),
      });
      const { mesh, one, other, heard } = await startPair(
        { introduction: introductionOf("one") },
        { introduction: introductionOf("other") },
      );
      for (const { network } of [one, other]) network.observe(({ kind }) => said.push(kind));
      expect((await settle(mesh, dial(one, other))).outcome).toBe("connected");
      expect(said).toContain(`one heard and from where? other to ${one.network.self}`);
      await until(mesh, () => heard.length === 2);
      expect(said).toContain(`other heard and from where? one to ${other.network.self}`);
      expect(said.indexOf("connected")).toBeGreaterThan(said.indexOf("one asked"));
      expect(said.at(-1)).toBe("connected");
      expect(connections(one, other)).toBe(2);
    });

    it("keeps requests and gossip waiting at the side that has not ended its own", async () => {
      const trusted = Promise.withResolvers<void>();
      const slow: Introduction = { ...agreeable, introduce: () => trusted.promise };
      const { mesh, one, other, heard, asked } = await startPair(
        { introduction: agreeable },
        { introduction: slow },
      );
      const news: string[] = [];
      other.gossip.subscribe("test.news", ({ payload }) => news.push(text(payload)));
      expect((await settle(mesh, dial(one, other))).outcome).toBe("connected");
      const answer = ask(one, other, "test.echo", bytes("hello?"), { timeoutMs: 60_000 });
      await settle(mesh, one.gossip.publish("test.news", bytes("early")));
      await mesh.passTime(300);
      expect(asked.count).toBe(0);
      expect(news).toEqual([]);
      expect(heard).toEqual(["one connected"]);
      expect(connections(other)).toBe(0);
      trusted.resolve();
      expect(text(await settle(mesh, answer))).toBe("hello?");
      await until(mesh, () => heard.length === 2);
      await gossipReaches(mesh, one, [other]);
      await gossipReaches(mesh, other, [one]);
    });

    it("does not answer what waited for it when it ends in mistrust", async () => {
      const gate = new ListedGate();
      const revelation = Promise.withResolvers<void>();
      const slow: Introduction = { ...agreeable, introduce: () => revelation.promise };
      const { mesh, one, other, asked } = await startPair(
        { introduction: agreeable },
        { introduction: slow, gate },
      );
      await settle(mesh, dial(one, other));
      const answer = errorOf(mesh, ask(one, other, "test.echo", NOTHING, { timeoutMs: 60_000 }));
      await mesh.passTime(100);
      gate.refuseQuietly(one.network.self);
      revelation.resolve();
      expect((await answer).code).toMatch(/UNAVAILABLE|PERMISSION_DENIED/);
      await until(mesh, () => connections(one, other) === 0);
      expect(asked.count).toBe(0);
    });

    it("lets no more than a few requests wait", async () => {
      const never: Introduction = { ...agreeable, introduce: () => new Promise(() => undefined) };
      const { mesh, one, other, asked } = await startPair(
        { introduction: agreeable },
        { introduction: never },
      );
      await settle(mesh, dial(one, other));
      const codes: string[] = [];
      for (let index = 0; index < 80; index++) {
        ask(one, other, "test.echo", NOTHING, { timeoutMs: 60_000 }).catch((error: MeshError) =>
          codes.push(error.code),
        );
      }
      await until(mesh, () => codes.length > 0);
      await mesh.passTime(100);
      expect(new Set(codes)).toEqual(new Set(["RESOURCE_EXHAUSTED"]));
      expect(codes.length).toBeLessThan(80);
      expect(asked.count).toBe(0);
    });

    it("closes the connection when it fails, of which the dial tells why", async () => {
      const failing: Introduction = {
        ...agreeable,
        introduce: async () => {
          throw new MeshError("FAILED_PRECONDITION", "of another mesh altogether");
        },
      };
      const { mesh, one, other, heard } = await startPair(
        { introduction: failing },
        { introduction: agreeable },
      );
      const result = await settle(mesh, dial(one, other));
      expect(result).toMatchObject({
        outcome: "unreachable",
        reason: expect.stringContaining("of another mesh altogether"),
      });
      await until(mesh, () => connections(one, other) === 0);
      expect(heard).not.toContain("one connected");
    });

    it("closes the connection when the other side fails, and cuts it when it does not end", async () => {
      const never: Introduction = { ...agreeable, answer: () => new Promise(() => undefined) };
      const { mesh, one, other, heard } = await startPair(
        { introduction: agreeable },
        { introduction: never },
      );
      const result = await settle(mesh, one.network.dial({ peer: other.network.self }, 20_000));
      expect(result.outcome).toBe("unreachable");
      expect(result.reason).toBeTruthy();
      await until(mesh, () => connections(one, other) === 0);
      expect(heard).not.toContain("one connected");
    }, 15_000);

    it("ends the connection when the gate does not let the peer in after it, and the dial says so", async () => {
      const gate = new ListedGate();
      const introduction: Introduction = {
        ...agreeable,
        async introduce(peer, ask) {
          await ask(bytes("were you revoked?"));
          gate.refuse(peer);
        },
      };
      const { mesh, one, other, heard } = await startPair(
        { gate, introduction },
        { introduction: agreeable },
      );
      const result = await settle(mesh, dial(one, other));
      expect(result).toMatchObject({
        outcome: "unreachable",
        reason: expect.stringContaining("not allowed"),
      });
      await until(mesh, () => connections(one, other) === 0);
      expect(heard).not.toContain("one connected");
    });
  });

  describe("fence", () => {
    it("lets those through who dial with any key of its ring", async () => {
      const { mesh, one, other } = await startPair({ fence: fenceOf(1) }, { fence: fenceOf(2, 1) });
      expect((await settle(mesh, dial(one, other))).outcome).toBe("connected");
      const payload = new Uint8Array(200_000).map((_, index) => index % 251);
      expect(await settle(mesh, ask(one, other, "test.echo", payload))).toEqual(payload);
      await gossipReaches(mesh, other, [one]);
    });

    it("keeps out those with another key, and those without one on either side", async () => {
      const pairs: [ContractTrust, ContractTrust][] = [
        [{ fence: fenceOf(3) }, { fence: fenceOf(2, 1) }],
        [{}, { fence: fenceOf(1) }],
        [{ fence: fenceOf(1) }, {}],
      ];
      for (const [trustOfOne, trustOfOther] of pairs) {
        const { mesh, one, other, heard } = await startPair(trustOfOne, trustOfOther);
        expect((await settle(mesh, dial(one, other))).outcome).toBe("unreachable");
        expect(heard).toEqual([]);
      }
    }, 20_000);
  });
}
