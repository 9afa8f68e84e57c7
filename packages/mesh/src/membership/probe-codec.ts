import type { NodeId } from "@pi-controller/schema";
import { encodeJson } from "../json-payload.ts";
import type { MemberUpdate } from "./member.ts";
import { decode, probeSchema } from "./messages.ts";
import type { SelfReport } from "./self-report.ts";

export interface ProbeMessage {
  readonly report: SelfReport;
  readonly updates: readonly MemberUpdate[];
}

/** So many peers' last messages are kept; more than a peer has connections. */
const MAX_KEPT = 256;
/** A message without news is smaller. */
const MAX_KEPT_BYTES = 512;

/**
 * Probes and their answers as bytes. Ten times a second each peer says to another one, mostly, what it said
 * before; so one's own last message without news is kept, and each other peer's.
 */
export class ProbeCodec {
  #own: { readonly report: SelfReport; readonly bytes: Uint8Array } | undefined;
  /** Whoever was added first is forgotten first. */
  readonly #last = new Map<NodeId, { readonly bytes: Uint8Array; readonly message: ProbeMessage }>();

  /** @returns bytes that nobody may change */
  encode(message: ProbeMessage): Uint8Array {
    if (message.updates.length > 0) return encodeJson(message);
    if (this.#own?.report !== message.report) {
      this.#own = { report: message.report, bytes: encodeJson(message) };
    }
    return this.#own.bytes;
  }

  /** @throws MeshError INVALID_ARGUMENT as `decode` */
  decode(from: NodeId, payload: Uint8Array): ProbeMessage {
    const last = this.#last.get(from);
    if (last !== undefined && isSame(last.bytes, payload)) return last.message;
    const message = decode(probeSchema, payload);
    if (message.updates.length === 0 && payload.byteLength <= MAX_KEPT_BYTES)
      this.#keep(from, payload, message);
    return message;
  }

  #keep(from: NodeId, payload: Uint8Array, message: ProbeMessage): void {
    // A copy: what arrives may be a part of a much larger buffer.
    this.#last.set(from, { bytes: new Uint8Array(payload), message });
    if (this.#last.size <= MAX_KEPT) return;
    for (const oldest of this.#last.keys()) {
      this.#last.delete(oldest);
      break;
    }
  }
}

function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return one.byteLength === other.byteLength && Buffer.compare(one, other) === 0;
}
