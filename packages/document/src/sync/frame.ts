import { MeshError } from "@pi-controller/schema";
import * as z from "zod";

const LENGTH_BYTES = 4;
/** More parts than this are an attack on memory. */
const MAX_PARTS = 1024;

const envelopeSchema = z.object({
  header: z.unknown(),
  parts: z.array(z.int().nonnegative()).max(MAX_PARTS),
});

export interface Frame<Header> {
  readonly header: Header;
  readonly parts: readonly Uint8Array[];
}

/**
 * A message of JSON with bytes: length of the JSON (4 bytes, big-endian), JSON
 * `{ "header": ..., "parts": [lengths] }`, then the parts one after the other.
 */
export function encodeFrame(header: object, parts: readonly Uint8Array[]): Uint8Array {
  const json = Buffer.from(JSON.stringify({ header, parts: parts.map(({ length }) => length) }));
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt32BE(json.length);
  return Buffer.concat([length, json, ...parts]);
}

/** @throws MeshError INVALID_ARGUMENT when it is not a frame, or its header not one of `schema` */
export function decodeFrame<Schema extends z.ZodType>(
  schema: Schema,
  bytes: Uint8Array,
): Frame<z.infer<Schema>> {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (buffer.length < LENGTH_BYTES) throw invalid("it is too short");
  const bodyStart = LENGTH_BYTES + buffer.readUInt32BE();
  if (buffer.length < bodyStart) throw invalid("it is cut off");
  let json: unknown;
  try {
    json = JSON.parse(buffer.toString("utf8", LENGTH_BYTES, bodyStart));
  } catch (error) {
    throw invalid("its header is not JSON", error);
  }
  const envelope = envelopeSchema.safeParse(json);
  if (!envelope.success) throw invalid("it has the wrong form", envelope.error);
  const header = schema.safeParse(envelope.data.header);
  if (!header.success) throw invalid("its header has the wrong form", header.error);
  const parts: Uint8Array[] = [];
  let start = bodyStart;
  for (const length of envelope.data.parts) {
    parts.push(buffer.subarray(start, start + length));
    start += length;
  }
  if (start !== buffer.length) throw invalid("its parts do not add up");
  return { header: header.data, parts };
}

function invalid(reason: string, cause?: unknown): MeshError {
  return new MeshError("INVALID_ARGUMENT", `Invalid document message: ${reason}`, {}, { cause });
}
