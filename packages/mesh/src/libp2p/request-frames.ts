import { type ErrorDetails, errorCodeSchema, fieldProblemSchema, MeshError } from "@pi-controller/schema";
import { Uint8ArrayList } from "uint8arraylist";
import * as z from "zod";
import { MAX_REQUEST_BYTES } from "../network.ts";
import type { Answer } from "../request-handlers.ts";

/**
 * What crosses a request stream. The side that opened the stream sends `request`, `more`, `cancel` and
 * `ping`; the other one `answer`, `more`, `error` and `pong`. A payload that does not fit into one frame goes
 * on in `more` frames of the same id until `totalBytes` are there.
 */
export type Frame =
  | {
      readonly kind: "request";
      readonly id: number;
      readonly timeoutMs: number;
      readonly totalBytes: number;
      readonly method: string;
      readonly part: Uint8Array;
    }
  | {
      readonly kind: "answer";
      readonly id: number;
      readonly totalBytes: number;
      readonly part: Uint8Array;
    }
  | { readonly kind: "more"; readonly id: number; readonly part: Uint8Array }
  | { readonly kind: "error"; readonly id: number; readonly error: Answer & { ok: false } }
  | { readonly kind: "cancel" | "ping" | "pong"; readonly id: number };

/** Bytes of payload in one frame: small enough that a probe does not wait long behind a large document. */
export const FRAME_PAYLOAD_BYTES = 32 * 1024;
/** Payload plus the longest header. */
const MAX_FRAME_BYTES = FRAME_PAYLOAD_BYTES + 1024;
const PREFIX_BYTES = 4;
const HEADER_BYTES = 5;
const MAX_METHOD_BYTES = 255;

const KINDS = ["request", "answer", "more", "error", "cancel", "ping", "pong"] as const;

const errorBodySchema = z.object({
  code: errorCodeSchema,
  message: z.string(),
  details: z
    .object({
      fields: z.array(fieldProblemSchema).optional(),
      retryAfterMs: z.number().nonnegative().optional(),
    })
    .default({}),
});

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });

/** @returns the frame with its length in front: u32 length, u8 kind, u32 id, then what the kind carries */
export function encodeFrame(frame: Frame): Uint8Array {
  const body = bodyOf(frame);
  const bytes = new Uint8Array(PREFIX_BYTES + HEADER_BYTES + body.byteLength);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, HEADER_BYTES + body.byteLength);
  view.setUint8(PREFIX_BYTES, KINDS.indexOf(frame.kind));
  view.setUint32(PREFIX_BYTES + 1, frame.id);
  bytes.set(body, PREFIX_BYTES + HEADER_BYTES);
  return bytes;
}

function bodyOf(frame: Frame): Uint8Array {
  switch (frame.kind) {
    case "request": {
      const method = encoder.encode(frame.method);
      if (method.byteLength > MAX_METHOD_BYTES) {
        throw new MeshError("INVALID_ARGUMENT", "The name of a method is too long");
      }
      const head = new Uint8Array(9 + method.byteLength + frame.part.byteLength);
      const view = new DataView(head.buffer);
      view.setUint32(0, Math.min(Math.max(0, Math.ceil(frame.timeoutMs)), 2 ** 31 - 1));
      view.setUint32(4, frame.totalBytes);
      view.setUint8(8, method.byteLength);
      head.set(method, 9);
      head.set(frame.part, 9 + method.byteLength);
      return head;
    }
    case "answer": {
      const head = new Uint8Array(4 + frame.part.byteLength);
      new DataView(head.buffer).setUint32(0, frame.totalBytes);
      head.set(frame.part, 4);
      return head;
    }
    case "more":
      return frame.part;
    case "error":
      return encodeError(frame.error);
    case "cancel":
    case "ping":
    case "pong":
    default:
      return new Uint8Array();
  }
}

function encodeError({ code, message, details }: Answer & { ok: false }): Uint8Array {
  const body = encoder.encode(JSON.stringify({ code, message, details }));
  if (body.byteLength <= FRAME_PAYLOAD_BYTES) return body;
  const short: { code: string; message: string; details: ErrorDetails } = {
    code,
    message: message.slice(0, 1024),
    details: {},
  };
  return encoder.encode(JSON.stringify(short));
}

/** @throws MeshError INVALID_ARGUMENT for what is no frame; never anything else */
function decodeFrame(bytes: Uint8Array): Frame {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const kind = KINDS[view.getUint8(0)];
  const id = view.getUint32(1);
  const body = bytes.subarray(HEADER_BYTES);
  switch (kind) {
    case "request": {
      if (body.byteLength < 9) throw malformed("a request without a head");
      const methodEnd = 9 + view.getUint8(HEADER_BYTES + 8);
      if (body.byteLength < methodEnd) throw malformed("a method cut short");
      const totalBytes = view.getUint32(HEADER_BYTES + 4);
      const part = body.subarray(methodEnd);
      checkTotal(totalBytes, part);
      const timeoutMs = view.getUint32(HEADER_BYTES);
      return { kind, id, timeoutMs, totalBytes, method: textOf(body.subarray(9, methodEnd)), part };
    }
    case "answer": {
      if (body.byteLength < 4) throw malformed("an answer without a head");
      const totalBytes = view.getUint32(HEADER_BYTES);
      const part = body.subarray(4);
      checkTotal(totalBytes, part);
      return { kind, id, totalBytes, part };
    }
    case "more":
      return { kind, id, part: body };
    case "error":
      return { kind, id, error: decodeError(body) };
    case "cancel":
    case "ping":
    case "pong":
      return { kind, id };
    case undefined:
    default:
      throw malformed("an unknown kind of frame");
  }
}

function checkTotal(totalBytes: number, part: Uint8Array): void {
  if (totalBytes > MAX_REQUEST_BYTES) throw malformed(`a payload of ${totalBytes} bytes`);
  if (part.byteLength > totalBytes) throw malformed("more payload than announced");
}

function decodeError(body: Uint8Array): Answer & { ok: false } {
  let input: unknown;
  try {
    input = JSON.parse(textOf(body));
  } catch (error) {
    throw malformed("an error that is not JSON", error);
  }
  const parsed = errorBodySchema.safeParse(input);
  if (!parsed.success) throw malformed("an error of another form", parsed.error);
  const { code, message, details } = parsed.data;
  return {
    ok: false,
    code,
    message,
    details: {
      ...(details.fields === undefined ? {} : { fields: details.fields }),
      ...(details.retryAfterMs === undefined ? {} : { retryAfterMs: details.retryAfterMs }),
    },
  };
}

function textOf(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch (error) {
    throw malformed("text that is not UTF-8", error);
  }
}

function malformed(what: string, cause?: unknown): MeshError {
  return new MeshError("INVALID_ARGUMENT", `The peer sent ${what}`, {}, { cause });
}

/** Cuts what arrives on a stream into frames. Keeps at most one frame that is not complete. */
export class FrameReader {
  readonly #buffer = new Uint8ArrayList();

  /** @throws MeshError INVALID_ARGUMENT for what is no frame; the stream is of no use after that */
  *read(chunk: Uint8Array | Uint8ArrayList): Generator<Frame> {
    this.#buffer.append(chunk);
    while (this.#buffer.byteLength >= PREFIX_BYTES) {
      const length = this.#buffer.getUint32(0);
      if (length < HEADER_BYTES || length > MAX_FRAME_BYTES) throw malformed(`a frame of ${length} bytes`);
      if (this.#buffer.byteLength < PREFIX_BYTES + length) return;
      // Copied: the buffer's memory goes back to the muxer, and parts of payloads are kept for a while.
      const bytes = this.#buffer.slice(PREFIX_BYTES, PREFIX_BYTES + length);
      this.#buffer.consume(PREFIX_BYTES + length);
      yield decodeFrame(bytes);
    }
  }
}
