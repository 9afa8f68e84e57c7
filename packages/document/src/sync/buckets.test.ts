import { silentLogger } from "@pi-controller/runtime";
import { describe, expect, it } from "vitest";
import { encodeWrites } from "../content/update-encoder.ts";
import { DocumentSet, nodeReplica } from "../document-set.ts";
import { nodeClient } from "../names.ts";
import { Buckets } from "./buckets.ts";

const FIRST = "1-00000000000000aa";
const SECOND = "2-00000000000000bb";
const NODES = Array.from({ length: 200 }, (_, index) => `node-${index}`);

function write(set: DocumentSet, node: string, text: string): void {
  const { guid, replica } = set.nodes.get(node) ?? expect.fail(`${node} has no document`);
  const record = { collection: "things", id: "x", record: JSON.stringify({ id: "x", text }) };
  replica.apply([encodeWrites(replica.document, nodeClient(node, guid), [record])]);
}

/** Nodes in the order given, each with a document. */
function setOf(nodes: readonly string[]): DocumentSet {
  const set = new DocumentSet({ logger: silentLogger });
  for (const node of nodes) {
    set.setNode(node, nodeReplica(node, FIRST));
    write(set, node, "first");
  }
  return set;
}

describe("Buckets", () => {
  it("are equal for equal holdings, in whatever order they came", () => {
    const one = new Buckets({ set: setOf(NODES) });
    const other = new Buckets({ set: setOf(NODES.toReversed()) });
    expect(one.digests()).toEqual(other.digests());
    expect(one.differing(other.digests())).toEqual([]);
  });

  it.each<[string, (set: DocumentSet) => void]>([
    ["is written", (set) => write(set, "node-7", "second")],
    ["is another generation", (set) => set.setNode("node-7", nodeReplica("node-7", SECOND))],
    ["is gone", (set) => set.setNode("node-7", undefined)],
    ["came", (set) => set.setNode("node-new", nodeReplica("node-new", FIRST))],
    [
      "is gone while another one came",
      (set) => {
        set.setNode("node-7", undefined);
        set.setNode("node-new", nodeReplica("node-new", FIRST));
      },
    ],
  ])("see that a document %s since the last look", (_what, change) => {
    const set = setOf(NODES);
    const buckets = new Buckets({ set });
    const before = buckets.digests();
    change(set);
    // What is kept of the last look makes no difference to what is found.
    const fresh = new Buckets({ set });
    expect(buckets.digests()).toEqual(fresh.digests());
    expect(new Set(buckets.differing(before))).toEqual(new Set(fresh.differing(before)));
    expect(buckets.digests()).not.toEqual(before);
  });
});
