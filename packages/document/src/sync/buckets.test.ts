import { pick, randomInteger, seededRandom, silentLogger } from "@pi-controller/runtime";
import { describe, expect, test } from "vitest";
import { encodeWrites } from "../content/update-encoder.ts";
import { DocumentSet, nodeReplica } from "../document-set.ts";
import { nodeClient } from "../names.ts";
import { Buckets } from "./buckets.ts";

const NODES = Array.from({ length: 300 }, (_, index) => `node-number-${index}`);

/** A set that is changed at random, in all the ways in which sets change. */
class ChangingSet {
  readonly set = new DocumentSet({ logger: silentLogger });
  readonly #random = seededRandom(7);
  #count = 0;

  change(): void {
    const node = pick(this.#random, NODES) as string;
    const held = this.set.nodes.get(node);
    const what = randomInteger(this.#random, 10);
    if (held === undefined || what === 0) this.#begin(node);
    else if (what <= 3) this.set.setNode(node, undefined);
    else this.#write(node);
  }

  #begin(node: string): void {
    const generation = randomInteger(this.#random, 1_000) + 1;
    this.set.setNode(node, nodeReplica(node, `0123456789abcdef-${generation}`));
  }

  #write(node: string): void {
    const held = this.set.nodes.get(node);
    if (held === undefined) return;
    const { document } = held.replica;
    const record = JSON.stringify({ id: "x", count: this.#count++ });
    document.apply(
      encodeWrites(document, nodeClient(node, held.guid), [{ collection: "things", id: "x", record }]),
    );
  }
}

describe("groups of documents", () => {
  test("have the digests that they would have if they were made anew, after every change", () => {
    const changing = new ChangingSet();
    const kept = new Buckets(changing);
    for (let round = 0; round < 300; round++) {
      for (let changes = 0; changes < 4; changes++) changing.change();
      expect(kept.digests(), `round ${round}`).toEqual(new Buckets(changing).digests());
    }
  });

  test("differ where documents do, and there alone", () => {
    const changing = new ChangingSet();
    const buckets = new Buckets(changing);
    for (let changes = 0; changes < 1_000; changes++) changing.change();
    const before = buckets.digests();
    expect(buckets.differing(before)).toEqual([]);
    const [node, held] = [...changing.set.nodes][5] ?? [];
    if (node === undefined || held === undefined) throw new Error("There are documents");
    changing.set.setNode(node, nodeReplica(node, "fedcba9876543210-1"));
    const differing = buckets.differing(before);
    expect(differing.length).toBeLessThan(30);
    expect(differing).toContainEqual({
      node,
      guid: "fedcba9876543210-1",
      digest: expect.stringMatching(/^[0-9a-f]{16}$/),
    });
    changing.set.setNode(node, held);
    expect(buckets.digests()).toEqual(before);
    expect(
      buckets
        .differing(before.map(() => "0"))
        .map((holding) => holding.node)
        .sort(),
    ).toEqual([...changing.set.nodes.keys()].sort());
  });
});
