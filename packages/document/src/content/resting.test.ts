import { pick, randomInteger, seededRandom } from "@pi-controller/runtime";
import { describe, expect, test } from "vitest";
import { SharedDocument } from "./shared-document.ts";
import { encodeWrites, type Write } from "./update-encoder.ts";

const AUTHORS = [11, 22];
const COLLECTIONS = ["boards", "reservations"];
const IDS = Array.from({ length: 12 }, (_, index) => `record-${index}`);

function contentOf(document: SharedDocument): unknown {
  const records = [...document.records()].sort(([one, first], [other, second]) =>
    `${one}/${first}` < `${other}/${second}` ? -1 : 1,
  );
  const live = COLLECTIONS.map((collection) =>
    document.ids(collection).filter((id) => document.record(collection, id) !== undefined),
  );
  return { records, live: live.map((ids) => [...ids].sort()), digest: document.digest() };
}

function detailsOf(document: SharedDocument): unknown {
  return {
    isComplete: document.isComplete(),
    stateVector: [...document.stateVector()],
    clocks: AUTHORS.map((author) => document.clockOf(author)),
    last: COLLECTIONS.flatMap((collection) => IDS.map((id) => document.lastStruct(collection, id))),
    deleted: [0, 3, 9].map((clock) => document.isDeleted(AUTHORS[0] as number, clock, 2)),
    others: document.hasOtherAuthors(AUTHORS[0] as number),
  };
}

describe("a document at rest", () => {
  test("is the same as one that never rests, whatever is read, written and merged", () => {
    for (let seed = 1; seed <= 30; seed++) {
      const random = seededRandom(seed);
      const awake = new SharedDocument();
      const rests = new SharedDocument();
      for (let round = 0; round < 40; round++) {
        const writes: Write[] = Array.from({ length: 1 + randomInteger(random, 3) }, () => ({
          collection: pick(random, COLLECTIONS) as string,
          id: pick(random, IDS) as string,
          record: random.next() < 0.3 ? undefined : JSON.stringify({ round, value: random.next() }),
        }));
        const author = pick(random, AUTHORS) as number;
        const update = encodeWrites(awake, author, writes);
        if (random.next() < 0.6) rests.rest();
        if (random.next() < 0.5) expect(contentOf(rests), `seed ${seed}`).toEqual(contentOf(awake));
        expect(rests.apply(update), `seed ${seed}`).toEqual(awake.apply(update));
        if (random.next() < 0.6) rests.rest();
        expect(contentOf(rests), `seed ${seed}, round ${round}`).toEqual(contentOf(awake));
        if (random.next() < 0.3) {
          expect(detailsOf(rests), `seed ${seed}, round ${round}`).toEqual(detailsOf(awake));
        }
        if (random.next() < 0.3) rests.rest();
        const copy = new SharedDocument();
        copy.apply(rests.encode());
        expect(copy.digest()).toBe(awake.digest());
      }
    }
  });

  test("keeps what stands for a record that has not changed", () => {
    const document = new SharedDocument();
    const writes = IDS.map((id) => ({ collection: "boards", id, record: "{}" }));
    document.apply(encodeWrites(document, 11, writes));
    const cell = document.cell("boards", "record-1");
    document.rest();
    expect(cell).toBeDefined();
    expect(document.cell("boards", "record-1")).toBe(cell);
  });

  test("does not rest while a part of it is missing, nor while it is needed", () => {
    const whole = new SharedDocument();
    const updates = IDS.map((id) => {
      const update = encodeWrites(whole, 11, [{ collection: "boards", id, record: "{}" }]);
      whole.apply(update);
      return update;
    });
    const part = new SharedDocument();
    part.apply(updates[0] as Uint8Array, updates[2] as Uint8Array);
    part.rest();
    expect(part.isComplete()).toBe(false);
    part.apply(updates[1] as Uint8Array);
    expect(part.isComplete()).toBe(true);
    expect(part.ids("boards")).toEqual(["record-0", "record-1", "record-2"]);
    const cell = () => part.cell("boards", "record-1");
    part.rest();
    const resting = cell();
    // Needed, and so not at rest any more: what is read is another object.
    expect(part.clockOf(11)).toBe(3);
    expect(cell()).not.toBe(resting);
    const opened = cell();
    for (let call = 0; call < 10; call++) part.restWhenIdle();
    part.clockOf(11);
    expect(cell()).toBe(opened);
    for (let call = 0; call < 100; call++) part.restWhenIdle();
    part.clockOf(11);
    expect(cell()).not.toBe(opened);
  });
});
