import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { EdgeReader } from "./edge-reader.ts";
import { EVENT_BYTES } from "./uapi.ts";

let directory: string;
const descriptors: number[] = [];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "pi-controller-edges-"));
});
afterEach(() => {
  for (const descriptor of descriptors.splice(0)) closeSync(descriptor);
  rmSync(directory, { recursive: true });
});

function event(line: number, sequence: number, rising = true): Buffer {
  const bytes = Buffer.alloc(EVENT_BYTES);
  bytes.writeBigUInt64LE(BigInt(1_000 + sequence), 0);
  bytes.writeUInt32LE(rising ? 1 : 2, 8);
  bytes.writeUInt32LE(line, 12);
  bytes.writeUInt32LE(sequence, 20);
  return bytes;
}

/** A file has its bytes at once, as a request has its events. */
function readerOf(...events: Buffer[]): EdgeReader {
  const file = join(directory, "events");
  writeFileSync(file, Buffer.concat(events));
  const descriptor = openSync(file, "r");
  descriptors.push(descriptor);
  return new EdgeReader(descriptor);
}

describe("EdgeReader", () => {
  it("reads levels and times of all events that wait, more than one read fetches", () => {
    const events = Array.from({ length: 150 }, (_, index) => event(17, index + 1, index % 2 === 0));
    const edges = readerOf(...events).read();
    expect(edges).toHaveLength(150);
    expect(edges[0]).toEqual({ line: 17, level: "high", timestampNs: 1_001n, lostBefore: 0 });
    expect(edges[149]).toEqual({ line: 17, level: "low", timestampNs: 1_150n, lostBefore: 0 });
  });

  it("counts for each line what is missing in its numbers, from the first event on", () => {
    const edges = readerOf(event(17, 3), event(27, 1), event(17, 4), event(27, 7)).read();
    expect(edges.map(({ line, lostBefore }) => [line, lostBefore])).toEqual([
      [17, 2],
      [27, 0],
      [17, 0],
      [27, 5],
    ]);
  });

  it("takes a count that begins anew for what it is", () => {
    const edges = readerOf(event(17, 9), event(17, 1), event(17, 2)).read();
    expect(edges.map(({ lostBefore }) => lostBefore)).toEqual([8, 0, 0]);
  });

  it("finds nothing where nothing waits", () => {
    expect(readerOf().read()).toEqual([]);
  });
});
