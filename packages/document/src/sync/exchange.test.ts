import { seededRandom, silentLogger, VirtualClock } from "@pi-controller/runtime";
import { describe, expect, test } from "vitest";
import { Author } from "../author.ts";
import { Committer } from "../commit/committer.ts";
import { encodeWrites } from "../content/update-encoder.ts";
import { DocumentSet, nodeReplica } from "../document-set.ts";
import { Intake } from "../intake.ts";
import { announcedDocuments, meshClient, nodeClient } from "../names.ts";
import { SimulatedDisk } from "../store/simulated-disk.ts";
import { SimulatedStore } from "../store/simulated-store.ts";
import { Buckets } from "./buckets.ts";
import { encodeFrame } from "./frame.ts";
import type { DocumentName } from "./messages.ts";
import { Puller, type Recovery } from "./puller.ts";
import { SyncResponder } from "./responder.ts";

const EPOCH = "0123456789abcdef";
const GUID = `${EPOCH}-1`;
const NODES = Array.from({ length: 1000 }, (_, index) => `node-number-${index}`);
const noRecovery: Recovery = {
  noteChecked: () => Promise.reject(new Error("not expected")),
  announcedIn: () => undefined,
  recoverMesh: () => Promise.reject(new Error("not expected")),
  recoverOwn: () => Promise.reject(new Error("not expected")),
};

/** A set in which 1,000 nodes have announced a document; those of `nodes` are there. */
function setOf(nodes: readonly string[], padding = ""): DocumentSet {
  const set = new DocumentSet({ logger: silentLogger });
  const { document } = set.mesh;
  const records = NODES.map((id) => ({
    collection: announcedDocuments.name,
    id,
    record: JSON.stringify({ id, guid: GUID }),
  }));
  document.apply(encodeWrites(document, meshClient("node-author", EPOCH), records));
  for (const node of nodes) {
    const held = nodeReplica(node, GUID);
    const client = nodeClient(node, GUID);
    const write = { collection: "things", id: "x", record: JSON.stringify({ id: "x", node, padding }) };
    held.replica.document.apply(encodeWrites(held.replica.document, client, [write]));
    set.setNode(node, held);
  }
  return set;
}

/** Lets one set pull from another one, and says what went over the wire. */
async function pull(here: DocumentSet, there: DocumentSet): Promise<{ requests: number; bytes: number }> {
  const responder = new SyncResponder({
    set: there,
    buckets: new Buckets({ set: there }),
    author: new Author("node-other"),
  });
  const traffic = { requests: 0, bytes: 0 };
  const network = {
    self: "node-puller",
    request: async (_peer: string, _method: string, payload: Uint8Array) => {
      const answer = responder.answer(payload);
      traffic.requests++;
      traffic.bytes += payload.length + answer.length;
      return answer;
    },
  };
  const store = new SimulatedStore({
    disk: new SimulatedDisk({ clock: new VirtualClock(), random: seededRandom(1) }),
  });
  await store.open();
  const committer = new Committer({
    store,
    logger: silentLogger,
    accompany: () => [],
    onStored: async () => undefined,
    onApplied: () => undefined,
  });
  const author = new Author("node-puller");
  const intake = new Intake({ committer, set: here, author });
  const buckets = new Buckets({ set: here });
  const logger = silentLogger;
  const components = { network, set: here, buckets, author, intake, logger, recovery: noRecovery };
  await new Puller(components, { requestTimeoutMs: 1000 }).pull("node-other", new AbortController().signal);
  return traffic;
}

describe("an exchange", () => {
  test("of 1,000 documents that are in sync is one request of less than 2 kB", async () => {
    const { requests, bytes } = await pull(setOf(NODES), setOf(NODES));
    expect(requests).toBe(1);
    expect(bytes).toBeLessThan(2000);
  });

  test("of 1,000 documents of which one differs costs little more", async () => {
    const here = setOf(NODES.slice(1));
    const { requests, bytes } = await pull(here, setOf(NODES));
    expect(requests).toBe(2);
    expect(bytes).toBeLessThan(5000);
    expect(here.nodes.size).toBe(1000);
  });

  test("brings everything, in answers of bounded size", { timeout: 30_000 }, async () => {
    const here = setOf([]);
    const there = setOf(NODES, "x".repeat(20_000));
    const { requests } = await pull(here, there);
    // 20 MB by 4 MB.
    expect(requests).toBeGreaterThanOrEqual(6);
    expect(here.nodes.size).toBe(1000);
    for (const [node, { replica }] of there.nodes) {
      expect(here.nodes.get(node)?.replica.document.digest()).toBe(replica.document.digest());
    }
  });

  test("does not bring documents of nodes that are not announced, nor of other generations", async () => {
    const here = setOf([]);
    const there = setOf([]);
    there.setNode("node-stranger", nodeReplica("node-stranger", GUID));
    there.setNode("node-number-1", nodeReplica("node-number-1", `${EPOCH}-2`));
    await pull(here, there);
    expect(here.nodes.size).toBe(0);
  });
});

test("a peer that is uncertain of what it has written is looked at, and nothing of its writing is taken", () => {
  const set = setOf(["node-other"]);
  const author = new Author("node-other");
  const responder = new SyncResponder({ set, buckets: new Buckets({ set }), author });
  const fetch = (name: DocumentName, stateVector: Uint8Array) =>
    responder.answer(encodeFrame({ kind: "fetch", documents: [name] }, [stateVector]));
  const everything = new Uint8Array();
  const asker = new DocumentSet({ logger: silentLogger }).mesh.document.stateVector();
  const takings = [
    () => fetch({ kind: "mesh" }, asker),
    () => fetch({ kind: "node", node: "node-other", guid: GUID }, asker),
    () => fetch({ kind: "node", node: "node-other", guid: GUID }, everything),
  ];
  for (const take of takings) expect(take).not.toThrow();
  author.isChecked = false;
  for (const take of takings) expect(take).not.toThrow();
  author.meshBeginning = { client: 1, clock: 1 };
  for (const take of takings) expect(take).toThrow(expect.objectContaining({ code: "UNAVAILABLE" }));
  expect(() => fetch({ kind: "mesh" }, everything)).not.toThrow();
  expect(() => fetch({ kind: "node", node: "node-asker", guid: GUID }, everything)).not.toThrow();
});
