import { seededRandom, shuffle } from "@pi-controller/runtime";
import { describe, expect, it } from "vitest";
import { FULL_MESH_SIZE, neighbours } from "./neighbours.ts";

const ids = (count: number) =>
  Array.from({ length: count }, (_, index) => `peer-${String(index).padStart(5, "0")}`);

/** The largest number of hops from one member to any other; Infinity when some cannot be reached. */
function hopsFrom(first: string, members: readonly string[]): number {
  const seen = new Set([first]);
  let hops = 0;
  for (let front = [first]; seen.size < members.length; hops++) {
    front = front.flatMap((member) => [...neighbours(member, members)]).filter((member) => !seen.has(member));
    if (front.length === 0) return Number.POSITIVE_INFINITY;
    for (const member of front) seen.add(member);
  }
  return hops;
}

describe("neighbours", () => {
  it("are all others in a mesh of up to 32", () => {
    const members = ids(FULL_MESH_SIZE);
    for (const member of members) {
      expect([...neighbours(member, members)]).toEqual(members.filter((other) => other !== member));
    }
  });

  it("are nobody for a peer alone, whether it is in the roster or not", () => {
    expect(neighbours("peer-00000", []).size).toBe(0);
    expect(neighbours("peer-00000", ["peer-00000"]).size).toBe(0);
  });

  it("are mutual and the same whatever the order of the roster", () => {
    const members = ids(100);
    const random = seededRandom(3);
    for (const member of members) {
      const found = neighbours(member, shuffle(random, members));
      expect(found).toEqual(neighbours(member, members));
      for (const other of found) expect(neighbours(other, members).has(member)).toBe(true);
    }
  });

  it("grow with the logarithm of the mesh, and reach all in as many hops", () => {
    for (const [size, most] of [
      [33, 10],
      [100, 12],
      [333, 16],
    ] as const) {
      const members = ids(size);
      const counts = members.slice(0, 50).map((member) => neighbours(member, members).size);
      expect(Math.max(...counts)).toBeLessThanOrEqual(most);
      expect(Math.min(...counts)).toBeGreaterThanOrEqual(most - 1);
      expect(hopsFrom(members[0] as string, members)).toBeLessThanOrEqual(Math.ceil(Math.log2(size)));
    }
  });

  it("are enough to hold the rest together when a third is gone", () => {
    const seed = 11;
    const members = ids(200);
    const alive = new Set(shuffle(seededRandom(seed), members).slice(0, 133));
    const first = [...alive][0] as string;
    const seen = new Set([first]);
    for (let front = [first]; front.length > 0; ) {
      front = front
        .flatMap((member) => [...neighbours(member, members)])
        .filter((member) => alive.has(member) && !seen.has(member));
      for (const member of front) seen.add(member);
    }
    expect(seen.size, `seed ${seed}`).toBe(alive.size);
  });
});
