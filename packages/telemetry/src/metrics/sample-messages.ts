import { hash } from "node:crypto";
import { MeshError, type NodeId, nodeIdSchema } from "@pi-controller/schema";
import { ByteReader } from "./byte-reader.ts";
import { ByteWriter } from "./byte-writer.ts";
import { MAX_NODES } from "./metrics-budget.ts";
import { MAX_SAMPLE_BYTES } from "./metrics-codec.ts";
import { SIGNATURE_BYTES } from "./sample-signer.ts";
import { type SampleVersion, type SignedSample, VERSION_LIMIT } from "./signed-sample.ts";

/** What stands for a node where peers compare what they have: see `shortIdOf`. */
export type ShortId = number;

/** Of one node: the newest sample that somebody has. */
export interface HeldVersion {
  readonly short: ShortId;
  readonly version: SampleVersion;
}

/** A sample on its way. Its age is what those who carried it say; nobody has signed it. */
export interface CarriedSample extends SignedSample {
  /** How long ago it was measured, in ms, when it was sent on. */
  readonly ageMs: number;
}

export interface ComparisonAnswer {
  /** Of which nodes the asking peer has newer ones, which it may give. */
  readonly wanted: readonly ShortId[];
  /** What the asking peer does not have. */
  readonly samples: readonly CarriedSample[];
}

const FORMAT = 1;
const MAX_NODE_ID_BYTES = 128;
/** Some 30 years: nothing that runs is older. */
const MAX_AGE_MS = 1e12;
/** Short id, two numbers of at most 7 bytes. */
const MAX_VERSION_BYTES = 6 + 2 * 7;
export const MAX_COMPARISON_BYTES = 8 + MAX_NODES * MAX_VERSION_BYTES;
/** Samples that go into one message; what does not fit comes with the next. Room for 3,000 usual ones. */
const MAX_SAMPLES_BYTES = 2 ** 20;
export const MAX_ANSWER_BYTES = 16 + MAX_NODES * 6 + MAX_SAMPLES_BYTES;

/**
 * 48 bits in place of 52 characters. Two nodes that have the same are told apart nowhere but in the samples: what
 * either has newer is then sent once too often, so that whoever makes such an id on purpose gains nothing.
 */
export function shortIdOf(node: NodeId): ShortId {
  return hash("sha256", node, "buffer").readUIntBE(0, 6);
}

/** @param held at most `MAX_NODES` */
export function encodeComparison(held: readonly HeldVersion[]): Uint8Array {
  const writer = new ByteWriter();
  writer.number(FORMAT);
  writer.number(held.length);
  for (const { short, version } of held) {
    writer.number48(short);
    writer.number(version.bootEpoch);
    writer.number(version.sequence);
  }
  return writer.finish();
}

/** @throws MeshError INVALID_ARGUMENT that names what is wrong with it */
export function decodeComparison(payload: Uint8Array): HeldVersion[] {
  const reader = readerOf(payload, "metrics comparison", MAX_COMPARISON_BYTES);
  const held: HeldVersion[] = [];
  for (let count = reader.number("count", MAX_NODES); count > 0; count--) {
    held.push({ short: reader.number48("node"), version: versionFrom(reader) });
  }
  reader.end();
  return held;
}

/** Leaves out samples for which there is no room. */
export function encodeAnswer({ wanted, samples }: ComparisonAnswer): Uint8Array {
  const writer = new ByteWriter();
  writer.number(FORMAT);
  writer.number(wanted.length);
  for (const short of wanted) writer.number48(short);
  writeSamples(writer, samples);
  return writer.finish();
}

/** @throws MeshError INVALID_ARGUMENT that names what is wrong with it */
export function decodeAnswer(payload: Uint8Array): ComparisonAnswer {
  const reader = readerOf(payload, "answer to a metrics comparison", MAX_ANSWER_BYTES);
  const wanted: ShortId[] = [];
  for (let count = reader.number("wanted", MAX_NODES); count > 0; count--) {
    wanted.push(reader.number48("wanted"));
  }
  const samples = readSamples(reader);
  reader.end();
  return { wanted, samples };
}

/** Leaves out samples for which there is no room. */
export function encodeGift(samples: readonly CarriedSample[]): Uint8Array {
  const writer = new ByteWriter();
  writer.number(FORMAT);
  writeSamples(writer, samples);
  return writer.finish();
}

/** @throws MeshError INVALID_ARGUMENT that names what is wrong with it */
export function decodeGift(payload: Uint8Array): CarriedSample[] {
  const reader = readerOf(payload, "gift of metrics", MAX_ANSWER_BYTES);
  const samples = readSamples(reader);
  reader.end();
  return samples;
}

/** Each is preceded by 1, the last one followed by 0. */
function writeSamples(writer: ByteWriter, samples: readonly CarriedSample[]): void {
  const end = writer.length + MAX_SAMPLES_BYTES;
  const largest = MAX_NODE_ID_BYTES + MAX_SAMPLE_BYTES + SIGNATURE_BYTES + 4 * 8;
  for (const { node, version, ageMs, signature, body } of samples) {
    if (writer.length + largest > end) break;
    const id = Buffer.from(node);
    writer.number(1);
    writer.number(id.byteLength);
    writer.bytes(id);
    writer.number(version.bootEpoch);
    writer.number(version.sequence);
    writer.number(Math.min(Math.ceil(ageMs), MAX_AGE_MS));
    writer.bytes(signature);
    writer.number(body.byteLength);
    writer.bytes(body);
  }
  writer.number(0);
}

/** Of each node one at most, so that nobody has others verify thousands that he signed himself. */
function readSamples(reader: ByteReader): CarriedSample[] {
  const samples = new Map<NodeId, CarriedSample>();
  while (reader.number("more", 1) === 1) {
    const id = reader.bytes("node", reader.number("node", MAX_NODE_ID_BYTES));
    const node = nodeIdSchema.safeParse(Buffer.from(id).toString("latin1"));
    if (!node.success) throw new MeshError("INVALID_ARGUMENT", "Invalid metrics sample: node: it is no id");
    if (samples.has(node.data)) {
      throw new MeshError("INVALID_ARGUMENT", "Invalid metrics sample: node: it has one before");
    }
    samples.set(node.data, {
      node: node.data,
      version: versionFrom(reader),
      ageMs: reader.number("ageMs", MAX_AGE_MS),
      signature: reader.bytes("signature", SIGNATURE_BYTES),
      body: reader.bytes("body", reader.number("body", MAX_SAMPLE_BYTES)),
    });
  }
  return [...samples.values()];
}

function versionFrom(reader: ByteReader): SampleVersion {
  return {
    bootEpoch: reader.number("bootEpoch", VERSION_LIMIT - 1),
    sequence: reader.number("sequence", VERSION_LIMIT - 1),
  };
}

/** Not parsed at all when too large: parsing costs many times the bytes. */
function readerOf(payload: Uint8Array, what: string, maximumBytes: number): ByteReader {
  if (payload.byteLength > maximumBytes) {
    throw new MeshError("INVALID_ARGUMENT", `Invalid ${what}: it has more than ${maximumBytes} bytes`);
  }
  const reader = new ByteReader(payload, what);
  const format = reader.number("format", 127);
  if (format !== FORMAT) throw new MeshError("INVALID_ARGUMENT", `Invalid ${what}: format: it is ${format}`);
  return reader;
}
