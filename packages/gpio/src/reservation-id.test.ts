import { reservationIdSchema } from "@pi-controller/schema";
import { describe, expect, it } from "vitest";
import { ownerPrefix, ownersAmong, reservationIdOf } from "./reservation-id.ts";

const ulid = "01ARZ3NDEKTSV4RRFFQ69G5FAV";

describe("ids of reservations", () => {
  it("begin with what SHA-256 makes of the owner's node id", () => {
    // printf %s 12D3KooWOwner | sha256sum
    expect(ownerPrefix("12D3KooWOwner")).toBe("28a74bb7");
    expect(reservationIdOf("12D3KooWOwner", ulid)).toBe(`28a74bb7-${ulid}`);
    expect(reservationIdSchema.safeParse(reservationIdOf("12D3KooWOwner", ulid)).success).toBe(true);
  });

  it("find their owner among many nodes", () => {
    const nodes = Array.from({ length: 5_000 }, (_, index) => `12D3KooW${index}`);
    for (const node of ["12D3KooW0", "12D3KooW4999"]) {
      expect(ownersAmong(reservationIdOf(node, ulid), nodes)).toEqual([node]);
    }
    expect(ownersAmong(reservationIdOf("12D3KooWElsewhere", ulid), nodes)).toEqual([]);
  });
});
