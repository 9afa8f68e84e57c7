import { type EventType, eventSchema, eventTypes, type MeshEvent, type NodeId } from "@pi-controller/schema";
import * as z from "zod";

/** Events in one message. */
export const MAX_EVENTS = 200;
/** Events are small: what is larger is no event of ours. */
export const MAX_EVENT_BYTES = 8 * 1024;
/** A batch ends before this, well under what gossip takes. */
const MAX_BATCH_BYTES = 64 * 1024;

/** Each event is judged by itself, so that one a newer peer made does not take the others with it. */
const messageSchema = z.object({ version: z.literal(1), events: z.array(z.unknown()).max(MAX_EVENTS) });

const encoder = new TextEncoder();

/** Messages for the topic `events`, as few as the limits allow, in the order given. */
export function encodeEvents(events: readonly MeshEvent[]): Uint8Array[] {
  const batches: string[][] = [[]];
  let bytes = 0;
  for (const event of events) {
    const text = JSON.stringify(event);
    const size = encoder.encode(text).byteLength;
    const batch = batches.at(-1) ?? [];
    if (batch.length > 0 && (batch.length === MAX_EVENTS || bytes + size > MAX_BATCH_BYTES)) {
      batches.push([text]);
      bytes = size;
    } else {
      batch.push(text);
      bytes += size;
    }
  }
  return batches
    .filter((batch) => batch.length > 0)
    .map((batch) => encoder.encode(`{"version":1,"events":[${batch.join(",")}]}`));
}

export interface ReceivedEvents {
  readonly events: readonly MeshEvent[];
  /** Why others were left out, each a sentence for the log. */
  readonly refused: readonly string[];
}

/**
 * Reads a message of the topic `events`.
 *
 * @param from its author, proven by a signature: nobody speaks of what happened at another peer
 */
export function decodeEvents(payload: Uint8Array, from: NodeId): ReceivedEvents {
  const message = messageSchema.safeParse(parseJson(payload));
  if (!message.success) return { events: [], refused: ["it is no message with events"] };
  const refused: string[] = [];
  const events = message.data.events.flatMap((item) => {
    const parsed = eventSchema.safeParse(item);
    const reason = parsed.success ? refusal(parsed.data, from) : "an event does not fit the schema";
    if (parsed.success && reason === undefined) return [parsed.data];
    refused.push(reason ?? "");
    return [];
  });
  return { events, refused };
}

function refusal(event: MeshEvent, from: NodeId): string | undefined {
  if (event.source !== from) return "an event names another peer as its source than the one that sent it";
  if (JSON.stringify(event).length > MAX_EVENT_BYTES) return "an event is too large";
  if (!isKnown(event.type)) return undefined;
  const { observed, data } = eventTypes[event.type];
  if (observed) return `events of the type ${event.type} stay with the peer that observed`;
  return data.safeParse(event.data).success ? undefined : `the data of an event does not fit ${event.type}`;
}

function isKnown(type: string): type is EventType {
  return Object.hasOwn(eventTypes, type);
}

function parseJson(payload: Uint8Array): unknown {
  if (payload.byteLength > 2 * MAX_BATCH_BYTES) return undefined;
  try {
    return JSON.parse(new TextDecoder().decode(payload));
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
