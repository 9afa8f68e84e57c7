import { randomInteger, seededRandom } from "@pi-controller/runtime";
import { describe, expect, test } from "vitest";
import * as Y from "yjs";
import { Draft } from "./draft.ts";
import { inspectUpdate } from "./inspect-update.ts";
import { SharedDocument } from "./shared-document.ts";

const ANYONE = () => true;
const NOTHING: ReadonlyMap<number, number> = new Map();

function write(
  document: SharedDocument,
  client: number,
  writes: Record<string, object | undefined>,
): Uint8Array {
  const draft = new Draft(document, client);
  for (const [id, record] of Object.entries(writes)) {
    draft.write("things", id, record === undefined ? undefined : JSON.stringify(record));
  }
  const update = draft.encode();
  if (update === undefined) throw new Error("nothing would change");
  document.apply(update);
  return update;
}

function inspect(bytes: Uint8Array, document: SharedDocument) {
  return inspectUpdate(bytes, { document, staged: NOTHING, isAuthor: ANYONE });
}

function contentOf(document: SharedDocument): unknown {
  return Object.fromEntries([...document.records()].map(([name, id, record]) => [`${name}/${id}`, record]));
}

/** What Yjs itself makes of the same writes. */
function writeWithYjs(doc: Y.Doc, writes: Record<string, object | undefined>): Uint8Array {
  const updates: Uint8Array[] = [];
  const onUpdate = (update: Uint8Array) => updates.push(update);
  doc.on("update", onUpdate);
  doc.transact(() => {
    for (const [id, record] of Object.entries(writes)) {
      if (record === undefined) doc.getMap("things").delete(id);
      else doc.getMap("things").set(id, JSON.stringify(record));
    }
  });
  doc.off("update", onUpdate);
  return updates[0] as Uint8Array;
}

describe("the update of a draft", () => {
  test("is byte for byte the one that Yjs makes", () => {
    const ours = new SharedDocument();
    const theirs = new Y.Doc();
    theirs.clientID = 2 ** 53 - 1;
    const steps = [
      { a: { n: 1 } },
      { a: { n: 2 }, b: { list: [1, "two", null, true, 0.5], deep: { x: {} } } },
      { b: undefined },
      { b: { back: true }, a: undefined },
      { a: { n: 3 } },
    ];
    for (const step of steps) {
      const update = write(ours, 2 ** 53 - 1, step);
      expect(Buffer.from(update).equals(writeWithYjs(theirs, step))).toBe(true);
    }
    expect(Buffer.from(ours.encode()).equals(Y.encodeStateAsUpdate(theirs))).toBe(true);
    expect(theirs.getMap("things").toJSON()).toEqual({ a: '{"n":3}', b: '{"back":true}' });
  });

  test("is none when it would write what is there", () => {
    const document = new SharedDocument();
    write(document, 1, { a: { n: 1 } });
    const draft = new Draft(document, 1);
    draft.write("things", "a", '{"n":2}');
    draft.write("things", "a", '{"n":1}');
    draft.write("things", "missing", undefined);
    expect(draft.encode()).toBeUndefined();
  });

  test("carries ids that are names of prototypes as any other", () => {
    const document = new SharedDocument();
    write(document, 1, { constructor: { n: 1 }, ["__proto__x"]: { n: 2 } });
    const draft = new Draft(document, 1);
    draft.write("toString", "__proto__", '{"n":3}');
    document.apply(draft.encode() as Uint8Array);
    expect(document.record("toString", "__proto__")).toBe('{"n":3}');
    expect(document.record("toString", "hasOwnProperty")).toBeUndefined();
  });
});

describe("the inspection of an update", () => {
  test("lets pass what is new and says what is known", () => {
    const author = new SharedDocument();
    const reader = new SharedDocument();
    const update = write(author, 1, { a: { n: 1 } });
    expect(inspect(update, reader).verdict).toBe("fit");
    reader.apply(update);
    expect(inspect(update, reader).verdict).toBe("known");
  });

  test("sees a deletion as news, once", () => {
    const author = new SharedDocument();
    const reader = new SharedDocument();
    reader.apply(write(author, 1, { a: { n: 1 } }));
    const deletion = write(author, 1, { a: undefined });
    expect(inspect(deletion, reader).verdict).toBe("fit");
    reader.apply(deletion);
    expect(inspect(deletion, reader).verdict).toBe("known");
    expect(inspect(author.encode(), reader).verdict).toBe("known");
  });

  test("finds that something in between is missing", () => {
    const author = new SharedDocument();
    write(author, 1, { a: { n: 1 } });
    const second = write(author, 1, { b: { n: 1 } });
    const overwritten = write(author, 2, { a: { n: 2 } });
    const deletion = write(author, 3, { b: undefined });
    for (const update of [second, overwritten, deletion]) {
      expect(inspect(update, new SharedDocument()).verdict).toBe("gap");
    }
  });

  test("cuts off what is known already", () => {
    const author = new SharedDocument();
    const reader = new SharedDocument();
    reader.apply(write(author, 1, { a: { n: 1 } }));
    write(author, 1, { a: { n: 2 } });
    const inspection = inspect(author.encode(), reader);
    if (inspection.verdict !== "fit") throw new Error(inspection.verdict);
    reader.apply(inspection.update);
    expect(reader.digest()).toBe(author.digest());
  });

  test("refuses structs that wait for each other", () => {
    // Author 1 writes after author 2's first struct, and author 2 after author 1's first one: each is missing.
    const itemOf = (client: number, origin: number) => {
      const content = new Y.ContentAny(["{}"]);
      return new Y.Item(Y.createID(client, 0), null, Y.createID(origin, 0), null, null, null, null, content);
    };
    const encoder = new Y.UpdateEncoderV1();
    encoder.writeLen(2);
    for (const [client, other] of [
      [2, 1],
      [1, 2],
    ] as const) {
      encoder.writeLen(1);
      encoder.writeClient(client);
      encoder.writeLen(0);
      itemOf(client, other).write(encoder, 0);
    }
    encoder.writeLen(0);
    expect(inspect(encoder.toUint8Array(), new SharedDocument())).toMatchObject({ verdict: "malformed" });
  });

  test("refuses an author who may not write there", () => {
    const update = write(new SharedDocument(), 1, { a: { n: 1 } });
    const context = {
      document: new SharedDocument(),
      staged: NOTHING,
      isAuthor: (client: number) => client !== 1,
    };
    expect(inspectUpdate(update, context)).toMatchObject({ verdict: "malformed" });
  });

  const foreign: Record<string, (doc: Y.Doc) => void> = {
    "a nested type": (doc) => doc.getMap("things").set("a", new Y.Map([["x", 1]])),
    "a list": (doc) => doc.getArray("things").push(["{}"]),
    "a text": (doc) => doc.getText("things").insert(0, "hello"),
    bytes: (doc) => doc.getMap("things").set("a", new Uint8Array(3)),
    "a big integer": (doc) => doc.getMap("things").set("a", { x: 1n }),
    "a number": (doc) => doc.getMap("things").set("a", 1),
    "an object": (doc) => doc.getMap("things").set("a", { x: 1 }),
    "too long a record": (doc) => doc.getMap("things").set("a", "x".repeat(70_000)),
    "an array": (doc) => doc.getMap("things").set("a", [1]),
    "a document": (doc) => doc.getMap("things").set("a", new Y.Doc()),
    "a long id": (doc) => doc.getMap("things").set("a".repeat(300), "{}"),
    "an empty name": (doc) => doc.getMap("").set("a", "{}"),
  };
  test.each(Object.keys(foreign))("refuses %s", (name) => {
    const doc = new Y.Doc();
    foreign[name]?.(doc);
    expect(inspect(Y.encodeStateAsUpdate(doc), new SharedDocument())).toMatchObject({ verdict: "malformed" });
  });

  test("refuses random bytes and truncated updates, and what it lets pass does no harm", {
    timeout: 60_000,
  }, () => {
    const seed = Number(process.env["SEED"] ?? Date.now() % 2 ** 31);
    const random = seededRandom(seed);
    const author = new SharedDocument();
    const updates: Uint8Array[] = [];
    for (let step = 0; step < 40; step++) {
      const id = `r${randomInteger(random, 6)}`;
      const known = author.record("things", id) !== undefined;
      updates.push(
        write(author, 1 + randomInteger(random, 3), { [id]: known && step % 3 === 0 ? undefined : { step } }),
      );
    }
    try {
      for (let round = 0; round < 3000; round++) {
        const reader = new SharedDocument();
        const cut = randomInteger(random, updates.length);
        for (const update of updates.slice(0, cut)) reader.apply(update);
        const bytes = Uint8Array.from(round % 2 === 0 ? author.encode() : (updates[cut] as Uint8Array));
        for (let flips = randomInteger(random, 4); flips >= 0; flips--) {
          bytes[randomInteger(random, bytes.length)] = randomInteger(random, 256);
        }
        const mangled = round % 5 === 0 ? bytes.subarray(0, randomInteger(random, bytes.length)) : bytes;
        const inspection = inspect(mangled, reader);
        if (inspection.verdict !== "fit") continue;
        reader.apply(inspection.update);
        // Still a document of ours, that others can load, and to which the peer itself can write.
        const copy = new SharedDocument();
        const whole = inspect(reader.encode(), copy);
        if (whole.verdict !== "fit") throw new Error(`a copy is not fit: ${JSON.stringify(whole)}`);
        copy.apply(whole.update);
        expect(contentOf(copy)).toEqual(contentOf(reader));
        expect(copy.digest()).toBe(reader.digest());
        write(reader, 77, { r0: { after: round } });
        expect(reader.record("things", "r0")).toBe(`{"after":${round}}`);
      }
    } catch (error) {
      throw new Error(`with SEED=${seed}`, { cause: error });
    }
  });
});
